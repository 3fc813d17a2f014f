/** `genera interpolate`: ways through a trained model's latent space. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadRun, loadSplit, useDevice, writeInterpolations } from '../node/index.js';
import { type Context, counted, print } from './io.js';
import {
  type DataOptions,
  dataAccess,
  integer,
  oneOf,
  type RunOptions,
  withDataDir,
  withJson,
  withRun,
  withSplit,
} from './options.js';

interface InterpolateOptions extends RunOptions, DataOptions {
  readonly numSamples: number;
  readonly steps: number;
  readonly mode: 'lerp' | 'slerp';
  readonly split: 'train' | 'validation' | 'test';
  readonly seed: number;
  readonly out?: string;
}

export function addInterpolate(program: Command, context: Context): void {
  const { io } = context;
  const command = program
    .command('interpolate')
    .summary('show ways through the latent space')
    .description(
      'Shows ways through the latent space between pairs of items of the data, one row each; of models that do not ' +
        'encode, such as GANs, between pairs of draws from the prior.',
    );
  withRun(command)
    .option('--num-samples <n>', 'how many rows', integer('--num-samples', { least: 1 }), 8)
    .option('--steps <n>', 'items in a row, ends included', integer('--steps', { least: 2 }), 10)
    .option(
      '--mode <name>',
      'straight (lerp) or along an arc that keeps the length (slerp)',
      oneOf('--mode', ['lerp', 'slerp']),
      'slerp',
    );
  withSplit(withDataDir(command))
    .option('--seed <n>', 'seed that chooses the items', integer('--seed'), 0)
    .option('--out <file>', 'picture .png, or .npy: float32 [rows · steps, ...] (default: in the run)');
  withJson(command).action(async (directory: string, options: InterpolateOptions) => {
    const { numSamples: count, steps, mode, split, seed, json, checkpoint } = options;
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint });
    const data = await loadSplit(run, split, dataAccess(context, options.dataDir));
    const path = options.out ?? join(directory, 'samples', `interpolate-${mode}-seed${seed}.png`);
    await writeInterpolations(run, data, path, { count, steps, mode, seed });
    const result = {
      run: directory,
      model: run.model.id,
      data: data.id,
      split,
      n: count,
      steps,
      mode,
      seed,
      out: path,
    };
    print(io, result, { json, text: `${counted(count, 'way')} in ${counted(steps, 'step')} in ${path}` });
  });
}
