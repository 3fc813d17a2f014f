/** `genera reconstruct`: items of the data, each above what a trained model makes of it. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadRun, loadSplit, useDevice, writeReconstructions } from '../node/index.js';
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

interface ReconstructOptions extends RunOptions, DataOptions {
  readonly numSamples: number;
  readonly split: 'train' | 'validation' | 'test';
  readonly seed: number;
  readonly out?: string;
}

export function addReconstruct(program: Command, context: Context): void {
  const { io } = context;
  const command = program
    .command('reconstruct')
    .summary('show items and their reconstructions')
    .description('Shows items of the data, each above its reconstruction.');
  withRun(command).option('--num-samples <n>', 'how many items', integer('--num-samples', { least: 1 }), 30);
  withSplit(withDataDir(command))
    .option('--seed <n>', 'seed that chooses the items', integer('--seed'), 0)
    .option('--out <file>', 'picture .png, or .npy: float32 [N, 2, ...] (default: in the run)');
  withJson(command).action(async (directory: string, options: ReconstructOptions) => {
    const { numSamples: count, split, seed, json, checkpoint } = options;
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint });
    const data = await loadSplit(run, split, dataAccess(context, options.dataDir));
    const path = options.out ?? join(directory, 'samples', `reconstruct-${split}-seed${seed}.png`);
    await writeReconstructions(run, data, path, { count, seed });
    const result = { run: directory, model: run.model.id, data: data.id, split, n: count, seed, out: path };
    print(io, result, {
      json,
      text: `${counted(count, 'item')} of ${data.id}, each above its reconstruction, in ${path}`,
    });
  });
}
