/** Data sets: what they hold in memory, and the records that describe and load them. */

import { DataError, UsageError } from '../core/errors.js';
import { sha256 } from '../util/sha256.js';
import type { DataFile, DataSource } from './source.js';
import type { TextItems, TextOptions } from './text.js';

export const splitNames = ['train', 'validation', 'test'] as const;
export type Split = (typeof splitNames)[number];
export type DataKind = 'image' | 'points' | 'text';

/** The known causes of generated items, as codes: item i has the value `values[f][codes[i · names.length + f]]`. */
export interface Factors {
  readonly names: readonly string[];
  /** For each factor the values it can take, in the order of their codes. */
  readonly values: readonly (readonly (string | number)[])[];
  /** Int32Array [count, names.length] */
  readonly codes: Int32Array;
  /** The value that training sees seldom, in sets that are imbalanced on purpose. */
  readonly rare?: { readonly factor: number; readonly code: number };
}

/** What a record's own loader returns. */
export interface DataSetContents {
  readonly count: number;
  /** Row-major [count, ...shape]: images as bytes 0 … 255, points as float32. Empty where the items are text. */
  readonly items: Uint8Array | Float32Array;
  /** Int32Array [count], indices into the record's `labels`. */
  readonly labels?: Int32Array;
  readonly factors?: Factors;
  /** One sentence per item. */
  readonly captions?: readonly string[];
  /** Text: the tokens that the items are windows of. */
  readonly text?: TextItems;
}

/** A split of a data set in memory. */
export interface DataSet extends DataSetContents {
  readonly id: string;
  readonly split: Split;
  readonly kind: DataKind;
  /** Of one item: [C, H, W] for images, [D] for points, [context + 1] for text. */
  readonly shape: readonly number[];
  /** Names of the labels. */
  readonly labelNames?: readonly string[];
  /** 'sha256:' and the digest of shape, items and labels: two data sets with equal checksums are the same. */
  readonly checksum: string;
}

export interface LoadOptions {
  /** Where files come from; sets that are generated need none. */
  readonly source?: DataSource;
  /** Seed of a generated set; default 0. It is the data's own: training with another seed sees the same data. */
  readonly seed?: number;
  /** Only the first items of the split; a generated split can also be made longer than its default. */
  readonly count?: number;
  /**
   * Items at the end of a published training split that are kept for validation: 'train' comes without them,
   * 'validation' is them. Default: 'train' is whole, 'validation' its last 5,000. Generated sets have a validation
   * split of their own and take no notice.
   */
  readonly validation?: number;
  /** How text becomes items; sets of another kind take no notice. */
  readonly text?: TextOptions;
}

/** A data set's description; the list of them is `dataSets`. */
export interface DataSetRecord {
  readonly id: string;
  readonly title: string;
  /** One or two sentences: what is in it, where it comes from. */
  readonly summary: string;
  readonly kind: DataKind;
  readonly shape: readonly number[];
  /** Names of the classes, where items have labels. */
  readonly labels?: readonly string[];
  /** Items per split by default. */
  readonly splits: Readonly<Record<Split, number>>;
  /** Files it is read from; none when it is generated. */
  readonly files: readonly DataFile[];
  /** Licence, as the publisher states it; absent for generated sets. */
  readonly licence?: string;
  load(split: Split, options?: LoadOptions): Promise<DataSet>;
}

/** A record with its loader not yet wrapped in checks. */
export interface DataSetDefinition extends Omit<DataSetRecord, 'load' | 'files'> {
  readonly files?: readonly DataFile[];
  load(split: Split, options: LoadOptions): Promise<DataSetContents> | DataSetContents;
}

/**
 * Makes a record: its `load` checks the arguments, then that what was loaded has the shape and labels promised, and
 * adds the checksum.
 */
export function defineDataSet(definition: DataSetDefinition): DataSetRecord {
  const record: DataSetRecord = {
    ...definition,
    files: definition.files ?? [],
    async load(split, options = {}) {
      checkArguments(definition.id, split, options);
      return finish(record, split, await definition.load(split, options));
    },
  };
  return record;
}

/** What a generator is asked for: item i is drawn from counter row i of this seed and step. */
export interface GeneratedSplit {
  readonly seed: number;
  /** Number of the split: each has random values of its own. */
  readonly step: number;
  readonly count: number;
}

/** A record whose items are drawn by a seeded generator instead of read. */
export function defineGeneratedDataSet({
  generate,
  ...definition
}: Omit<DataSetDefinition, 'load' | 'files'> & {
  readonly generate: (split: GeneratedSplit) => DataSetContents;
}): DataSetRecord {
  return defineDataSet({
    ...definition,
    load: (split, { seed = 0, count = definition.splits[split] }) =>
      generate({ seed, step: splitNames.indexOf(split), count }),
  });
}

/** @throws UsageError for an unknown split, or counts that are none */
export function checkArguments(id: string, split: Split, options: LoadOptions): void {
  if (!splitNames.includes(split)) {
    throw new UsageError({
      operation: `data set ${id}`,
      expected: `a split: ${splitNames.join(', ')}`,
      got: `'${String(split)}'`,
    });
  }
  for (const name of ['count', 'validation'] as const) {
    const value = options[name];
    const least = name === 'count' ? 1 : 0;
    if (value !== undefined && (!Number.isSafeInteger(value) || value < least)) {
      throw new UsageError({
        operation: `data set ${id}`,
        expected: `${name} to be an integer of at least ${least}`,
        got: String(value),
      });
    }
  }
}

function finish(record: DataSetRecord, split: Split, contents: DataSetContents): DataSet {
  const { id, kind, shape, labels: labelNames } = record;
  const operation = `data set ${id}, split ${split}`;
  const { count, items, labels, captions } = contents;
  const size = itemSize(shape);
  if (items.length !== count * size) {
    throw new DataError({
      operation,
      expected: `${count} items of ${size} values`,
      got: `${items.length} values`,
    });
  }
  if (labels !== undefined && labels.length !== count) {
    throw new DataError({ operation, expected: `${count} labels`, got: `${labels.length}` });
  }
  if (captions !== undefined && captions.length !== count) {
    throw new DataError({ operation, expected: `${count} captions`, got: `${captions.length}` });
  }
  return {
    ...contents,
    id,
    split,
    kind,
    shape,
    ...(labelNames === undefined ? {} : { labelNames }),
    checksum: checksumOf(shape, contents),
  };
}

/** Values in one item. */
export function itemSize(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

function checksumOf(shape: readonly number[], { count, items, labels }: DataSetContents): string {
  const asBytes = (array: Uint8Array | Float32Array | Int32Array) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const header = new TextEncoder().encode(JSON.stringify({ shape, count, labels: labels !== undefined }));
  return `sha256:${sha256(header, asBytes(items), ...(labels === undefined ? [] : [asBytes(labels)]))}`;
}

/**
 * A data set cut at positions: consecutive parts of the given sizes. For data that comes with a test split only.
 *
 * @param sizes items per part; their sum is at most the data set's count
 * @throws UsageError when there are fewer items than asked for
 */
export function splitByPosition(dataSet: DataSet, sizes: readonly number[]): DataSet[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.some((size) => !Number.isSafeInteger(size) || size < 0) || total > dataSet.count) {
    throw new UsageError({
      operation: `splitByPosition of ${dataSet.id}`,
      expected: `non-negative integer sizes with a sum of at most ${dataSet.count}`,
      got: `[${sizes.join(', ')}]`,
    });
  }
  let start = 0;
  return sizes.map((size) => {
    const part = sliceItems(dataSet, start, start + size, dataSet.shape);
    start += size;
    return { ...dataSet, ...part, checksum: checksumOf(dataSet.shape, part) };
  });
}

/** Items start … end − 1; arrays are views of the whole's memory. */
export function sliceItems(
  whole: DataSetContents,
  start: number,
  end: number,
  shape: readonly number[],
): DataSetContents {
  const size = itemSize(shape);
  const { items, labels, factors, captions } = whole;
  const width = factors?.names.length ?? 0;
  return {
    count: end - start,
    items: items.subarray(start * size, end * size),
    ...(labels === undefined ? {} : { labels: labels.subarray(start, end) }),
    ...(factors === undefined
      ? {}
      : { factors: { ...factors, codes: factors.codes.subarray(start * width, end * width) } }),
    ...(captions === undefined ? {} : { captions: captions.slice(start, end) }),
  };
}
