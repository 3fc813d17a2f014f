/** `genera arithmetic`: sums and differences in a trained model's latent space. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadRun, loadSplit, useDevice, writeArithmetic } from '../node/index.js';
import { type Context, print } from './io.js';
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

interface ArithmeticOptions extends RunOptions, DataOptions {
  readonly numSamples: number;
  readonly split: 'train' | 'validation' | 'test';
  readonly out?: string;
}

export function addArithmetic(program: Command, context: Context): void {
  const { io } = context;
  const command = program
    .command('arithmetic')
    .summary('add and subtract groups of items in the latent space')
    .description(
      "Adds and subtracts the mean codes of groups of items: '7 - 1 + 4' by label, 'colour=red - colour=blue' by cause. " +
        'The first row shows the means and the sum; each further one does the same to an item of the first group.',
    );
  withRun(command)
    .argument('<terms...>', 'groups with + and - between them: 7 - 1 + 4')
    .option('--num-samples <n>', 'items of the first group', integer('--num-samples'), 5);
  withSplit(withDataDir(command)).option(
    '--out <file>',
    'picture .png, or .npy: float32 [rows · (terms + 1), ...] (default: in the run)',
  );
  withJson(command).action(async (directory: string, words: string[], options: ArithmeticOptions) => {
    const text = words.join(' ');
    const { numSamples: count, split, json, checkpoint } = options;
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint });
    const data = await loadSplit(run, split, dataAccess(context, options.dataDir));
    const path = options.out ?? join(directory, 'samples', 'arithmetic.png');
    await writeArithmetic(run, data, path, { text, count });
    const result = { run: directory, model: run.model.id, data: data.id, split, terms: text, n: count, out: path };
    print(io, result, { json, text: `${text} in ${path}` });
  });
}
