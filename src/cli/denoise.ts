/** `genera denoise`: spoilt items and what a model restores, or the way of a diffusion model's samples from noise. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { type LoadedRun, loadRun, loadSplit, useDevice, writeRestorations, writeTrajectory } from '../node/index.js';
import { type Context, counted, print } from './io.js';
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
import { type SamplingOptions, samplingSettings, withSampling } from './sampling-options.js';

interface DenoiseOptions extends RunOptions, DataOptions, SamplingOptions {
  readonly numSamples?: number;
  readonly frames?: number;
  readonly label?: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly seed: number;
  readonly out?: string;
}

export function addDenoise(program: Command, context: Context): void {
  const command = program
    .command('denoise')
    .summary('show how a model removes noise')
    .description(
      'Of a diffusion model, shows samples on their way from noise: what the network sees, the noise it finds and the item ' +
        'it expects, over time. Of a denoising autoencoder, shows items of the data, below them copies spoilt as in ' +
        'training, and below those what is restored.',
    );
  withRun(command)
    .option(
      '--num-samples <n>',
      'how many (default: 20 items, 4 samples, 1000 points)',
      integer('--num-samples', { least: 1 }),
    )
    .option('--frames <n>', 'looks on the way (default: 10; 40 in a .gif)', integer('--frames', { least: 1 }))
    .option('--label <name>', 'class of the samples, by name or number');
  withSplit(withDataDir(withSampling(command)))
    .option('--seed <n>', 'seed that chooses the items and the noise', integer('--seed'), 0)
    .option('--out <file>', 'picture .png, animation .gif, or .npy (default: in the run)');
  withJson(command).action(async (directory: string, options: DenoiseOptions) => {
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint: options.checkpoint });
    const path = options.out ?? join(directory, 'samples', `denoise-seed${options.seed}.png`);
    const walks = run.instance.capabilities.corrupt === undefined;
    await (walks ? showWay(run, path, options, context) : showRestorations(run, path, options, context));
  });
}

async function showWay(run: LoadedRun, path: string, options: DenoiseOptions, { io }: Context): Promise<void> {
  const { seed, label, json } = options;
  const count = options.numSamples ?? (run.config.data.kind === 'points' ? 1000 : 4);
  const settings = samplingSettings(options);
  const meter = new Meter(io);
  try {
    const onProgress = (fraction: number): void => meter.show(fraction, `sampling from ${run.directory}`);
    const asked = options.frames ?? (path.toLowerCase().endsWith('.gif') ? 40 : 10);
    const { frames } = await writeTrajectory(run, path, { count, seed, label, settings, frames: asked, onProgress });
    const result = { run: run.directory, model: run.model.id, n: count, frames, seed, label, settings, out: path };
    meter.stop();
    print(io, result, { json, text: `${counted(count, 'sample')} at ${counted(frames, 'time')} in ${path}` });
  } finally {
    meter.stop();
  }
}

async function showRestorations(
  run: LoadedRun,
  path: string,
  { numSamples: count = 20, split, seed, json, dataDir }: DenoiseOptions,
  context: Context,
): Promise<void> {
  const data = await loadSplit(run, split, dataAccess(context, dataDir));
  await writeRestorations(run, data, path, { count, seed });
  const result = { run: run.directory, model: run.model.id, data: data.id, split, n: count, seed, out: path };
  print(context.io, result, { json, text: `${counted(count, 'item')} in ${path}` });
}
