/** Gradients of scalars, written in ops. */
import { GradientError, ShapeError } from '../core/errors.js';
import { gradientWalk } from '../core/gradient.js';
import { formatShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { add } from './arithmetic.js';
import { full, zeros } from './broadcast.js';

/**
 * ∂y/∂x for each x, as tensors that can be differentiated again; zeros where y does not depend on x.
 * @param y a scalar, or with `cotangent` any tensor: then the vector-Jacobian product Σ cotangent·∂y/∂x
 */
export function grad<const X extends Tensor | readonly Tensor[]>(
  y: Tensor,
  wrt: X,
  { cotangent }: { cotangent?: Tensor } = {},
): X extends Tensor ? Tensor : Tensor[] {
  if (cotangent === undefined && y.size !== 1) {
    throw new ShapeError({
      operation: 'grad',
      expected: 'a scalar',
      got: formatShape(y.shape),
      remedy: 'Reduce it with sum() or mean(), or pass a cotangent.',
    });
  }
  const list = Array.isArray(wrt) ? (wrt as readonly Tensor[]) : [wrt as Tensor];
  for (const t of [y, ...list]) {
    if (t.dtype === 'float32') continue;
    throw new GradientError({
      operation: 'grad',
      expected: 'float32 tensors',
      got: t.toString(),
      remedy: 'Integers and masks have no gradient.',
    });
  }
  const grads = gradientWalk([y], [cotangent ?? full(y.shape, 1)], list, add);
  const result = grads.map((g, i) => g ?? zeros(list[i]!.shape));
  return (Array.isArray(wrt) ? result : result[0]) as X extends Tensor ? Tensor : Tensor[];
}
