/** Keeping the estimate of the clean item where clean items lie. */
import { UsageError } from '../core/errors.js';
import { at } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';

/** Clips to −range … range (Ho et al. 2020, §3.2, where images lie in −1 … 1). */
export function clipSample(range = 1): (original: Tensor) => Tensor {
  return (original) => original.clip(-range, range);
}

/**
 * Dynamic thresholding (Saharia et al. 2022, §2.3): with s the given quantile of an item's absolute values, and 1 at least,
 * the item is clipped to −s … s and divided by s. Strong guidance then saturates less than with clipping to −1 … 1.
 * @param ratio the quantile, as NumPy's with linear interpolation
 * @throws UsageError unless 0 < ratio ≤ 1
 */
export function dynamicThreshold(ratio = 0.995): (original: Tensor) => Tensor {
  if (!(ratio > 0 && ratio <= 1)) {
    throw new UsageError({ operation: 'dynamic threshold', expected: 'a ratio in 0…1, 0 excluded', got: `${ratio}` });
  }
  return (original) => {
    const sizes = original.abs().flatten(1); // [B, D]
    const place = ratio * (at(sizes.shape, 1) - 1);
    const low = Math.floor(place);
    const largest = sizes.topK(at(sizes.shape, 1) - low).values; // falling, down to rank `low`
    const count = at(largest.shape, 1);
    const lower = largest.narrow(1, count - 1, 1);
    const upper = largest.narrow(1, Math.max(count - 2, 0), 1);
    const quantile = lower.add(upper.sub(lower).mul(place - low)); // [B, 1]
    const s = quantile.maximum(1).reshape([at(sizes.shape, 0), ...original.shape.slice(1).map(() => 1)]);
    return original.minimum(s).maximum(s.neg()).div(s);
  };
}
