/**
 * Gradient accumulation: k micro-batches of b items give the gradient of one batch of k·b, in the memory of b. Two
 * programs share the sums: one for the first k − 1 micro-batches, which only adds, and one for the last, which takes the
 * mean and updates.
 */
import type { Variable } from '../core/leaves.js';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { zeros } from '../ops/index.js';
import { checkSameShapes, variableLike } from './optimizer.js';
import { checkNumber, count } from './settings.js';

export interface Accumulator {
  /** Running sums, zeros between updates. */
  readonly sums: readonly Variable[];
  /** Inside a compiled function: adds a micro-batch's gradients to the sums. One pass. */
  add(gradients: readonly Tensor[]): void;
  /**
   * Inside a compiled function: (sums + last)/parts, the mean gradient over `parts` micro-batches of equal size of which
   * `last` is the newest and was not added; the sums are zeros again. Three passes.
   */
  take(last: readonly Tensor[], parts: number): Tensor[];
}

/** Sums of gradients of these shapes. */
export function accumulate(shapes: readonly Shape[]): Accumulator {
  const sums = shapes.map((shape) => variableLike(shape, 'gradient_sum'));
  return {
    sums,
    add: (gradients) => {
      checkSameShapes('accumulate, add', sums, gradients);
      for (const [i, sum] of sums.entries()) sum.assign(sum.add(gradients[i]!));
    },
    take: (last, parts) => {
      checkSameShapes('accumulate, take', sums, last);
      checkNumber('accumulate', 'parts', parts, count);
      return sums.map((sum, i) => {
        sum.assign(zeros(sum.shape));
        return sum.add(last[i]!).mul(1 / parts);
      });
    },
  };
}
