/**
 * Maximum mean discrepancy between two sets of points under a normal kernel, on the host in float64; `losses` has it for
 * training.
 *
 *   k(x, y) = exp(−‖x − y‖² / (2σ²))
 *   MMD² = mean of k(xᵢ, xⱼ), i ≠ j, + mean of k(yᵢ, yⱼ), i ≠ j, − 2 · mean of k(xᵢ, yⱼ)     (Gretton et al. 2012, eq. 3)
 */
import { forSquaredDistances } from './products.js';
import { type Points, pointsOfBoth, type Rows } from './rows.js';

/** Rows of the real set that the default σ is found from. */
const rowsForBandwidth = 500;

export interface DiscrepancyOptions {
  /** σ; default: the median distance between real points (Gretton et al. 2012, §8). */
  readonly bandwidth?: number;
}

/** MMD², unbiased: it may be negative, and is 0 on average for equal distributions. */
export function maximumMeanDiscrepancy(real: Rows, generated: Rows, options: DiscrepancyOptions = {}): number {
  const [a, b] = pointsOfBoth('MMD', real, generated, { least: 2 });
  const { bandwidth = medianDistance(a) } = options;
  const scale = -1 / (2 * bandwidth * bandwidth);
  const within = (set: Points): number => (kernelSum(set, set, scale) - set.count) / (set.count * (set.count - 1));
  return within(a) + within(b) - (2 * kernelSum(a, b, scale)) / (a.count * b.count);
}

/** Median distance between distinct rows of a set, the first 500 of it; 1 where all are equal. */
export function medianDistance({ count, width, values }: Points): number {
  const some = Math.min(count, rowsForBandwidth);
  const part: Points = { count: some, width, values: values.subarray(0, some * width) };
  const squares: number[] = [];
  forSquaredDistances(part, part, (i, row) => {
    for (let j = i + 1; j < some; j++) squares.push(row[j]!);
  });
  const sorted = Float64Array.from(squares).sort();
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1
      ? Math.sqrt(sorted[middle]!)
      : (Math.sqrt(sorted[middle - 1]!) + Math.sqrt(sorted[middle]!)) / 2;
  return median > 0 ? median : 1;
}

function kernelSum(a: Points, b: Points, scale: number): number {
  let total = 0;
  const same = a === b;
  forSquaredDistances(a, b, (i, row) => {
    let sum = 0;
    for (let j = 0; j < row.length; j++) sum += same && i === j ? 1 : Math.exp(scale * row[j]!);
    total += sum;
  });
  return total;
}
