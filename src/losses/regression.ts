/**
 * Distances between a prediction and its target: [N, …] and [N, …] → [N]. They are sums over each item, so that they
 * stand beside a divergence in one bound; only `mse` is a mean, as its name says.
 */
import { UsageError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import { where } from '../ops/index.js';
import { bernoulliFromLogits } from './likelihoods.js';
import { checkEqualShapes, sumPerItem } from './per-item.js';

/** Σ (x − y)², −2 times the log-likelihood of a unit normal, but for its constant. */
export function squaredError(x: Tensor, y: Tensor): Tensor {
  checkEqualShapes('squaredError', x, y);
  return sumPerItem(x.sub(y).square());
}

/** Σ |x − y|; gradient 0 where x = y */
export function absoluteError(x: Tensor, y: Tensor): Tensor {
  checkEqualShapes('absoluteError', x, y);
  return sumPerItem(x.sub(y).abs());
}

/** (1/D) Σ (x − y)² over the D elements of each item; its mean over the batch is PyTorch's mse_loss. */
export function mse(x: Tensor, y: Tensor): Tensor {
  return squaredError(x, y).mul(x.shape[0]! / x.size);
}

/** Σ h(x − y), h(d) = ½d² for |d| ≤ δ, δ(|d| − ½δ) beyond (Huber 1964). */
export function huber(x: Tensor, y: Tensor, { delta = 1 }: { delta?: number } = {}): Tensor {
  checkEqualShapes('huber', x, y);
  if (!(delta > 0)) throw new UsageError({ operation: 'huber, delta', expected: 'a number > 0', got: String(delta) });
  const d = x.sub(y);
  const size = d.abs();
  return sumPerItem(where(size.lessEqual(delta), d.square().mul(0.5), size.sub(delta / 2).mul(delta)));
}

/** Huber's loss with δ = β, divided by β: slope 1 far out (Girshick 2015). For β = 0 it is `absoluteError`. */
export function smoothL1(x: Tensor, y: Tensor, { beta = 1 }: { beta?: number } = {}): Tensor {
  return beta === 0 ? absoluteError(x, y) : huber(x, y, { delta: beta }).mul(1 / beta);
}

/** −Σ y·ln σ(l) + (1 − y)·ln(1 − σ(l)) for logits l and targets y in 0…1, in nats. */
export function binaryCrossEntropyWithLogits(logits: Tensor, targets: Tensor): Tensor {
  return bernoulliFromLogits(targets, logits).neg();
}
