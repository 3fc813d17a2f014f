/** The data that a run trains and is measured on. */
import fs from 'node:fs/promises';
import { resolve } from 'node:path';
import { DataError } from '../core/errors.js';
import { formatShape } from '../core/shape.js';
import type { DataSet, Split } from '../data/data-set.js';
import type { DataSource } from '../data/source.js';
import type { Tokenizer } from '../data/tokenizers/index.js';
import type { RunConfig } from '../train/run-format.js';
import { type NodeDataSourceOptions, nodeDataSource } from './data.js';
import type { LoadedRun } from './runs.js';
import { openDataSet, textOptionsOf } from './text-data.js';

/** Where files of data sets come from. */
export interface DataAccess extends Omit<NodeDataSourceOptions, 'dataDir'> {
  readonly dataDir?: string | undefined;
}

function sourceOf({ dataDir, ...options }: DataAccess): DataSource {
  return nodeDataSource({ ...options, ...(dataDir === undefined ? {} : { dataDir }) });
}

export interface TrainingDataOptions extends DataAccess {
  /** Only so many items of the training split. */
  readonly limit?: number | undefined;
  /** Items that are held out, where the data set has no validation split of its own. */
  readonly validation: number;
  /** The model's settings, which say how text is cut. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The tokenizer of text where it is there already, not to be made from the text. */
  readonly tokenizer?: Tokenizer | undefined;
}

export interface TrainingData {
  readonly train: DataSet;
  readonly validation?: DataSet;
}

/**
 * Loads what is trained on and what is watched meanwhile. Generated sets have a validation split of their own; of
 * published ones the last `validation` training items are held out, by default none.
 */
export async function loadTrainingData(
  id: string,
  { limit, validation, settings, tokenizer, ...options }: TrainingDataOptions,
): Promise<TrainingData> {
  const record = openDataSet(id);
  const source = sourceOf(options);
  const count = limit === undefined ? {} : { count: limit };
  const text = await textOptionsOf(settings, tokenizer);
  const train = await record.load('train', { source, validation, ...count, ...text });
  if (train.text !== undefined) {
    const same = await textOptionsOf(settings, train.text.tokenizer);
    return { train, validation: await record.load('validation', { source, ...same }) };
  }
  const generated = record.files.length === 0;
  if (!generated && validation === 0) return { train };
  const watched = generated ? Math.min(limit ?? Infinity, record.splits.validation) : validation;
  return { train, validation: await record.load('validation', { source, validation, count: watched }) };
}

/** Items to measure a run on in whose training none are held out: the end of the training split. */
export async function loadUnheld(id: string, options: DataAccess): Promise<DataSet> {
  return openDataSet(id).load('validation', { source: sourceOf(options) });
}

export interface SplitOptions {
  /** Only the first items. */
  readonly count?: number | undefined;
  /** Id of another data set than the run's. */
  readonly dataSet?: string | undefined;
}

/**
 * Loads a split that a run is measured on. Files are looked for where the run found them, if it is not told otherwise.
 * Text is cut as for training, by the run's tokenizer.
 */
export async function loadSplit(
  { config: { data, settings }, tokenizer }: Pick<LoadedRun, 'config' | 'tokenizer'>,
  split: Split,
  { count, dataSet = data.id, ...options }: DataAccess & SplitOptions,
): Promise<DataSet> {
  const held = Number(settings.validation ?? 0);
  const recorded = data.directory !== undefined && (await isDirectory(data.directory)) ? data.directory : undefined;
  return openDataSet(dataSet).load(split, {
    ...(await textOptionsOf(settings, tokenizer)),
    source: sourceOf({ ...options, dataDir: options.dataDir ?? recorded }),
    ...(held > 0 ? { validation: held } : {}),
    ...(count === undefined ? {} : { count }),
  });
}

/** @throws DataError where items are of another kind or shape than those of the run, or of other classes */
export function checkSuchItems({ config }: Pick<LoadedRun, 'config'>, data: DataSet): void {
  const { kind, shape, labels } = config.data;
  const text = (of: { kind: string; shape: readonly number[]; labels?: readonly string[] | undefined }): string =>
    `${of.kind} of ${formatShape(of.shape)}${of.labels === undefined ? '' : ` with the classes ${of.labels.join(', ')}`}`;
  const needed = text({ kind, shape, labels });
  const found = text({ ...data, labels: labels === undefined ? undefined : data.labelNames });
  if (found === needed) return;
  throw new DataError({
    operation: `measure on ${data.id}`,
    expected: `items as it was trained on: ${needed}`,
    got: found,
    remedy: 'Choose another data set, or leave it out.',
  });
}

async function isDirectory(path: string): Promise<boolean> {
  return (await fs.stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** What `config.json` says of the data. */
export function describeData(
  { train, validation }: TrainingData,
  { limit, dataDir }: { limit?: number | undefined; dataDir?: string | undefined },
): RunConfig['data'] {
  const { id, kind, shape, labelNames, checksum } = train;
  return {
    id,
    kind,
    shape: [...shape],
    ...(labelNames === undefined ? {} : { labels: [...labelNames] }),
    ...(dataDir === undefined || openDataSet(id).files.length === 0 ? {} : { directory: resolve(dataDir) }),
    ...(limit === undefined ? {} : { limit }),
    checksum,
    ...(validation === undefined ? {} : { validation: { count: validation.count, checksum: validation.checksum } }),
  };
}

/** @throws DataError where a run is to be continued on other data than it began with */
export function checkSameData(directory: string, began: RunConfig['data'], now: RunConfig['data']): void {
  if (began.checksum === now.checksum && began.validation?.checksum === now.validation?.checksum) return;
  throw new DataError({
    operation: `continue ${directory}`,
    expected: `the data it began with, ${began.id} of ${began.checksum.slice(0, 23)}…`,
    got: `other items (${now.checksum.slice(0, 23)}…)`,
    remedy: 'Put the files back as they were (--data-dir), or start a new run.',
  });
}
