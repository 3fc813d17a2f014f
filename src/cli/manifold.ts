/** `genera manifold`: a plane through a trained model's latent space. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadRun, loadSplit, UsageError, useDevice, writeManifold } from '../node/index.js';
import { type Context, print } from './io.js';
import {
  type DataOptions,
  dataAccess,
  integer,
  positions,
  type RunOptions,
  withDataDir,
  withJson,
  withRun,
  withSplit,
} from './options.js';

interface ManifoldOptions extends RunOptions, DataOptions {
  readonly steps: number;
  readonly dimensions?: readonly number[];
  readonly label?: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly out?: string;
}

export function addManifold(program: Command, context: Context): void {
  const { io } = context;
  const command = program
    .command('manifold')
    .summary('show a plane through the latent space')
    .description('Decodes a square of codes: the whole latent space where it has two dimensions, else a plane of it.');
  withRun(command)
    .option('--steps <n>', 'items in a row and in a column', integer('--steps', { least: 2 }), 20)
    .option('--dimensions <a,b>', 'the two dimensions, from 0 (needed where the code has more)', pair)
    .option('--label <name>', 'class of the items, by name or number, for models that must be told one');
  withSplit(withDataDir(command)).option(
    '--out <file>',
    'picture .png, or .npy: float32 [steps², ...] (default: in the run)',
  );
  withJson(command).action(async (directory: string, options: ManifoldOptions) => {
    const { steps, dimensions, label, split, json, checkpoint } = options;
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint });
    const data = await loadSplit(run, split, dataAccess(context, options.dataDir));
    const path = options.out ?? join(directory, 'samples', 'manifold.png');
    await writeManifold(run, data, path, { steps, label, dimensions: dimensions as [number, number] | undefined });
    const result = { run: directory, model: run.model.id, steps, dimensions: dimensions ?? [0, 1], label, out: path };
    print(io, result, { json, text: `${steps} × ${steps} items in ${path}` });
  });
}

function pair(text: string): readonly number[] {
  const both = positions('--dimensions')(text);
  if (both.length === 2 && both[0] !== both[1]) return both;
  throw new UsageError({
    operation: '--dimensions',
    expected: 'two dimensions',
    got: `'${text}'`,
    remedy: 'Write for example --dimensions 0,3.',
  });
}
