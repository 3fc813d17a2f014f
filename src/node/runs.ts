/** Finding runs and reading what they have trained. */
import fs from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelInstance, ModelRecord } from '../contract/index.js';
import { FormatError, GeneraError, UsageError } from '../core/errors.js';
import { type Tokenizer, tokenizerFromJson } from '../data/tokenizers/index.js';
import { instantiate } from '../inference/instance.js';
import { findModel } from '../models/index.js';
import { decodeSafetensors } from '../runtime/safetensors.js';
import { type NamedArray, writeVariables } from '../runtime/state.js';
import type { RunConfig } from '../train/run-format.js';
import { Checkpoints } from './checkpoints.js';
import { digestOfTensors } from './digests.js';
import { namesIn, onDisk, readIfThere, readTextIfThere } from './files.js';
import { readRunConfig } from './run-config.js';
import { isFree, weightsFormat } from './run-store.js';

/** Where runs are made when nothing else is said. */
const runsDirectory = 'runs';

export interface LoadedRun {
  readonly directory: string;
  readonly config: RunConfig;
  readonly model: ModelRecord;
  /** With the trained weights in it. */
  readonly instance: ModelInstance;
  /** Of models of text. */
  readonly tokenizer?: Tokenizer;
  /** Whether the weights are a moving average. */
  readonly ema: boolean;
}

/**
 * A trained model, ready to use.
 * @param checkpoint `last`, `best` or `step-<n>`: the weights of that checkpoint instead of the run's result
 * @throws UsageError where there is no run, FormatError where it is damaged
 */
export async function loadRun(
  directory: string,
  { checkpoint }: { checkpoint?: string | undefined } = {},
): Promise<LoadedRun> {
  const path = join(directory, 'config.json');
  const config = await readRunConfig(path);
  if (config === undefined) {
    throw new UsageError({
      operation: `open run ${directory}`,
      expected: 'a run directory with its config.json',
      got: (await isFree(directory)) ? 'nothing there' : 'a directory without it',
      remedy: 'Check the path; `genera train MODEL` makes runs.',
    });
  }
  const model = findModel(config.model);
  const { kind, shape, labels } = config.data;
  const tokenizer = kind === 'text' ? { tokenizer: await readRunTokenizer(directory) } : {};
  const data = { kind, shape, ...(labels === undefined ? {} : { labels }), ...tokenizer };
  let instance: ModelInstance;
  try {
    instance = instantiate(model, model.config.parse(config.settings), data, config);
  } catch (cause) {
    if (cause instanceof GeneraError) throw cause;
    throw new FormatError(
      {
        operation: `read ${path}`,
        expected: `settings of ${model.id}`,
        got: 'others',
        remedy: 'Use the version of genera that made the run, or restore the file from a copy.',
      },
      { cause },
    );
  }
  const variables = instance.module.variables();
  const weights = await (checkpoint === undefined
    ? readWeights(directory)
    : readCheckpointWeights(
        directory,
        checkpoint,
        instance.fitting === undefined ? variables.map(({ name }) => name) : undefined,
      ));
  try {
    if (instance.fitting === undefined) await writeVariables(variables, weights);
    else instance.fitting.restore(weights);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new FormatError(`read the weights of ${directory}: ${cause.message}`, { cause });
  }
  return { directory, config, model, instance, ...tokenizer, ema: Number(config.settings.ema ?? 0) > 0 };
}

/** What turns text into the tokens of a run's model. */
export async function readRunTokenizer(directory: string): Promise<Tokenizer> {
  const path = join(directory, 'model', 'tokenizer.json');
  const text = await readTextIfThere(path);
  if (text !== undefined) return tokenizerFromJson(text, path);
  throw new FormatError({
    operation: `read ${path}`,
    expected: 'the tokenizer of the run',
    got: 'no file',
    remedy: 'Restore the file from a copy.',
  });
}

/**
 * The run's result, checked against the digest that it carries.
 * @throws FormatError where there is none yet, or it is damaged
 */
export async function readWeights(directory: string): Promise<Map<string, NamedArray>> {
  const path = join(directory, 'model', 'model.safetensors');
  const bytes = await readIfThere(path);
  if (bytes === undefined) {
    throw new FormatError({
      operation: `read ${path}`,
      expected: 'trained weights',
      got: 'no file',
      remedy: 'The run was stopped before its first checkpoint: continue it with `genera train --resume`.',
    });
  }
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  if (metadata.format === weightsFormat && metadata.sha256 !== digestOfTensors(tensors)) {
    throw new FormatError({
      operation: `read ${path}`,
      expected: 'the values that were written',
      got: 'others (the sha256 differs): the file is damaged',
      remedy: 'Use the weights of a checkpoint with --checkpoint last, or restore the file from a copy.',
    });
  }
  return tensors;
}

/** A checkpoint's weights, averaged where averages are kept. */
async function readCheckpointWeights(
  directory: string,
  name: string,
  names: readonly string[] | undefined,
): Promise<Map<string, NamedArray>> {
  const checkpoint = await new Checkpoints(directory).read(name);
  if (checkpoint === undefined) {
    throw new UsageError({ operation: `open run ${directory}`, expected: 'a checkpoint', got: 'none yet' });
  }
  const { tensors } = decodeSafetensors(checkpoint.bytes, checkpoint.path);
  if (names === undefined) return tensors;
  const found = names.map((key) => [key, tensors.get(`ema.${key}`) ?? tensors.get(key)] as const);
  return new Map(found.filter((entry): entry is [string, NamedArray] => entry[1] !== undefined));
}

/** A directory for a new run of a model: runs/vae, runs/vae-2, … */
export async function freeRunDirectory(model: string): Promise<string> {
  for (let n = 1; ; n++) {
    const directory = join(runsDirectory, n === 1 ? model : `${model}-${n}`);
    if (await isFree(directory)) return directory;
  }
}

/**
 * The run of a model that was worked on last, among those in `runs/`.
 * @throws UsageError where there is none
 */
export async function newestRun(model: string): Promise<string> {
  let newest: { directory: string; time: number } | undefined;
  for (const name of await namesIn(runsDirectory)) {
    const directory = join(runsDirectory, name);
    const config = await readRunConfig(join(directory, 'config.json')).catch(() => undefined);
    if (config?.model !== model) continue;
    const time = Math.max(
      await changed(join(directory, 'config.json')),
      await changed(join(directory, 'metrics.jsonl')),
      await changed(join(directory, 'checkpoints', 'last')),
    );
    if (newest === undefined || time > newest.time) newest = { directory, time };
  }
  if (newest !== undefined) return newest.directory;
  throw new UsageError({
    operation: 'resume',
    expected: `a run of ${model} in ${runsDirectory}/`,
    got: 'none',
    remedy: 'Name the run with --out, or start one without --resume.',
  });
}

async function changed(path: string): Promise<number> {
  return onDisk(`read ${path}`, () => fs.stat(path)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
