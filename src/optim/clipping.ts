/** Bounds on gradients, applied before the optimizer. */
import { ShapeError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import { checkNumber, positive } from './settings.js';

/** √Σg² over all elements of all tensors: a scalar. */
export function globalNorm(gradients: readonly Tensor[]): Tensor {
  const [first, ...rest] = gradients.map((g) => g.square().sum());
  if (first === undefined)
    throw new ShapeError({ operation: 'globalNorm', expected: 'at least one tensor', got: 'none' });
  return rest.reduce((total, s) => total.add(s), first).sqrt();
}

/** min(1, maxNorm/(norm + 10⁻⁶)), the factor that brings gradients of this norm down to `maxNorm`: a scalar. */
export function clipScale(norm: Tensor, maxNorm: number): Tensor {
  checkNumber('clip', 'maxNorm', maxNorm, positive);
  return norm.add(1e-6).reciprocal().mul(maxNorm).minimum(1);
}

/**
 * Scales all gradients by one factor so that their common norm is at most `maxNorm`, as PyTorch's clip_grad_norm_ does
 * (Pascanu et al. 2013, algorithm 1).
 * @returns the gradients, and the norm before clipping: a scalar worth logging
 */
export function clipByGlobalNorm(
  gradients: readonly Tensor[],
  maxNorm: number,
): { readonly gradients: Tensor[]; readonly norm: Tensor } {
  const norm = globalNorm(gradients);
  const scale = clipScale(norm, maxNorm);
  return { gradients: gradients.map((g) => g.mul(scale)), norm };
}

/** Limits each element to −limit…limit. */
export function clipByValue(gradients: readonly Tensor[], limit: number): Tensor[] {
  checkNumber('clipByValue', 'limit', limit, positive);
  return gradients.map((g) => g.maximum(-limit).minimum(limit));
}
