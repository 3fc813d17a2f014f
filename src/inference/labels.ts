/** A class that is asked for, as the labels of a batch. */
import type { HostTensor } from '../core/tensor.js';

/** int32 [count], all the same; undefined where none is asked for. */
export function labelsOf(label: number | undefined, count: number): HostTensor | undefined {
  if (label === undefined) return undefined;
  return { shape: [count], dtype: 'int32', data: new Int32Array(count).fill(label) };
}
