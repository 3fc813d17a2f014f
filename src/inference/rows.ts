/** Host tensors through programs of one batch size. */
import { allocate, type TypedArray } from '../core/dtype.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import type { HostBatch } from '../data/host-batches.js';

/** Rows of a program's batch: fixed, so that an item's result does not depend on how many are asked for. */
export const batchSize = 32;

/** Rows through a function, a fixed number at a time; what it gives by name, cut to the rows that were asked for. */
export async function mapRows<R extends object>(
  { x, labels }: HostBatch,
  run: (batch: HostBatch, firstRow: number) => Promise<R>,
): Promise<R> {
  const count = x.shape[0]!;
  const out: Record<string, HostTensor> = {};
  for (let first = 0; first < count; first += batchSize) {
    const used = Math.min(batchSize, count - first);
    const batch = {
      x: rowsOf(x, first, used),
      ...(labels === undefined ? {} : { labels: rowsOf(labels, first, used) }),
    };
    for (const [name, result] of Object.entries(await run(batch, first)) as [string, HostTensor][]) {
      const [shape, width] = [result.shape.slice(1), sizeOf(result.shape.slice(1))];
      out[name] ??= { shape: [count, ...shape], dtype: result.dtype, data: allocate(result.dtype, count * width) };
      copy(out[name].data, result.data, first * width, used * width);
    }
  }
  return out as R;
}

/** A batch of the fixed size whose first rows are those of `from`; the others are zero. */
export function rowsOf(from: HostTensor, first: number, used: number): HostTensor {
  const shape = from.shape.slice(1);
  const width = sizeOf(shape);
  const data = allocate(from.dtype, batchSize * width);
  copy(data, from.data.subarray(first * width), 0, used * width);
  return { shape: [batchSize, ...shape], dtype: from.dtype, data };
}

function copy(to: TypedArray, from: TypedArray, at: number, length: number): void {
  (to as Float32Array).set(from.subarray(0, length) as Float32Array, at);
}

/** The given rows of a host tensor, in this order. */
export function pickRows(from: HostTensor, indices: readonly number[]): HostTensor {
  const shape = from.shape.slice(1);
  const width = sizeOf(shape);
  const data = allocate(from.dtype, indices.length * width);
  for (const [i, index] of indices.entries()) copy(data, from.data.subarray(index * width), i * width, width);
  return { shape: [indices.length, ...shape], dtype: from.dtype, data };
}
