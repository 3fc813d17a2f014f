/** Cross entropy of class labels, the loss of classifiers and language models, in nats. */
import { ShapeError, UsageError } from '../core/errors.js';
import { formatShape, sameShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { where } from '../ops/index.js';
import { sumPerItem } from './per-item.js';

export interface CrossEntropyOptions {
  /** ε: the target is 1 − ε on the label plus ε/K on every class (Szegedy et al. 2016, §7). */
  readonly smoothing?: number;
  /** Positions with this label count nothing: padding. */
  readonly ignoreIndex?: number;
}

/**
 * −ln softmax(l)ₖ at the label k; with smoothing (1 − ε)·that + ε·the mean of −ln softmax(l) over the classes, as in
 * PyTorch. Labels other than `ignoreIndex` must lie in 0…K−1.
 * @param logits [N, …, K]: the classes are the last axis, where PyTorch has them second
 * @param labels int32 or int64 [N, …]
 * @returns [N], nats, summed over the positions of each item
 */
export function crossEntropy(logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  return sumPerItem(perPosition(logits, labels, options));
}

/**
 * The mean of the cross entropy over all positions that count, as PyTorch's cross_entropy: e to it is the perplexity.
 * NaN where no position counts.
 * @returns a scalar, nats per position
 */
export function meanCrossEntropy(logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const losses = perPosition(logits, labels, options);
  if (options.ignoreIndex === undefined) return losses.mean();
  return losses.sum().div(labels.notEqual(options.ignoreIndex).cast('float32').sum());
}

/** [N, …, K], [N, …] → [N, …]; 0 at ignored positions. */
function perPosition(logits: Tensor, labels: Tensor, { smoothing = 0, ignoreIndex }: CrossEntropyOptions): Tensor {
  if (logits.rank < 2 || !sameShape(logits.shape.slice(0, -1), labels.shape)) {
    throw new ShapeError({
      operation: 'crossEntropy',
      expected: 'logits [N, …, classes] and labels [N, …]',
      got: `${formatShape(logits.shape)} and ${formatShape(labels.shape)}`,
      remedy: 'Bring the classes to the last axis: logits.transpose(…).',
    });
  }
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw new UsageError({
      operation: 'crossEntropy, smoothing',
      expected: 'a number in [0, 1]',
      got: String(smoothing),
    });
  }
  const ignored = ignoreIndex === undefined ? undefined : labels.equal(ignoreIndex);
  const valid = ignored === undefined ? labels : where(ignored, 0, labels);
  const logProbabilities = logits.logSoftmax();
  const hard = logProbabilities.pick(valid).neg();
  const losses = smoothing === 0 ? hard : hard.mul(1 - smoothing).add(logProbabilities.mean(-1).mul(-smoothing));
  return ignored === undefined ? losses : where(ignored, 0, losses);
}
