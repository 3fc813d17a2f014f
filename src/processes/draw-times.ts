/** Times for the items of a batch, some more often than others. */
import { tensor } from '../core/leaves.js';
import type { Tensor } from '../core/tensor.js';
import type { Rng } from '../random/rng.js';

/**
 * A time for each item, t with probability share[t]. Divided by its share, the term of the time drawn is an unbiased
 * estimate of the sum over all times; the closer the shares follow the terms, the less it varies. By the inverse of the
 * distribution: one uniform number a draw, where `rng.categorical` takes T.
 * @param share T numbers that sum to 1
 * @returns int32 [count]
 */
export function drawTimes(share: ArrayLike<number>, count: number, rng: Rng): Tensor {
  let total = 0;
  const bounds = Float64Array.from(share, (part) => {
    total += part;
    return total;
  });
  const cumulative = tensor(Float32Array.from(bounds.subarray(0, -1))); // [T − 1]
  const u = rng.uniform([count, 1]);
  return u.greaterEqual(cumulative.unsqueeze(0)).cast('float32').sum(1).cast('int32');
}
