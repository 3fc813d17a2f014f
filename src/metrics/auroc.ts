/**
 * Telling outliers from items by one score: the area under the receiver operating characteristic is the probability that
 * an outlier scores higher than an item. 0.5: no better than chance.
 */
import { DataError, UsageError } from '../core/errors.js';
import { formatShape, sameShape } from '../core/shape.js';
import type { EvaluationContext } from './contract.js';
import { valuesOfItems } from './per-item.js';

/**
 * P(outlier > item) + ½ P(outlier = item) over all pairs, from the ranks of the pooled scores (Mann & Whitney 1947).
 * @param items scores of what should score low
 * @param outliers scores of what should score high
 * @throws DataError for a score that is NaN; UsageError where one side is empty
 */
export function areaUnderRoc(items: ArrayLike<number>, outliers: ArrayLike<number>): number {
  const [m, n] = [items.length, outliers.length];
  if (m === 0 || n === 0) {
    throw new UsageError({ operation: 'auroc', expected: 'scores on both sides', got: `${m} and ${n}` });
  }
  const pooled = [
    ...Array.from(items, (score) => ({ score, outlier: false })),
    ...Array.from(outliers, (score) => ({ score, outlier: true })),
  ].sort((a, b) => a.score - b.score);
  if (pooled.some(({ score }) => Number.isNaN(score))) {
    throw new DataError({ operation: 'auroc', expected: 'scores that are numbers', got: 'NaN' });
  }
  let rankSum = 0;
  for (let first = 0; first < pooled.length; ) {
    let end = first;
    while (end < pooled.length && pooled[end]!.score === pooled[first]!.score) end++;
    const rank = (first + 1 + end) / 2; // equal scores share the mean of their ranks
    for (; first < end; first++) if (pooled[first]!.outlier) rankSum += rank;
  }
  return (rankSum - (n * (n + 1)) / 2) / (m * n);
}

async function against(
  context: EvaluationContext,
  score: (side: EvaluationContext) => Promise<Float32Array>,
): Promise<number> {
  const { data, against: outliers, onProgress } = context;
  if (!sameShape(data.shape, outliers!.shape)) {
    throw new UsageError({
      operation: 'auroc',
      expected: `outliers of shape ${formatShape(data.shape)}, as the items of ${data.id}`,
      got: `${formatShape(outliers!.shape)} of ${outliers!.id}`,
      remedy: 'Choose a data set whose items have the same shape.',
    });
  }
  const items = await score({ ...context, onProgress: (f) => onProgress(f / 2) });
  const others = await score({ ...context, data: outliers!, onProgress: (f) => onProgress((1 + f) / 2) });
  return areaUnderRoc(items, others);
}

/** By surprise: −ln p(x), exact or its bound with one draw. */
export function outliersByLikelihood(context: EvaluationContext): Promise<number> {
  const { elbo, logProb } = context.instance.capabilities;
  return against(context, (side) =>
    valuesOfItems(side, 'auroc', 100, (x, noise) =>
      elbo === undefined ? logProb!(x, { ...noise, k: 1 }).neg() : elbo(x, noise).elbo.neg(),
    ),
  );
}

/** By the squared error of the reconstruction. */
export function outliersByReconstruction(context: EvaluationContext): Promise<number> {
  const reconstruct = context.instance.capabilities.reconstruct!;
  return against(context, (side) =>
    valuesOfItems(side, 'auroc_reconstruction', 100, (x, noise) =>
      reconstruct(x, noise).sub(x).square().flatten(1).mean(1),
    ),
  );
}
