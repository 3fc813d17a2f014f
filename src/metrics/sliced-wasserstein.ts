/**
 * Sliced Wasserstein distance: sets are projected on random directions, where the optimal transport between them is
 * found by sorting (Bonneel et al. 2015, §3).
 *
 *   SW_p = (E_θ W_p(⟨x, θ⟩, ⟨y, θ⟩)^p)^(1/p),   θ uniform on the sphere
 *   W_p(a, b)^p = ∫₀¹ |F_a⁻¹(u) − F_b⁻¹(u)|^p du
 */
import { RandomSequence } from '../random/sequence.js';
import { type Points, pointsOfBoth, type Rows } from './rows.js';
import { metricSites } from './sites.js';

export interface SlicedWassersteinOptions {
  /** Power of the distance that mass is moved over; default 2. */
  readonly p?: number;
  /** Default 256. */
  readonly directions?: number;
  /** Of the directions; default 0. */
  readonly seed?: number;
  readonly onProgress?: (fraction: number) => void;
}

/** In units of the points; the sets may differ in size. */
export function slicedWasserstein(
  real: Rows,
  generated: Rows,
  { p = 2, directions = 256, seed = 0, onProgress = () => undefined }: SlicedWassersteinOptions = {},
): number {
  const [a, b] = pointsOfBoth('sliced Wasserstein distance', real, generated);
  const random = new RandomSequence({ seed, site: metricSites.directions });
  let total = 0;
  for (let d = 0; d < directions; d++) {
    const direction = Float64Array.from({ length: a.width }, () => random.normal());
    const length = Math.hypot(...direction);
    const along = (set: Points): Float64Array => project(set, direction, length);
    total += transportOnLine(along(a), along(b), p) / directions;
    onProgress((d + 1) / directions);
  }
  return total ** (1 / p);
}

function project({ count, width, values }: Points, direction: Float64Array, length: number): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += values[i * width + k]! * direction[k]!;
    out[i] = sum / length;
  }
  return out;
}

/** W_p^p between numbers of equal weight in each list: the integral of |F_a⁻¹ − F_b⁻¹|^p, exact. */
export function transportOnLine(a: Float64Array, b: Float64Array, p: number): number {
  const [x, y] = [a.toSorted(), b.toSorted()];
  const [M, N] = [x.length, y.length];
  let [total, done, i, j] = [0, 0, 0, 0];
  while (i < M && j < N) {
    // Compared as whole numbers, so that equal ends are equal.
    const [endX, endY] = [(i + 1) * N, (j + 1) * M];
    const end = Math.min(endX, endY);
    total += (end - done) * Math.abs(x[i]! - y[j]!) ** p;
    done = end;
    if (endX === end) i++;
    if (endY === end) j++;
  }
  return total / (M * N);
}
