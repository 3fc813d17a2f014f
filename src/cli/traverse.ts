/** `genera traverse`: what each dimension of a trained model's code does. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadRun, loadSplit, useDevice, writeTraversal } from '../node/index.js';
import { type Context, counted, print, rounded, table } from './io.js';
import {
  type DataOptions,
  dataAccess,
  integer,
  positions,
  positive,
  type RunOptions,
  withDataDir,
  withJson,
  withRun,
  withSplit,
} from './options.js';

interface TraverseOptions extends RunOptions, DataOptions {
  readonly steps: number;
  readonly range: number;
  readonly dimensions?: readonly number[];
  readonly split: 'train' | 'validation' | 'test';
  readonly seed: number;
  readonly out?: string;
}

export function addTraverse(program: Command, context: Context): void {
  const { io } = context;
  const command = program
    .command('traverse')
    .summary('show what each dimension of the code does')
    .description(
      'Moves one dimension of the code of an item while the others stay: a row for each dimension, the most telling first.',
    );
  withRun(command)
    .option('--steps <n>', 'items in a row', integer('--steps', { least: 2 }), 10)
    .option('--range <x>', 'how far each way, in standard deviations', positive('--range'), 3)
    .option('--dimensions <a,b>', 'which ones, from 0 (default: all, at most 32)', positions('--dimensions'));
  withSplit(withDataDir(command))
    .option('--seed <n>', 'seed that chooses the item', integer('--seed'), 0)
    .option('--out <file>', 'picture .png, or .npy: float32 [rows · steps, ...] (default: in the run)');
  withJson(command).action(async (directory: string, options: TraverseOptions) => {
    const { steps, range, dimensions, split, seed, json, checkpoint } = options;
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint });
    const data = await loadSplit(run, split, dataAccess(context, options.dataDir));
    const path = options.out ?? join(directory, 'samples', `traverse-seed${seed}.png`);
    const rows = await writeTraversal(run, data, path, { steps, range, dimensions, seed });
    const result = { run: directory, model: run.model.id, data: data.id, split, steps, range, seed, rows, out: path };
    const lines = rows.map(({ dimension, kl, variance }, i) => [
      `row ${i + 1}`,
      `dimension ${dimension}`,
      kl === undefined ? '' : `KL ${rounded(kl)} nats`,
      `variance ${rounded(variance)}`,
    ]);
    print(io, result, { json, text: `${counted(rows.length, 'row')} in ${path}\n${table(lines)}` });
  });
}
