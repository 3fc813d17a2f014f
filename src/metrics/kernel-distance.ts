/**
 * Kernel distance: the squared maximum mean discrepancy between two sets of features under a cubic kernel; KID where the
 * features are Inception's.
 *
 *   k(x, y) = (⟨x, y⟩/D + 1)³                                              (Bińkowski et al. 2018, §4)
 *   MMD² = mean of k(xᵢ, xⱼ), i ≠ j, + mean of k(yᵢ, yⱼ), i ≠ j, − 2 · mean of k(xᵢ, yⱼ)
 *
 * It is unbiased, so it may be negative, and its expectation does not depend on the number of samples. It is averaged
 * over random subsets, whose spread tells how sure it is.
 */
import { permutation } from '../random/distributions.js';
import { forProducts } from './products.js';
import { type Points, pointsOfBoth, type Rows, takeRows } from './rows.js';
import { metricSites } from './sites.js';

export interface KernelDistanceOptions {
  /** Default 100. */
  readonly subsets?: number;
  /** Rows of a subset; at most as many as the smaller set has. Default 1,000. */
  readonly subsetSize?: number;
  /** Of the choice of subsets; default 0. */
  readonly seed?: number;
  /** Told the fraction done. */
  readonly onProgress?: (fraction: number) => void;
}

export interface KernelDistance {
  readonly mean: number;
  /** Standard deviation over the subsets. */
  readonly deviation: number;
}

/** Mean and spread of MMD² over random subsets; a subset that would be the whole set is taken once. */
export function kernelDistance(
  real: Rows,
  generated: Rows,
  { subsets = 100, subsetSize = 1000, seed = 0, onProgress = () => undefined }: KernelDistanceOptions = {},
): KernelDistance {
  const [a, b] = pointsOfBoth('kernel distance', real, generated, { least: 2 });
  const size = Math.min(subsetSize, a.count, b.count);
  const rounds = size === a.count && size === b.count ? 1 : subsets;
  const values = Array.from({ length: rounds }, (_, step) => {
    const subset = (set: Points, site: number): Points =>
      takeRows(set, permutation(set.count, { seed, site, step }).subarray(0, size));
    const value = cubicMmd(subset(a, metricSites['kid-real']), subset(b, metricSites['kid-generated']));
    onProgress((step + 1) / rounds);
    return value;
  });
  const mean = values.reduce((sum, value) => sum + value, 0) / rounds;
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rounds) };
}

/** MMD² of two sets of two or more rows. */
function cubicMmd(a: Points, b: Points): number {
  return withinMean(a) + withinMean(b) - 2 * betweenMean(a, b);
}

/** Mean of k(xᵢ, xⱼ) over i < j. */
function withinMean(set: Points): number {
  let total = 0;
  forProducts(
    set,
    set,
    (i, row) => {
      for (let j = i + 1; j < row.length; j++) total += (row[j]! / set.width + 1) ** 3;
    },
    { upper: true },
  );
  return (2 * total) / (set.count * (set.count - 1));
}

/** Mean of k(xᵢ, yⱼ) over all pairs. */
function betweenMean(a: Points, b: Points): number {
  let total = 0;
  forProducts(a, b, (_, row) => {
    for (const product of row) total += (product / a.width + 1) ** 3;
  });
  return total / (a.count * b.count);
}
