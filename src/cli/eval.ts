/** `genera eval`: metrics of a trained model on held-out data. */
import type { Command } from 'commander';
import {
  checkSuchItems,
  type Evaluation,
  evaluateRun,
  listMetrics,
  loadRun,
  loadSplit,
  useDevice,
} from '../node/index.js';
import { type Context, counted, note, print, rounded, table } from './io.js';
import {
  type DataOptions,
  dataAccess,
  integer,
  nameList,
  type RunOptions,
  withDataDir,
  withJson,
  withRun,
  withSplit,
} from './options.js';
import { Meter } from './progress.js';
import { type SamplingOptions, samplingSettings, withSampling } from './sampling-options.js';

interface EvalOptions extends RunOptions, DataOptions, SamplingOptions {
  readonly metrics?: readonly string[];
  readonly data?: string;
  readonly against?: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly numSamples?: number;
  readonly extractor?: string;
  readonly seed: number;
}

export function addEval(program: Command, context: Context): void {
  const { io } = context;
  const command = program
    .command('eval')
    .summary('measure a trained model on held-out data')
    .description("Measures a trained model on held-out data; 'genera list metrics' explains the metrics.");
  withRun(command).option('--metrics <a,b>', 'which ones (default: all that fit the model)', nameList);
  withSplit(withDataDir(command))
    .option('--data <id>', 'a data set of such items in the place of the one that it was trained on')
    .option(
      '--num-samples <n>',
      'only so many items, and so many samples (default: the whole split; 10,000 samples, or 1,000 where each takes many steps)',
      integer('--num-samples', { least: 1 }),
    )
    .option(
      '--extractor <file>',
      'ONNX file that turns images into features (default: genera-cnn-28 for grey images of 28×28, else none)',
    )
    .option('--against <data>', 'outliers to be told from the items, for auroc: a data set of the same shape')
    .option('--seed <n>', 'seed of the noise', integer('--seed'), 0);
  withSampling(command);
  withJson(command).action(async (directory: string, options: EvalOptions) => {
    const { metrics, split, numSamples: count, extractor, seed, json, checkpoint, against } = options;
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint });
    const access = dataAccess(context, options.dataDir);
    // Samples are compared with the whole split; only of text is no more loaded than is measured.
    const whole = run.config.data.kind !== 'text';
    const dataSet = options.data;
    const data = await loadSplit(run, split, { ...access, ...(whole ? {} : { count }), dataSet });
    if (dataSet !== undefined) checkSuchItems(run, data);
    const outliers =
      against === undefined ? undefined : await loadSplit(run, split, { ...access, count, dataSet: against });
    const meter = new Meter(io);
    try {
      const onProgress = (metric: string, fraction: number): void => meter.show(fraction, `${metric} of ${directory}`);
      const result = await evaluateRun(run, data, {
        seed,
        against: outliers,
        count,
        extractor,
        sampling: samplingSettings(options),
        onProgress,
        ...(metrics === undefined ? {} : { metrics }),
      });
      meter.stop();
      for (const warning of result.warnings ?? []) note(io, `warning: ${warning}`);
      print(io, result, { json, text: report(result) });
    } finally {
      meter.stop();
    }
  });
}

/** The figures, under what they depend on. */
function report(result: Evaluation): string {
  const {
    model,
    run,
    n,
    data,
    split,
    seed,
    against,
    ema,
    n_real: real,
    n_fake: fake,
    sampling = {},
    extractor,
  } = result;
  const known = new Map(listMetrics().map((entry) => [entry.id, entry]));
  const lines = [
    `${model} (${run}) on ${counted(n, 'item')} of ${data}, split ${split}, seed ${seed}` +
      `${against === undefined ? '' : `, against ${against}`}, ${ema ? 'averaged weights' : 'weights as trained'}`,
  ];
  if (real !== undefined && fake !== undefined) {
    const how = Object.entries(sampling).map(([name, value]) => `, ${name} ${value}`);
    lines.push(
      `samples: ${counted(fake, 'drawn', 'drawn')}${how.join('')}; compared with ${counted(real, 'item')} of split ${split}`,
    );
  }
  if (extractor !== undefined) lines.push(`features: ${extractor.id}, sha256 ${extractor.sha256}`);
  const rows = Object.entries(result.metrics).map(([name, value]) => [
    name,
    rounded(value),
    known.get(name)?.unit ?? '',
  ]);
  return [...lines, table(rows)].join('\n');
}
