/**
 * Fréchet distance between two sets of features, each taken for normal: FID where the features are Inception's.
 *
 *   d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½)          (Dowson & Landau 1982; Heusel et al. 2017, eq. 6)
 *
 * tr (Σ₁ Σ₂)^½ is the sum of the roots of the eigenvalues of Σ₁ Σ₂. Those are the eigenvalues of the symmetric matrix
 * Σ₁^½ Σ₂ Σ₁^½, which has no complex ones and whose decomposition is stable also where Σ is singular; negative
 * eigenvalues, which come from rounding alone, count as 0.
 *
 * The distance is biased: with fewer samples it is larger (Chong & Forsyth 2020). Compare it at equal numbers only.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { forProducts } from './products.js';
import { type Points, pointsOfBoth, type Rows } from './rows.js';

/** Mean and covariance of a set, with N − 1 as divisor. */
interface Moments {
  readonly mean: Float64Array;
  /** [D][D] */
  readonly covariance: readonly Float64Array[];
}

/**
 * Fréchet distance of two sets of features.
 * @param real [M, D], M ≥ 2
 * @param generated [N, D], N ≥ 2
 * @returns d² ≥ 0, in squared units of the features
 */
export function frechetDistance(real: Rows, generated: Rows): number {
  const [a, b] = pointsOfBoth('Fréchet distance', real, generated, { least: 2 });
  return frechetOfMoments(momentsOf(a), momentsOf(b));
}

/** Samples below which a covariance of this width has not full rank, and the distance is mostly bias. */
export function samplesForRank(width: number): number {
  return width + 1;
}

/** Mean and covariance, found from centred values. */
function momentsOf({ count, width, values }: Points): Moments {
  const mean = new Float64Array(width);
  for (let i = 0; i < count; i++) for (let j = 0; j < width; j++) mean[j]! += values[i * width + j]! / count;
  const columns = new Float64Array(count * width); // [D, N]
  for (let j = 0; j < width; j++) {
    for (let i = 0; i < count; i++) columns[j * count + i] = values[i * width + j]! - mean[j]!;
  }
  const transposed: Points = { count: width, width: count, values: columns };
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  forProducts(
    transposed,
    transposed,
    (i, row) => {
      for (let j = i; j < width; j++) covariance[i]![j] = covariance[j]![i] = row[j]! / (count - 1);
    },
    { upper: true },
  );
  return { mean, covariance };
}

/** Fréchet distance of two normal distributions. */
function frechetOfMoments(a: Moments, b: Moments): number {
  let distance = 0;
  for (const [j, mean] of a.mean.entries()) distance += (mean - b.mean[j]!) ** 2;
  const trace = ({ covariance }: Moments): number => covariance.reduce((sum, row, j) => sum + row[j]!, 0);
  return Math.max(0, distance + trace(a) + trace(b) - 2 * traceOfRoot(a.covariance, b.covariance));
}

/** tr (Σ₁ Σ₂)^½ */
function traceOfRoot(first: readonly Float64Array[], second: readonly Float64Array[]): number {
  const { realEigenvalues, eigenvectorMatrix: V } = decompose(matrixOf(first));
  const roots = Matrix.diag(realEigenvalues.map((value) => Math.sqrt(Math.max(0, value))));
  const root = V.mmul(roots).mmul(V.transpose()); // Σ₁^½
  const product = root.mmul(matrixOf(second)).mmul(root);
  const symmetric = product.add(product.transpose()).mul(0.5);
  return decompose(symmetric).realEigenvalues.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
}

function matrixOf(rows: readonly Float64Array[]): Matrix {
  return new Matrix(rows.map((row) => Array.from(row)));
}

function decompose(symmetric: Matrix): EigenvalueDecomposition {
  return new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
}
