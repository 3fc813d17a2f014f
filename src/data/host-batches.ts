/**
 * Work in batches of one fixed size. Results then do not depend on how many items are asked for: a matrix product over
 * 7 rows may round differently from one over 32, so the last batch is filled up and the surplus dropped.
 */
import { dtypeOf } from '../core/dtype.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from './data-set.js';
import { gather } from './loader.js';

/** A batch as a program takes it: x [B, ...shape], labels int32 [B] where there are any. */
export interface HostBatch {
  readonly x: HostTensor;
  readonly labels?: HostTensor;
  /** A scalar, see `LoaderOptions.streams`. */
  readonly continues?: HostTensor;
}

export interface BatchPosition {
  /** Index of the first item. */
  readonly first: number;
  /** Items of the batch that are real; the rest repeat the last one. */
  readonly used: number;
  readonly size: number;
}

/** Calls `fn` on the items in order, `size` at a time. */
export async function forBatches(
  data: DataSet,
  size: number,
  fn: (batch: HostBatch, position: BatchPosition) => Promise<void>,
): Promise<void> {
  for (let first = 0; first < data.count; first += size) {
    const used = Math.min(size, data.count - first);
    const indices = Array.from({ length: size }, (_, i) => first + Math.min(i, used - 1));
    await fn(hostBatch(data, indices), { first, used, size });
  }
}

/** The items at these positions. */
export function hostBatch(data: DataSet, indices: readonly number[]): HostBatch {
  const { x, labels } = gather(data, indices);
  const n = indices.length;
  return {
    x: { shape: [n, ...data.shape], dtype: dtypeOf(x), data: x },
    ...(labels === undefined ? {} : { labels: { shape: [n], dtype: 'int32', data: labels } as HostTensor }),
  };
}
