/** Options that several commands have, and how their values are read. */
import type { Command } from 'commander';
import { type DataAccess, didYouMean, UsageError } from '../node/index.js';
import type { Context } from './io.js';
import { downloadMeter } from './progress.js';

/** Reads a whole number of at least `least`. */
export function integer(option: string, { least = 0 }: { least?: number } = {}): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
    throw new UsageError({
      operation: option,
      expected: `a whole number of at least ${least}`,
      got: `'${text}'`,
      remedy: 'Correct the value.',
    });
  };
}

/** Reads a number above 0. */
export function positive(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
    throw new UsageError({
      operation: option,
      expected: 'a number above 0',
      got: `'${text}'`,
      remedy: 'Correct the value.',
    });
  };
}

/** Reads whole numbers from 0 with commas between them. */
export function positions(option: string): (text: string) => number[] {
  return (text) => text.split(',').map((part) => integer(option)(part));
}

/** Reads names between commas. */
export function nameList(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Reads one of some names. */
export function oneOf<N extends string>(option: string, names: readonly N[]): (text: string) => N {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    const remedy = didYouMean(text, names) || 'Choose one of these.';
    throw new UsageError({ operation: option, expected: `one of ${names.join(', ')}`, got: `'${text}'`, remedy });
  };
}

/** A value of a setting: a number, true, false or other JSON where it reads as that, else text. */
export function parseValue(text: string): unknown {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Adds a `key=value` to those before it. */
export function collectSetting(text: string, before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at > 0) return { ...before, [text.slice(0, at).trim()]: parseValue(text.slice(at + 1).trim()) };
  throw new UsageError({
    operation: '--set',
    expected: 'key=value',
    got: `'${text}'`,
    remedy: 'Write for example --set latent=32; other arguments come before --set.',
  });
}

export interface JsonOption {
  readonly json?: boolean;
}

export interface DeviceOptions {
  readonly device?: string;
  readonly threads?: number;
}

export interface DataOptions {
  readonly dataDir?: string;
}

export interface RunOptions extends JsonOption, DeviceOptions {
  readonly checkpoint?: string;
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print one JSON object on stdout, and nothing else there');
}

export function withDevice(command: Command): Command {
  return command
    .option('--device <name>', 'what to compute on: auto, cpu, webgpu, cuda or wasm, as far as this machine has it')
    .option('--threads <n>', 'threads of one operation (default: all cores)', integer('--threads', { least: 1 }));
}

export function withDataDir(command: Command): Command {
  return command.option('--data-dir <dir>', 'where data sets lie: <dir>/mnist/train-images-idx3-ubyte.gz …');
}

export function withSplit(command: Command): Command {
  return command.option(
    '--split <name>',
    'which items: train, validation or test',
    oneOf('--split', ['train', 'validation', 'test']),
    'test',
  );
}

/** RUN, and how to open it. */
export function withRun(command: Command): Command {
  return withDevice(
    command
      .argument('<run>', 'run directory that `genera train` has made')
      .option('--checkpoint <name>', "weights of a checkpoint (last, best, step-N) instead of the run's result"),
  );
}

/** Where data come from, with downloads shown on stderr. */
export function dataAccess({ io }: Context, dataDir: string | undefined): DataAccess {
  return { dataDir, env: io.env, onProgress: downloadMeter(io) };
}
