/** The likelihood of quantised values under a normal distribution (Ho et al. 2020, eq. 13). */
import { UsageError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import { where } from '../ops/index.js';
import type { LevelOptions } from './discretized-logistic.js';
import { checkOperands, sumPerItem } from './per-item.js';

/** Least probability that a level is given; differences of Φ below 10⁻⁷ are rounding in float32. */
const least = 1e-12;

/**
 * ln P(x), P(x) = Φ((x + Δ/2 − μ)/σ) − Φ((x − Δ/2 − μ)/σ) with Δ the distance of two levels; the outermost bins reach to
 * infinity, so the levels' probabilities sum to 1. P is at least 10⁻¹².
 * @param x [N, …] on the levels
 * @param mean μ, broadcast to x
 * @param logDeviation ln σ, broadcast to x
 * @returns [N], nats
 */
export function discretizedGaussian(x: Tensor, mean: Tensor, logDeviation: Tensor, options: LevelOptions = {}): Tensor {
  checkOperands('discretizedGaussian', x, mean, logDeviation);
  const { levels = 256, low = -1, high = 1 } = options;
  if (!(Number.isInteger(levels) && levels >= 2 && low < high)) {
    throw new UsageError({
      operation: 'discretized Gaussian',
      expected: 'two or more levels from low to a larger high',
      got: `${levels} levels from ${low} to ${high}`,
    });
  }
  const half = (high - low) / (levels - 1) / 2;
  const scale = logDeviation.neg().exp();
  const centred = x.sub(mean);
  const below = normalCdf(centred.sub(half).mul(scale));
  const upTo = normalCdf(centred.add(half).mul(scale));
  const probability = where(x.greater(high - half), 1, upTo).sub(where(x.less(low + half), 0, below));
  return sumPerItem(probability.maximum(least).log());
}

/** Φ(x) */
function normalCdf(x: Tensor): Tensor {
  return x.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
}
