/** `genera edit` and `genera inpaint`: items of the data, changed by a diffusion model. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadRun, loadSplit, useDevice, writeEdits, writeInpaintings } from '../node/index.js';
import { type Context, counted, print } from './io.js';
import {
  type DataOptions,
  dataAccess,
  integer,
  parseValue,
  type RunOptions,
  withDataDir,
  withJson,
  withRun,
  withSplit,
} from './options.js';
import { Meter } from './progress.js';
import { type SamplingOptions, samplingSettings, withSampling } from './sampling-options.js';

interface EditOptions extends RunOptions, DataOptions, SamplingOptions {
  readonly numSamples: number;
  readonly label?: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly seed: number;
  readonly out?: string;
}

export function addEdit(program: Command, context: Context): void {
  const command = program
    .command('edit')
    .summary('change items by noising and denoising them')
    .description(
      'Adds noise to items of the data and lets a diffusion model remove it again; each item above its new form.',
    );
  withItems(command)
    .option('--strength <x>', 'part of the way to noise: 0 keeps the items, 1 hardly keeps anything', parseValue)
    .option('--out <file>', 'picture .png, or .npy: float32 [N, 2, ...] (default: in the run)');
  withSampling(command);
  withJson(command).action(async (directory: string, options: EditOptions & { readonly strength?: unknown }) => {
    const { strength, ...rest } = options;
    const settings = { ...samplingSettings(rest), ...(strength === undefined ? {} : { strength }) };
    await change('edit', directory, rest, settings, context, writeEdits);
  });
}

export function addInpaint(program: Command, context: Context): void {
  const command = program
    .command('inpaint')
    .summary('fill holes in images')
    .description(
      'Shows images of the data, the same with a hole, and the hole filled. What is not masked stays as it is.',
    );
  withItems(command)
    .option(
      '--mask <name>',
      'what to fill: left, right, top, bottom, centre, frame, random, or a .png whose light pixels are to be filled',
      'left',
    )
    .option('--steps <n>', 'steps of the sampler', parseValue)
    .option('--guidance <scale>', 'how much a conditional model is drawn to the label; 1: as trained', parseValue)
    .option('--jump-length <n>', 'steps that a jump back goes', parseValue)
    .option('--jump-samples <n>', 'how often each stretch is walked; 1: no jumps', parseValue)
    .option('--out <file>', 'picture .png, or .npy: float32 [N, 3, ...] (default: in the run)');
  type Options = EditOptions & { readonly mask: string; readonly jumpLength?: unknown; readonly jumpSamples?: unknown };
  withJson(command).action(async (directory: string, options: Options) => {
    const { mask, jumpLength, jumpSamples } = options;
    const jumps = Object.entries({ jumpLength, jumpSamples }).filter(([, value]) => value !== undefined);
    const settings = { ...samplingSettings(options), ...Object.fromEntries(jumps) };
    await change('inpaint', directory, options, settings, context, (run, data, path, request) =>
      writeInpaintings(run, data, path, { ...request, mask }),
    );
  });
}

function withItems(command: Command): Command {
  withRun(command)
    .option('--num-samples <n>', 'how many items', integer('--num-samples', { least: 1 }), 10)
    .option('--label <name>', "class to aim at, by name or number (default: the items' own)");
  return withSplit(withDataDir(command)).option(
    '--seed <n>',
    'seed that chooses the items and the noise',
    integer('--seed'),
    0,
  );
}

async function change(
  name: 'edit' | 'inpaint',
  directory: string,
  { numSamples: count, label, split, seed, json, checkpoint, dataDir, device, threads, out }: EditOptions,
  settings: Record<string, unknown>,
  context: Context,
  write: typeof writeEdits,
): Promise<void> {
  const { io } = context;
  useDevice(device, { ...(threads === undefined ? {} : { threads }) });
  const run = await loadRun(directory, { checkpoint });
  const data = await loadSplit(run, split, dataAccess(context, dataDir));
  const path = out ?? join(directory, 'samples', `${name}-seed${seed}.png`);
  const meter = new Meter(io);
  try {
    const onProgress = (fraction: number): void => meter.show(fraction, `${name} with ${directory}`);
    await write(run, data, path, { count, seed, label, settings, onProgress });
  } finally {
    meter.stop();
  }
  const result = {
    run: directory,
    model: run.model.id,
    data: data.id,
    split,
    n: count,
    seed,
    label,
    settings,
    out: path,
  };
  print(io, result, { json, text: `${counted(count, 'item')} in ${path}` });
}
