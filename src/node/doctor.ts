/** Checks of the machine, and of genera on it. Each fault comes with what to do about it. */
import fs from 'node:fs/promises';
import { availableParallelism, cpus, freemem, homedir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { GeneraError } from '../core/errors.js';
import { tensor } from '../core/leaves.js';
import type { Tensor } from '../core/tensor.js';
import { dataSets } from '../data/registry.js';
import type { DataFile } from '../data/source.js';
import { conv2d, grad, matmul, softmax } from '../ops/index.js';
import { philox4x32 } from '../random/philox.js';
import { defaultBackend } from '../runtime/backend.js';
import { runtimeBackends } from './devices.js';
import { versions } from './versions.js';
import { vulkanAdapters } from './vulkan.js';

export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
  /** What to do, where something is wrong. */
  readonly remedy?: string;
}

export interface DoctorOptions {
  /** Where data sets are looked for first. */
  readonly dataDir?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What a check returns: what it found, and a remedy where that is a fault. */
type Outcome = Pick<Finding, 'found' | 'remedy'>;

const leastNode = [20, 19] as const;
const leastMemory = 512 * 2 ** 20;
const leastDisk = 200 * 2 ** 20;

/** Does all checks, in order. */
export async function examine(options: DoctorOptions = {}): Promise<Finding[]> {
  const checks: readonly (readonly [name: string, check: () => Outcome | Promise<Outcome>])[] = [
    ['versions', checkVersions],
    ['processor', checkProcessor],
    ['memory', checkMemory],
    ['disk', checkDisk],
    ['backends', checkBackends],
    ...selfChecks.map(([name, make, expected]) => [`self-check: ${name}`, () => compare(make(), expected)] as const),
    ['self-check: noise', checkNoise],
    ...places(options).map(([name, place, remedy]) => [name, () => checkData(place, remedy)] as const),
  ];
  const findings: Finding[] = [];
  for (const [name, check] of checks) {
    const { found, remedy } = await outcomeOf(check);
    findings.push({ name, ok: remedy === undefined, found, ...(remedy === undefined ? {} : { remedy }) });
  }
  return findings;
}

/** Directories that data sets are looked for in, and what to do where one should be there and is not. */
function places({ dataDir, env = process.env }: DoctorOptions): [name: string, place: string, remedy?: string][] {
  const { GENERA_DATA: named, XDG_CACHE_HOME: cache } = env;
  return [
    ...(dataDir ? [['--data-dir', resolve(dataDir), 'Name an existing directory.'] as [string, string, string]] : []),
    ...(named
      ? [['GENERA_DATA', resolve(named), 'Let GENERA_DATA name a directory.'] as [string, string, string]]
      : []),
    ['downloaded data', join(cache || join(homedir(), '.cache'), 'genera')],
  ];
}

async function outcomeOf(check: () => Outcome | Promise<Outcome>): Promise<Outcome> {
  try {
    return await check();
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    if (error instanceof GeneraError) return { found, remedy: 'See the message.' };
    return { found, remedy: 'Install again with `npm ci`; if it stays, report it with the output of `genera doctor`.' };
  }
}

function checkVersions(): Outcome {
  const found = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  const [major = 0, minor = 0] = versions.node.split('.').map(Number);
  const recent = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  return recent ? { found } : { found, remedy: `Install Node ${leastNode.join('.')} or newer.` };
}

function checkProcessor(): Outcome {
  const { model = 'unknown' } = cpus()[0] ?? {};
  return { found: `${model.trim()}, ${availableParallelism()} of ${cpus().length} cores to use, ${process.arch}` };
}

function checkMemory(): Outcome {
  const found = `${gigabytes(freemem())} of ${gigabytes(totalmem())} free`;
  if (freemem() >= leastMemory) return { found };
  return { found, remedy: 'Close other programs, or train with a smaller --batch-size.' };
}

async function checkDisk(): Promise<Outcome> {
  const directory = process.cwd();
  try {
    await fs.access(directory, fs.constants.W_OK);
  } catch {
    return {
      found: `${directory} cannot be written to`,
      remedy: 'Work in another directory, or name runs with --out.',
    };
  }
  const { bavail, bsize } = await fs.statfs(directory);
  const found = `${gigabytes(bavail * bsize)} free in ${directory}`;
  return bavail * bsize >= leastDisk
    ? { found }
    : { found, remedy: 'Free some space, or name runs elsewhere with --out.' };
}

function checkBackends(): Outcome {
  const adapters = (vulkanAdapters() ?? []).map(({ name, software }) => (software ? `${name} (software)` : name));
  const found = `${defaultBackend().description}; ONNX Runtime brings ${runtimeBackends().join(', ')}`;
  return { found: adapters.length === 0 ? found : `${found}; adapters: ${adapters.join(', ')}` };
}

const x = (): Tensor =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);

/** Small graphs whose results are known. */
const selfChecks: readonly [name: string, make: () => Tensor, expected: readonly number[]][] = [
  [
    'matrix product',
    () =>
      matmul(
        x(),
        tensor([
          [1, 0],
          [0, 1],
          [1, 1],
        ]),
      ),
    [4, 5, 10, 11, 16, 17],
  ],
  [
    'convolution',
    () => conv2d(x().reshape([1, 1, 3, 3]), tensor([1, 2, 3, 4]).reshape([1, 1, 2, 2])),
    [37, 47, 67, 77], // 1·1 + 2·2 + 3·4 + 4·5, …
  ],
  ['softmax', () => softmax(tensor([0, Math.LN2, 2 * Math.LN2])), [1 / 7, 2 / 7, 4 / 7]],
  [
    'gradient',
    () => {
      const t = tensor([1, 2, 3]);
      return grad(t.mul(t).mul(t).sum(), [t])[0]!; // 3t²
    },
    [3, 12, 27],
  ],
];

async function compare(result: Tensor, expected: readonly number[]): Promise<Outcome> {
  const got = Array.from(await result.data(), Number);
  const error = Math.max(...expected.map((value, i) => Math.abs(value - (got[i] ?? Number.NaN)) / Math.max(1, value)));
  if (error <= 1e-6) return { found: `right, relative error ${error.toExponential(0)}` };
  return {
    found: `${got.join(', ')} instead of ${expected.join(', ')}`,
    remedy: 'This device computes wrongly: choose another --device, and report it.',
  };
}

/** The generator's block for counter 0 and key 0 (Random123's known-answer file, philox4x32 10). */
function checkNoise(): Outcome {
  const out = new Uint32Array(4);
  philox4x32(new Uint32Array(4), new Uint32Array(2), out);
  const expected = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];
  if (expected.every((word, i) => out[i] === word)) return { found: 'right' };
  return { found: `${out.join(' ')} instead of ${expected.join(' ')}`, remedy: 'Report it with the versions above.' };
}

/** A place where data sets may lie, and which of them do; having none is no fault, for they can be downloaded. */
async function checkData(place: string, remedy: string | undefined): Promise<Outcome> {
  const there = await fs.stat(place).catch(() => undefined);
  if (!there?.isDirectory()) {
    const found = `${place} is ${there === undefined ? 'not there' : 'no directory'}`;
    return remedy === undefined ? { found } : { found, remedy };
  }
  const complete: string[] = [];
  for (const { id, files } of dataSets) {
    if (files.length > 0 && (await hasAll(place, files))) complete.push(id);
  }
  return { found: `${place} has ${complete.join(', ') || 'no data set'}` };
}

async function hasAll(place: string, files: readonly DataFile[]): Promise<boolean> {
  for (const { path } of files) {
    const names = [path, path.replace(/\.gz$/, '')].map((name) => fs.stat(join(place, name)));
    if ((await Promise.allSettled(names)).every(({ status }) => status === 'rejected')) return false;
  }
  return true;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
