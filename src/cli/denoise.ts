/** `genera denoise`: spoilt items and what a denoising model restores. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadRun, loadSplit, useDevice, writeRestorations } from '../node/index.js';
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

interface DenoiseOptions extends RunOptions, DataOptions {
  readonly numSamples: number;
  readonly split: 'train' | 'validation' | 'test';
  readonly seed: number;
  readonly out?: string;
}

export function addDenoise(program: Command, context: Context): void {
  const { io } = context;
  const command = program
    .command('denoise')
    .summary('show spoilt items and what the model restores')
    .description('Shows items of the data, below them copies spoilt as in training, and below those what is restored.');
  withRun(command).option('--num-samples <n>', 'how many items', integer('--num-samples', { least: 1 }), 20);
  withSplit(withDataDir(command))
    .option('--seed <n>', 'seed that chooses the items and the noise', integer('--seed'), 0)
    .option('--out <file>', 'picture .png, or .npy: float32 [N, 3, ...] (default: in the run)');
  withJson(command).action(async (directory: string, options: DenoiseOptions) => {
    const { numSamples: count, split, seed, json, checkpoint } = options;
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint });
    const data = await loadSplit(run, split, dataAccess(context, options.dataDir));
    const path = options.out ?? join(directory, 'samples', `denoise-seed${seed}.png`);
    await writeRestorations(run, data, path, { count, seed });
    const result = { run: directory, model: run.model.id, data: data.id, split, n: count, seed, out: path };
    print(io, result, { json, text: `${counted(count, 'item')} in ${path}` });
  });
}
