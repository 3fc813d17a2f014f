/**
 * Penalties on the gradient of a critic with respect to its input. They contain a gradient, so that training with them
 * differentiates twice. The critic must treat the items of a batch separately: no batch normalisation.
 */
import { ShapeError } from '../core/errors.js';
import { formatShape, sizeOf } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { grad } from '../ops/index.js';
import { checkEqualShapes, sumPerItem } from './per-item.js';

/** Items [N, …] → values, one or more (patches) for each item, which are added up. */
export type Critic = (x: Tensor) => Tensor;

/** ‖∇ₓ D(x)‖² of each item: [N, …] → [N]. */
function squaredSlopes(critic: Critic, x: Tensor): Tensor {
  return sumPerItem(grad(critic(x).sum(), x).square());
}

/**
 * WGAN-GP: E (‖∇D(x̂)‖ − target)² at x̂ = ε·real + (1 − ε)·fake, to be multiplied by λ, 10 in the paper (Gulrajani et al.
 * 2017, eq. 3). Under the root 10⁻¹² is added, so that a critic that is flat somewhere gives no NaN.
 * @param real [N, …]
 * @param fake [N, …]
 * @param epsilon uniform in 0…1, one for each item: [N] or [N, 1, …]
 * @param target the slope asked for
 * @returns a scalar
 */
export function gradientPenalty(
  critic: Critic,
  real: Tensor,
  fake: Tensor,
  epsilon: Tensor,
  { target = 1 }: { target?: number } = {},
): Tensor {
  checkEqualShapes('gradientPenalty', real, fake);
  if (epsilon.size !== real.shape[0] || epsilon.shape[0] !== real.shape[0]) {
    throw new ShapeError({
      operation: 'gradientPenalty, epsilon',
      expected: `one number for each of the ${real.shape[0]} items`,
      got: formatShape(epsilon.shape),
    });
  }
  const share = epsilon.reshape([sizeOf(epsilon.shape), ...real.shape.slice(1).map(() => 1)]);
  const between = real.sub(fake).mul(share).add(fake);
  return squaredSlopes(critic, between).add(1e-12).sqrt().sub(target).square().mean();
}

/**
 * R1: ½E ‖∇D(x)‖² at real items, to be multiplied by γ, 10 in the paper (Mescheder et al. 2018, eq. 9). At generated
 * items it is R2.
 * @param real [N, …]
 * @returns a scalar
 */
export function r1Penalty(critic: Critic, real: Tensor): Tensor {
  return squaredSlopes(critic, real).mean().mul(0.5);
}
