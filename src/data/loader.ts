/**
 * Batches in a deterministic order. The order of an epoch is a function of (seed, epoch), a batch of (seed, step), so a
 * resumed run asks for the batch of any step and gets the same one.
 */

import { UsageError } from '../core/errors.js';
import { permutation, randomInt } from '../random/distributions.js';
import { type DataSet, itemSize } from './data-set.js';
import { sites } from './sites.js';
import { readWindow } from './text.js';

export interface LoaderOptions {
  /** Items per batch. */
  readonly batchSize: number;
  /** Seed of the order; default 0. */
  readonly seed?: number;
  /** A new random order each epoch; default true. false: the data set's own order. */
  readonly shuffle?: boolean;
  /** Leave out an epoch's last batch when it is not full; default false. */
  readonly dropLast?: boolean;
  /**
   * Text in streams, for models that carry a state from batch to batch: row r of each batch continues row r of the one
   * before. Nothing is shuffled then, and batches are full.
   */
  readonly streams?: boolean;
}

/** Items as a model takes them. */
export interface Items {
  /** [size, ...shape]: images in 0 … 1 and points as they are, in a Float32Array; tokens in an Int32Array. */
  readonly x: Float32Array | Int32Array;
  /** Int32Array [size], where the data set has labels. */
  readonly labels?: Int32Array;
}

export interface Batch extends Items {
  readonly epoch: number;
  /** Number of the batch in its epoch. */
  readonly index: number;
  readonly size: number;
  /** [size, ...shape of an item] */
  readonly shape: readonly number[];
  /** Positions in the data set: Uint32Array [size]. */
  readonly indices: Uint32Array;
  /** With `streams`: whether the rows continue those of the batch before. */
  readonly continues?: boolean;
}

export interface Loader {
  readonly stepsPerEpoch: number;
  /** The batch of a step that counts on through the epochs: epoch ⌊step / stepsPerEpoch⌋, batch step mod stepsPerEpoch. */
  batch(step: number): Batch;
}

/** The order in which an epoch visits the items: Uint32Array [count]. */
export function orderOf(
  dataSet: Pick<DataSet, 'count'>,
  { seed = 0, epoch, shuffle = true }: { readonly seed?: number; readonly epoch: number; readonly shuffle?: boolean },
): Uint32Array {
  if (!shuffle) return Uint32Array.from({ length: dataSet.count }, (_, i) => i);
  return permutation(dataSet.count, { seed, site: sites.order, step: epoch });
}

/** byte / 255, the nearest float32 */
const UNIT = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/**
 * Items at the given positions: images scaled from 0 … 255 to 0 … 1, windows of text as tokens.
 *
 * @param options out: memory to fill, of exactly the size needed, made when left out; shift: tokens by which windows of
 *   text are moved
 * @throws UsageError for a position outside the data set, or memory of another size
 */
export function gather(
  dataSet: DataSet,
  indices: ArrayLike<number>,
  { out, shift = 0 }: { readonly out?: Items; readonly shift?: number } = {},
): Items {
  const { items, labels, count, text } = dataSet;
  const size = itemSize(dataSet.shape);
  const n = indices.length;
  const x = out?.x ?? (text === undefined ? new Float32Array(n * size) : new Int32Array(n * size));
  const y = labels === undefined ? undefined : (out?.labels ?? new Int32Array(n));
  if (x.length !== n * size || (y !== undefined && y.length !== n)) {
    throw new UsageError({
      operation: `gather from ${dataSet.id}`,
      expected: `memory for ${n} items of ${size} values`,
      got: `${x.length} values and ${y?.length ?? 0} labels`,
    });
  }
  for (let i = 0; i < n; i++) {
    const index = indices[i] as number;
    if (!(index >= 0 && index < count && Number.isInteger(index))) {
      throw new UsageError({
        operation: `gather from ${dataSet.id}`,
        expected: `positions from 0 to ${count - 1}`,
        got: `${index} at place ${i}`,
      });
    }
    const from = index * size;
    if (text !== undefined) readWindow(text, index, shift, (x as Int32Array).subarray(i * size, (i + 1) * size));
    else if (items instanceof Float32Array) x.set(items.subarray(from, from + size), i * size);
    else for (let k = 0, to = i * size; k < size; k++, to++) x[to] = UNIT[items[from + k] as number] as number;
    if (y !== undefined) y[i] = (labels as Int32Array)[index] as number;
  }
  return y === undefined ? { x } : { x, labels: y };
}

/** Batches of an epoch: ⌈count / batchSize⌉, or ⌊count / batchSize⌋ with `dropLast`. */
function stepsPerEpoch(count: number, { batchSize, dropLast = false, streams = false }: LoaderOptions): number {
  return dropLast || streams ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
}

/**
 * Random access to the batches of all epochs.
 *
 * @throws UsageError when the batch size is no positive integer, or no batch can be filled
 */
export function createLoader(dataSet: DataSet, options: LoaderOptions): Loader {
  const { batchSize, seed = 0, streams = false, shuffle = !streams } = options;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new UsageError({
      operation: 'data loader',
      expected: 'a batch size that is a positive integer',
      got: String(batchSize),
    });
  }
  const steps = stepsPerEpoch(dataSet.count, options);
  if (steps === 0) {
    throw new UsageError({
      operation: 'data loader',
      expected: `at least one full batch of ${batchSize}`,
      got: `${dataSet.count} items in ${dataSet.id}, split ${dataSet.split}`,
      remedy: 'Choose a smaller batch size, or keep the last batch.',
    });
  }

  let order: Uint32Array = new Uint32Array(0);
  let shift = 0;
  let orderEpoch = -1;
  return {
    stepsPerEpoch: steps,
    batch(step) {
      const epoch = Math.floor(step / steps);
      const index = step - epoch * steps;
      if (epoch !== orderEpoch) {
        order = orderOf(dataSet, { seed, epoch, shuffle });
        const movable = dataSet.text !== undefined && dataSet.labels === undefined; // a labelled window is a text of its own
        shift = movable && (shuffle || streams) ? shiftOf(dataSet, { seed, epoch }) : 0;
        orderEpoch = epoch;
      }
      const indices = streams
        ? Uint32Array.from({ length: batchSize }, (_, row) => row * steps + index)
        : order.slice(index * batchSize, (index + 1) * batchSize);
      const size = indices.length;
      const batch = { epoch, index, size, shape: [size, ...dataSet.shape], indices };
      return { ...batch, ...gather(dataSet, indices, { shift }), ...(streams ? { continues: index > 0 } : {}) };
    },
  };
}

/** By how many tokens an epoch's windows of text are moved, so that the borders between windows are not always the same. */
function shiftOf({ shape }: DataSet, { seed, epoch }: { readonly seed: number; readonly epoch: number }): number {
  return randomInt(Math.max(1, (shape[0] as number) - 1), { seed, site: sites['text-shift'], step: epoch });
}

/** The batches of one epoch, from batch `first` on. */
export function* batches(
  dataSet: DataSet,
  { epoch = 0, first = 0, ...options }: LoaderOptions & { readonly epoch?: number; readonly first?: number },
): Generator<Batch, void, undefined> {
  const loader = createLoader(dataSet, options);
  for (let index = first; index < loader.stepsPerEpoch; index++) {
    yield loader.batch(epoch * loader.stepsPerEpoch + index);
  }
}
