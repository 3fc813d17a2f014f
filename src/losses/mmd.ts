/** Maximum mean discrepancy: a distance between two sets of samples (Gretton et al. 2012). */
import { ShapeError, UsageError } from '../core/errors.js';
import { at, formatShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { eye } from '../ops/index.js';

/** Turns squared distances into similarities. */
export type Kernel = (squaredDistances: Tensor) => Tensor;

/** Gaussian kernels, averaged over the bandwidths σ: exp(−d²/(2σ²)). */
export function rbfKernel(bandwidths: readonly number[] = [1]): Kernel {
  checkScales('rbfKernel', bandwidths);
  return (d2) => average(bandwidths.map((s) => d2.mul(-1 / (2 * s * s)).exp()));
}

/**
 * Inverse multiquadratics, averaged over the constants C: C/(C + d²). Their tails are heavy, so that far samples still
 * feel a pull. Tolstikhin et al. 2018 (§4) take C = 2Dσ² for D latent dimensions of prior variance σ², and several
 * multiples of it.
 */
export function imqKernel(constants: readonly number[] = [1]): Kernel {
  checkScales('imqKernel', constants);
  return (d2) => average(constants.map((c) => d2.add(c).reciprocal().mul(c)));
}

function checkScales(operation: string, scales: readonly number[]): void {
  if (scales.length > 0 && scales.every((s) => s > 0 && Number.isFinite(s))) return;
  throw new UsageError({ operation, expected: 'one or more numbers > 0', got: `[${scales.join(', ')}]` });
}

function average(tensors: readonly Tensor[]): Tensor {
  return tensors.reduce((a, b) => a.add(b)).mul(1 / tensors.length);
}

export interface MmdOptions {
  readonly kernel?: Kernel;
  /** Keeps each sample's similarity to itself: never negative, but larger than 0 for equal distributions. */
  readonly biased?: boolean;
}

/**
 * MMD² = E k(x, x′) + E k(y, y′) − 2 E k(x, y), over distinct pairs (an unbiased estimate, which may be negative;
 * Gretton et al. 2012, eq. 3), or over all pairs where `biased` (eq. 5).
 * @param x samples [M, D]
 * @param y samples [N, D]
 * @returns a scalar
 */
export function mmd(x: Tensor, y: Tensor, { kernel = rbfKernel(), biased = false }: MmdOptions = {}): Tensor {
  const least = biased ? 1 : 2;
  if (
    x.rank !== 2 ||
    y.rank !== 2 ||
    at(x.shape, 1) !== at(y.shape, 1) ||
    at(x.shape, 0) < least ||
    at(y.shape, 0) < least
  ) {
    throw new ShapeError({
      operation: 'mmd',
      expected: `two sets of ${least} or more vectors of one length, [M, D] and [N, D]`,
      got: `${formatShape(x.shape)} and ${formatShape(y.shape)}`,
      remedy: 'Flatten the items: x.flatten(1).',
    });
  }
  const within = (z: Tensor): Tensor => {
    const n = at(z.shape, 0);
    const similarities = kernel(squaredDistances(z, z));
    if (biased) return similarities.mean();
    return similarities
      .mul(eye(n).neg().add(1))
      .sum()
      .mul(1 / (n * (n - 1)));
  };
  return within(x)
    .add(within(y))
    .sub(kernel(squaredDistances(x, y)).mean().mul(2));
}

/** ‖xᵢ − yⱼ‖² = ‖xᵢ‖² + ‖yⱼ‖² − 2⟨xᵢ, yⱼ⟩, not below 0 by rounding: [M, D], [N, D] → [M, N]. */
function squaredDistances(x: Tensor, y: Tensor): Tensor {
  const squares = (z: Tensor): Tensor => z.square().sum(1, { keepDims: true });
  return squares(x).add(squares(y).transpose()).sub(x.matmul(y.transpose()).mul(2)).maximum(0);
}
