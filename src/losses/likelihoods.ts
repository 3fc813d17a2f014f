/**
 * Log-likelihoods of an item under a distribution whose parameters a network gives: the larger the better, in nats,
 * summed over the item's elements: [N, …] → [N].
 */

import type { Tensor } from '../core/tensor.js';
import { checkEqualShapes, checkOperands, type Operand, sumPerItem } from './per-item.js';

/**
 * Bernoulli: ln p(x) = Σ x·ln σ(l) + (1 − x)·ln(1 − σ(l)) = Σ x·l − softplus(l), finite for any logit.
 * A likelihood for x in {0, 1}; for grey values between, the usual bound-like score without a normaliser.
 * @param x [N, …] in 0…1
 * @param logits [N, …]
 * @returns [N], nats
 */
export function bernoulliFromLogits(x: Tensor, logits: Tensor): Tensor {
  checkEqualShapes('bernoulliFromLogits', x, logits);
  return sumPerItem(x.mul(logits).sub(logits.softplus()));
}

/**
 * Normal with a diagonal covariance: ln p(x) = −½ Σ (ln 2π + ln σ² + (x − μ)²/σ²).
 * A density: it depends on the unit of x and may be positive.
 * @param x [N, …]
 * @param mean μ, broadcast to x (or x to it)
 * @param logVariance ln σ², likewise; 0 for unit variance
 * @returns [N], nats
 */
export function gaussian(x: Tensor, mean: Operand, logVariance: Operand): Tensor {
  checkOperands('gaussian', x, mean, logVariance);
  return sumPerItem(gaussianPerElement(x, mean, logVariance));
}

/** ln N(x; μ, σ²) of each element. */
export function gaussianPerElement(x: Tensor, mean: Operand, logVariance: Operand): Tensor {
  const squares = x.sub(mean).square();
  const log2Pi = Math.log(2 * Math.PI);
  if (typeof logVariance === 'number') return squares.mul(-0.5 / Math.exp(logVariance)).sub((log2Pi + logVariance) / 2);
  return squares.mul(logVariance.neg().exp()).add(logVariance).add(log2Pi).mul(-0.5);
}
