/** `genera latent`: what the dimensions of a trained model's code say. */
import type { Command } from 'commander';
import { latentDimensions, loadRun, loadSplit, useDevice } from '../node/index.js';
import { type Context, counted, print, rounded, table } from './io.js';
import { type DataOptions, dataAccess, type RunOptions, withDataDir, withJson, withRun, withSplit } from './options.js';

interface LatentOptions extends RunOptions, DataOptions {
  readonly split: 'train' | 'validation' | 'test';
}

export function addLatent(program: Command, context: Context): void {
  const { io } = context;
  const command = program
    .command('latent')
    .summary('list the dimensions of the code and how much each says')
    .description(
      'Lists the dimensions of the code, the most telling first: the mean KL to the prior, the mean and the variance of ' +
        'the mean codes, and whether the dimension is active (variance above 0.01).',
    );
  withRun(command);
  withSplit(withDataDir(command));
  withJson(command).action(async (directory: string, options: LatentOptions) => {
    const { split, json, checkpoint } = options;
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint });
    const data = await loadSplit(run, split, dataAccess(context, options.dataDir));
    const dimensions = await latentDimensions(run, data);
    const active = dimensions.filter((d) => d.active).length;
    const result = { run: directory, model: run.model.id, data: data.id, split, active, dimensions };
    const rows = dimensions.map(({ dimension, kl, mean, variance, active: on }) => [
      String(dimension),
      kl === undefined ? '' : rounded(kl),
      rounded(mean),
      rounded(variance),
      on ? 'active' : '',
    ]);
    const heading = `${counted(dimensions.length, 'dimension')} of which ${active} active, on ${data.id}, split ${split}`;
    print(io, result, { json, text: `${heading}\n${table([['dimension', 'KL', 'mean', 'variance', ''], ...rows])}` });
  });
}
