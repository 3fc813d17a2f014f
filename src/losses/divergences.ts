/** Divergences between distributions in closed form, per item, in nats: [N, …] → [N]. All are ≥ 0, and 0 for equals. */
import type { Tensor } from '../core/tensor.js';
import { where } from '../ops/index.js';
import { checkEqualShapes, checkOperands, type Operand, sumPerItem } from './per-item.js';

/**
 * KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ μ² + σ² − 1 − ln σ² (Kingma & Welling 2013, appendix B).
 * @param mean [N, …]
 * @param logVariance ln σ², [N, …]
 */
export function klStandardNormal(mean: Tensor, logVariance: Tensor): Tensor {
  checkEqualShapes('klStandardNormal', mean, logVariance);
  return sumPerItem(mean.square().add(logVariance.exp()).sub(logVariance).sub(1)).mul(0.5);
}

/** A normal distribution with a diagonal covariance; the parts broadcast. */
export interface Normal {
  readonly mean: Operand;
  /** ln σ² */
  readonly logVariance: Operand;
}

/** KL(p ‖ q) = ½ Σ ln σq² − ln σp² + (σp² + (μp − μq)²)/σq² − 1 of two normals; p has the full shape [N, …]. */
export function klNormal(p: { readonly mean: Tensor; readonly logVariance: Tensor }, q: Normal): Tensor {
  checkOperands('klNormal', p.mean, p.logVariance, q.mean, q.logVariance);
  const logRatio = p.logVariance.sub(q.logVariance); // ln σp²/σq²
  const squares = p.mean.sub(q.mean).square();
  const scaled =
    typeof q.logVariance === 'number' ? squares.mul(Math.exp(-q.logVariance)) : squares.mul(q.logVariance.neg().exp());
  return sumPerItem(logRatio.exp().sub(logRatio).add(scaled).sub(1)).mul(0.5);
}

/** Σ p·(ln p − ln q), where 0·ln 0 = 0. */
function crossed(logP: Tensor, logQ: Tensor): Tensor {
  const p = logP.exp();
  return sumPerItem(p.mul(where(p.greater(0), logP.sub(logQ), 0)));
}

/**
 * KL(p ‖ q) = Σ pₖ ln pₖ/qₖ of categorical distributions given by logits, classes last; summed over further axes. A
 * logit of −∞ is a class of probability 0; ∞ where q excludes a class that p has.
 * @param p logits [N, …, K]
 * @param q logits [N, …, K]
 */
export function klCategorical(p: Tensor, q: Tensor): Tensor {
  checkEqualShapes('klCategorical', p, q);
  return crossed(p.logSoftmax(), q.logSoftmax());
}

/**
 * Jensen–Shannon divergence ½KL(p ‖ m) + ½KL(q ‖ m), m = ½(p + q), of categorical distributions given by logits:
 * symmetric, and at most ln 2 for each distribution (Lin 1991, eq. 4.1 with equal weights).
 * @param p logits [N, …, K]
 * @param q logits [N, …, K]
 */
export function jensenShannon(p: Tensor, q: Tensor): Tensor {
  checkEqualShapes('jensenShannon', p, q);
  const [logP, logQ] = [p.logSoftmax(), q.logSoftmax()];
  // ln m = ln p + softplus(ln q − ln p) − ln 2, from the larger side; −∞ where both exclude a class
  const larger = logP.maximum(logQ);
  const gap = logP.minimum(logQ).sub(larger);
  const logM = larger.add(where(larger.equal(Number.NEGATIVE_INFINITY), 0, gap).softplus()).sub(Math.LN2);
  return crossed(logP, logM).add(crossed(logQ, logM)).mul(0.5);
}
