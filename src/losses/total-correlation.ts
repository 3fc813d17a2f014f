/**
 * The KL term of a VAE in three parts, estimated within a minibatch (Chen et al. 2018, "Isolating Sources of
 * Disentanglement", eq. 2):
 *
 *     KL(q(z | x) ‖ p(z)) = I(z; x) + KL(q(z) ‖ Π q(z_d)) + Σ KL(q(z_d) ‖ p(z_d))
 *                           mutual    total correlation     dimension-wise
 *                           information
 */
import { ShapeError, UsageError } from '../core/errors.js';
import { at, formatShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { gaussianPerElement } from './likelihoods.js';
import { checkEqualShapes } from './per-item.js';

export interface KlParts {
  readonly mutualInformation: Tensor;
  readonly totalCorrelation: Tensor;
  readonly dimensionWise: Tensor;
}

/**
 * Minibatch-weighted sampling (appendix C.1) with a standard normal prior: the aggregate posterior of item i is
 *
 *     ln q(zᵢ) ≈ ln 1/(N·M) Σⱼ q(zᵢ | xⱼ),
 *
 * for a batch of N out of a data set of M items, and likewise for each dimension. Biased: its expectation is a lower
 * bound of ln q(z). The three parts of an item add up to ln q(z | x) − ln p(z), its draw of the KL term, exactly;
 * β-TCVAE weighs the second by β.
 * @param code draws z ~ q(z | x), [N, D]
 * @param mean of q(z | x), [N, D]
 * @param logVariance of q(z | x), [N, D]
 * @param dataSize M, the number of items in the data set
 * @returns each part per item, [N], nats
 */
export function klParts(
  code: Tensor,
  mean: Tensor,
  logVariance: Tensor,
  { dataSize }: { readonly dataSize: number },
): KlParts {
  checkEqualShapes('klParts', code, mean);
  checkEqualShapes('klParts', code, logVariance);
  if (code.rank !== 2)
    throw new ShapeError({ operation: 'klParts', expected: 'codes [N, D]', got: formatShape(code.shape) });
  const N = at(code.shape, 0);
  if (!(dataSize >= N)) {
    throw new UsageError({
      operation: 'klParts, dataSize',
      expected: `at least the batch's ${N} items`,
      got: `${dataSize}`,
    });
  }
  const logWeight = -Math.log(N * dataSize);
  // ln q(z_id | x_j): [N, N, D]
  const pairs = gaussianPerElement(code.unsqueeze(1), mean.unsqueeze(0), logVariance.unsqueeze(0));
  const logJoint = pairs.sum(2).logSumExp(1).add(logWeight); // ln q(z): [N]
  const logMarginals = pairs.logSumExp(1).add(logWeight).sum(1); // Σ ln q(z_d): [N]
  const logPosterior = gaussianPerElement(code, mean, logVariance).sum(1); // ln q(z | x): [N]
  const logPrior = gaussianPerElement(code, 0, 0).sum(1); // ln p(z): [N]
  return {
    mutualInformation: logPosterior.sub(logJoint),
    totalCorrelation: logJoint.sub(logMarginals),
    dimensionWise: logMarginals.sub(logPrior),
  };
}
