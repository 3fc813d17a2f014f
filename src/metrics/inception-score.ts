/**
 * Inception score: exp E KL(p(y | x) ‖ p(y)), with the classes that some classifier gives to generated items
 * (Salimans et al. 2016, §4). Between 1 and the number of classes; high where each item is surely of one class and all
 * classes occur equally often. It never looks at real items.
 */
import { UsageError } from '../core/errors.js';
import { pointsOf, type Rows } from './rows.js';

export interface InceptionScore {
  readonly mean: number;
  /** Standard deviation over the splits. */
  readonly deviation: number;
}

/**
 * @param probabilities p(y | x), [N, K]; rows sum to 1
 * @param options splits: parts of consecutive rows, each of which has a score of its own; default 10
 */
export function inceptionScore(probabilities: Rows, { splits = 10 }: { splits?: number } = {}): InceptionScore {
  const { count, width, values } = pointsOf('inception score', probabilities, { least: splits });
  if (!Number.isInteger(splits) || splits < 1) {
    throw new UsageError({ operation: 'inception score', expected: 'one or more splits', got: `${splits}` });
  }
  const scores = Array.from({ length: splits }, (_, s) => {
    const [first, end] = [Math.floor((s * count) / splits), Math.floor(((s + 1) * count) / splits)];
    const n = end - first;
    const marginal = new Float64Array(width);
    for (let i = first; i < end; i++) for (let k = 0; k < width; k++) marginal[k]! += values[i * width + k]! / n;
    let divergence = 0;
    for (let i = first; i < end; i++) {
      for (let k = 0; k < width; k++) {
        const p = values[i * width + k]!;
        if (p > 0) divergence += (p * Math.log(p / marginal[k]!)) / n;
      }
    }
    return Math.exp(divergence);
  });
  const mean = scores.reduce((sum, score) => sum + score, 0) / splits;
  return { mean, deviation: Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / splits) };
}
