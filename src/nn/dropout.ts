import { UsageError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import { type Context, Module, rngOf } from './module.js';

/**
 * While training each element is zeroed with probability p and the others are scaled by 1/(1 − p), so that the
 * expectation stays; otherwise y = x.
 *
 * Shapes: any → the same. Axis 0 counts items: an item's noise does not depend on the batch that it is in.
 * @throws UsageError unless 0 ≤ p < 1, or when training without a random source
 *
 * Source: Srivastava et al. 2014; PyTorch's nn.Dropout.
 */
export class Dropout extends Module {
  readonly p: number;

  constructor(p = 0.5) {
    super();
    this.p = checkProbability(p);
  }

  forward(x: Tensor, context: Context = {}): Tensor {
    return dropout(x, this.p, context);
  }
}

export function dropout(x: Tensor, p: number, context: Context): Tensor {
  if (p === 0 || context.train !== true) return x;
  const kept = rngOf('dropout', context).bernoulli(1 - p, x.shape);
  return x.mul(kept.mul(1 / (1 - p)));
}

export function checkProbability(p: number): number {
  if (p >= 0 && p < 1) return p;
  throw new UsageError({ operation: 'dropout', expected: 'a probability in 0…1, 1 excluded', got: `${p}` });
}
