/** `genera eval`: metrics of a trained model on held-out data. */
import type { Command } from 'commander';
import { evaluateRun, listMetrics, loadRun, loadSplit, useDevice } from '../node/index.js';
import { type Context, counted, print, rounded, table } from './io.js';
import {
  type DataOptions,
  dataAccess,
  integer,
  type RunOptions,
  withDataDir,
  withJson,
  withRun,
  withSplit,
} from './options.js';
import { Meter } from './progress.js';

interface EvalOptions extends RunOptions, DataOptions {
  readonly metrics?: readonly string[];
  readonly against?: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly numSamples?: number;
  readonly seed: number;
}

export function addEval(program: Command, context: Context): void {
  const { io } = context;
  const command = program
    .command('eval')
    .summary('measure a trained model on held-out data')
    .description("Measures a trained model on held-out data; 'genera list metrics' explains the metrics.");
  withRun(command).option('--metrics <a,b>', 'which ones (default: all that fit the model)', (text) =>
    text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );
  withSplit(withDataDir(command))
    .option(
      '--num-samples <n>',
      'only so many items (default: the whole split)',
      integer('--num-samples', { least: 1 }),
    )
    .option('--against <data>', 'outliers to be told from the items, for auroc: a data set of the same shape')
    .option('--seed <n>', 'seed of the noise', integer('--seed'), 0);
  withJson(command).action(async (directory: string, options: EvalOptions) => {
    const { metrics, split, numSamples: count, seed, json, checkpoint, against: dataSet } = options;
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint });
    const access = { ...dataAccess(context, options.dataDir), count };
    const data = await loadSplit(run, split, access);
    const against = dataSet === undefined ? undefined : await loadSplit(run, split, { ...access, dataSet });
    const meter = new Meter(io);
    try {
      const onProgress = (metric: string, fraction: number): void => meter.show(fraction, `${metric} of ${directory}`);
      const result = await evaluateRun(run, data, {
        seed,
        against,
        onProgress,
        ...(metrics === undefined ? {} : { metrics }),
      });
      meter.stop();
      const { model, data: id, n, ema } = result;
      const heading = `${model} (${directory}) on ${counted(n, 'item')} of ${id}, split ${split}, seed ${seed}${dataSet === undefined ? '' : `, against ${dataSet}`}`;
      const known = new Map(listMetrics().map((entry) => [entry.id, entry]));
      const rows = Object.entries(result.metrics).map(([name, value]) => [
        name,
        rounded(value),
        known.get(name)?.unit ?? '',
      ]);
      print(io, result, { json, text: `${heading}${ema ? ', averaged weights' : ''}\n${table(rows)}` });
    } finally {
      meter.stop();
    }
  });
}
