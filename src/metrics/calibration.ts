/**
 * Calibration: whether a classifier that is 80 % sure is right 80 % of the time (Guo et al. 2017, §2).
 *
 *   ECE = Σ_b (n_b / N) |accuracy_b − confidence_b|,   confidence = max p(y | x), in bins of equal width
 */
import { DataError } from '../core/errors.js';
import { pointsOf, type Rows } from './rows.js';

/** Items whose confidence lies in (low, high]; NaN means where there are none. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean confidence. */
  readonly confidence: number;
  /** Share that is right. */
  readonly accuracy: number;
}

export interface Calibration {
  /** The reliability curve. */
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error. */
  readonly ece: number;
  /** Largest error of a bin. */
  readonly mce: number;
}

/**
 * @param probabilities p(y | x), [N, K]
 * @param labels the true classes, N of them
 */
export function calibration(
  probabilities: Rows,
  labels: ArrayLike<number>,
  { bins: B = 15 }: { bins?: number } = {},
): Calibration {
  const { count, width, values } = pointsOf('calibration', probabilities);
  if (labels.length !== count) {
    throw new DataError({ operation: 'calibration', expected: `${count} labels`, got: `${labels.length}` });
  }
  const sums = Array.from({ length: B }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (let i = 0; i < count; i++) {
    const row = values.subarray(i * width, (i + 1) * width);
    const best = row.indexOf(Math.max(...row));
    const confidence = row[best]!;
    const bin = sums[Math.min(B - 1, Math.max(0, Math.ceil(confidence * B) - 1))]!;
    bin.count++;
    bin.confidence += confidence;
    if (best === labels[i]) bin.right++;
  }
  const bins = sums.map((bin, b) => ({
    low: b / B,
    high: (b + 1) / B,
    count: bin.count,
    confidence: bin.confidence / bin.count,
    accuracy: bin.right / bin.count,
  }));
  const used = bins.filter((bin) => bin.count > 0).map((b) => ({ ...b, gap: Math.abs(b.accuracy - b.confidence) }));
  return {
    bins,
    ece: used.reduce((sum, bin) => sum + (bin.count / count) * bin.gap, 0),
    mce: Math.max(...used.map(({ gap }) => gap)),
  };
}
