/** Inner products and distances between the rows of two sets, in float64, a few rows at a time. */
import type { Points } from './rows.js';

/** Rows of `a` whose products are found together: their values are read once for all. */
const together = 4;

/**
 * Calls `fn` with ⟨aᵢ, bⱼ⟩ for all j, row by row. The array is used again for later rows.
 * @param a [M, D]
 * @param b [N, D]
 * @param options upper: only products with j ≥ i are wanted; those with j < i are left as they are
 */
export function forProducts(
  a: Points,
  b: Points,
  fn: (i: number, products: Float64Array) => void,
  { upper = false }: { upper?: boolean } = {},
): void {
  const D = a.width;
  const [x, y] = [a.values, b.values];
  const out = Array.from({ length: together }, () => new Float64Array(b.count));
  const [o0, o1, o2, o3] = out as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (let first = 0; first < a.count; first += together) {
    const rows = Math.min(together, a.count - first);
    const at = (r: number): number => (first + Math.min(r, rows - 1)) * D;
    const [a0, a1, a2, a3] = [at(0), at(1), at(2), at(3)];
    for (let j = upper ? first : 0; j < b.count; j++) {
      const b0 = j * D;
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let k = 0; k < D; k++) {
        const v = y[b0 + k]!;
        s0 += x[a0 + k]! * v;
        s1 += x[a1 + k]! * v;
        s2 += x[a2 + k]! * v;
        s3 += x[a3 + k]! * v;
      }
      o0[j] = s0;
      o1[j] = s1;
      o2[j] = s2;
      o3[j] = s3;
    }
    for (let r = 0; r < rows; r++) fn(first + r, out[r]!);
  }
}

/** Calls `fn` with ‖aᵢ − bⱼ‖² = ‖aᵢ‖² + ‖bⱼ‖² − 2⟨aᵢ, bⱼ⟩, not below 0 by rounding, for all j, row by row. */
export function forSquaredDistances(a: Points, b: Points, fn: (i: number, distances: Float64Array) => void): void {
  const [na, nb] = [squaredNorms(a), squaredNorms(b)];
  forProducts(a, b, (i, row) => {
    for (let j = 0; j < row.length; j++) row[j] = Math.max(0, na[i]! + nb[j]! - 2 * row[j]!);
    fn(i, row);
  });
}

function squaredNorms({ count, width, values }: Points): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    for (let k = i * width; k < (i + 1) * width; k++) out[i]! += values[k]! ** 2;
  }
  return out;
}
