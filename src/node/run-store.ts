/**
 * A run directory, as its one writer sees it:
 *
 *   config.json                               what is trained, on what, and how
 *   metrics.jsonl                             one line per log
 *   model/config.json, model/model.safetensors   the model as of the last checkpoint, averaged where averages are kept
 *   checkpoints/                              see `checkpoints.ts`
 *   samples/step-<n>.png
 *
 * A crash at any moment leaves a readable run: files change whole, and a checkpoint is stored before the model is.
 */
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, UsageError } from '../core/errors.js';
import { encodeSafetensors } from '../runtime/safetensors.js';
import type { NamedArray } from '../runtime/state.js';
import { type MetricsLine, modelConfigFile, type RunConfig, runConfigFile } from '../train/run-format.js';
import { jsonText } from '../util/json-text.js';
import { type Checkpoint, type CheckpointProgress, Checkpoints } from './checkpoints.js';
import { digestOfTensors } from './digests.js';
import {
  isLeftover,
  makeDirectory,
  namesIn,
  onDisk,
  readTextIfThere,
  removeLeftovers,
  writeFileWhole,
} from './files.js';
import { readRunConfig } from './run-config.js';
import { isLock, lockRun, type RunLock } from './run-lock.js';

export class RunStore {
  readonly directory: string;
  readonly checkpoints: Checkpoints;
  private readonly lock: RunLock;
  private metrics: fs.FileHandle | undefined;

  private constructor(directory: string, lock: RunLock) {
    this.directory = directory;
    this.lock = lock;
    this.checkpoints = new Checkpoints(directory);
  }

  /**
   * Begins a run in a new or empty directory.
   * @throws UsageError where the directory holds anything
   */
  static async create(directory: string, config: RunConfig): Promise<RunStore> {
    await refuseUsed(directory);
    await makeDirectory(directory);
    const lock = await lockRun(directory);
    const store = new RunStore(directory, lock);
    try {
      await refuseUsed(directory);
      await removeLeftovers(directory);
      await store.writeConfig(config);
      return store;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /**
   * Opens a run to continue it.
   * @throws UsageError where there is no run, or another process trains it
   */
  static async open(directory: string): Promise<{ store: RunStore; config: RunConfig }> {
    await expectRun(directory);
    const lock = await lockRun(directory);
    try {
      const store = new RunStore(directory, lock);
      for (const part of ['', 'model', 'checkpoints', 'samples']) await removeLeftovers(join(directory, part));
      return { store, config: await expectRun(directory) };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The run's configuration, and the model's own, which can be taken away with its weights. */
  async writeConfig(config: RunConfig): Promise<void> {
    await writeFileWhole(join(this.directory, 'config.json'), jsonText(runConfigFile(config)));
    await writeFileWhole(join(this.directory, 'model', 'config.json'), jsonText(modelConfigFile(config)));
  }

  /** What turns text into the model's tokens, beside its weights. */
  async writeTokenizer(tokenizer: Record<string, unknown>): Promise<void> {
    await writeFileWhole(join(this.directory, 'model', 'tokenizer.json'), jsonText(tokenizer));
  }

  async appendMetrics(line: MetricsLine): Promise<void> {
    const path = join(this.directory, 'metrics.jsonl');
    await onDisk(`write ${path}`, async () => {
      this.metrics ??= await fs.open(path, 'a');
      await this.metrics.appendFile(`${JSON.stringify(line)}\n`);
    });
  }

  /**
   * Drops the lines after a step, and one that was cut off: what continues from there writes them anew.
   * @returns the last line that has losses of a step
   */
  async cutMetrics(step: number): Promise<MetricsLine | undefined> {
    const path = join(this.directory, 'metrics.jsonl');
    const text = (await readTextIfThere(path)) ?? '';
    const lines = text.split('\n').flatMap(parseLine);
    const kept = lines.filter((line) => line.step <= step);
    const wanted = kept.map((line) => `${JSON.stringify(line)}\n`).join('');
    if (wanted !== text) await writeFileWhole(path, wanted);
    return kept.findLast((line) => line.train !== undefined);
  }

  /** Stores all state, then the model. */
  async writeCheckpoint(
    state: Uint8Array,
    weights: ReadonlyMap<string, NamedArray>,
    progress: CheckpointProgress,
  ): Promise<void> {
    const { metrics } = this;
    if (metrics !== undefined) await onDisk(`write ${join(this.directory, 'metrics.jsonl')}`, () => metrics.sync());
    await this.checkpoints.write(state, progress);
    await this.writeWeights(weights, progress.step);
  }

  /** The model as of a step. Equal weights are equal bytes. */
  async writeWeights(weights: ReadonlyMap<string, NamedArray>, step: number): Promise<void> {
    const metadata = { format: weightsFormat, step: String(step), sha256: digestOfTensors(weights) };
    await writeFileWhole(join(this.directory, 'model', 'model.safetensors'), encodeSafetensors(weights, metadata));
  }

  /** @returns the picture's path */
  async writeSamples(step: number, png: Uint8Array): Promise<string> {
    const path = join(this.directory, 'samples', `step-${step}.png`);
    await writeFileWhole(path, png);
    return path;
  }

  /** @returns the text's path */
  async writeSampleText(step: number, text: string): Promise<string> {
    const path = join(this.directory, 'samples', `step-${step}.txt`);
    await writeFileWhole(path, `${text}\n`);
    return path;
  }

  readCheckpoint(name?: string): Promise<Checkpoint | undefined> {
    return this.checkpoints.read(name);
  }

  /** Lets others train in this directory. */
  async close(): Promise<void> {
    await this.metrics?.close();
    this.metrics = undefined;
    await this.lock.release();
  }
}

function parseLine(text: string): MetricsLine[] {
  try {
    return [JSON.parse(text) as MetricsLine];
  } catch {
    return [];
  }
}

/** Mark of weights that carry a digest of themselves. */
export const weightsFormat = 'genera-weights-1';

/** Names in a directory besides those of locks and unfinished files. */
async function contentsOf(directory: string): Promise<string[]> {
  return (await namesIn(directory)).filter((name) => !isLock(name) && !isLeftover(name));
}

/** Whether a run can begin here: there is no such directory, or it is empty. */
export async function isFree(directory: string): Promise<boolean> {
  return (await contentsOf(directory)).length === 0;
}

/** @throws UsageError where a run cannot begin here */
export async function refuseUsed(directory: string): Promise<void> {
  if (await isFree(directory)) return;
  const run = (await readTextIfThere(join(directory, 'config.json'))) !== undefined;
  throw new UsageError({
    operation: `train into ${directory}`,
    expected: 'a new or empty directory',
    got: run ? 'one that holds a run' : 'one that holds other files',
    remedy: run ? 'Continue that run with --resume, or choose another --out.' : 'Choose another --out.',
  });
}

async function expectRun(directory: string): Promise<RunConfig> {
  const config = await readRunConfig(join(directory, 'config.json'));
  if (config !== undefined) return config;
  const names = await contentsOf(directory);
  const operation = `open run ${directory}`;
  const expected = 'a run directory with its config.json';
  if (names.includes('checkpoints') || names.includes('metrics.jsonl')) {
    const remedy = 'Restore the file from a copy, or start a new run.';
    throw new FormatError({ operation, expected, got: 'one without it', remedy });
  }
  const got = names.length > 0 ? 'a directory without a run' : 'nothing there';
  throw new UsageError({ operation, expected, got, remedy: 'Check the path; `genera train MODEL` makes runs.' });
}
