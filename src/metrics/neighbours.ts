/**
 * Metrics of nearest neighbours: a set's region is the union of balls around its rows, each as wide as the distance to
 * the k-th neighbour in the same set.
 *
 *   precision  share of generated rows in the real region: how good the samples are     (Kynkäänniemi et al. 2019, eq. 1)
 *   recall     share of real rows in the generated region: how much they cover
 *   density    real balls that a generated row lies in, on average, divided by k          (Naeem et al. 2020, eq. 4)
 *   coverage   share of real rows whose ball holds a generated row                        (their eq. 5)
 *
 * Precision and density count outliers among the real rows differently: one far real row has a wide ball, which counts
 * wholly in precision and as 1/k in density.
 */
import { forSquaredDistances } from './products.js';
import { type Points, pointsOfBoth, type Rows } from './rows.js';

export interface NeighbourOptions {
  /** Neighbour that sets the width of balls. */
  readonly k?: number;
  readonly onProgress?: (fraction: number) => void;
}

/** Precision and recall; k is 3 as in the paper. */
export function precisionRecall(
  real: Rows,
  generated: Rows,
  { k = 3, onProgress }: NeighbourOptions = {},
): { readonly precision: number; readonly recall: number } {
  const [a, b] = pointsOfBoth('precision and recall', real, generated, { least: k + 1 });
  const told = progress(a, b, onProgress);
  const [ra, rb] = [radii(a, k, told), radii(b, k, told)];
  const covered = new Uint8Array(b.count);
  let recalled = 0;
  forSquaredDistances(a, b, (i, row) => {
    let inside = false;
    for (let j = 0; j < row.length; j++) {
      if (row[j]! < ra[i]!) covered[j] = 1;
      if (row[j]! < rb[j]!) inside = true;
    }
    if (inside) recalled++;
    told();
  });
  return { precision: covered.reduce((sum, one) => sum + one, 0) / b.count, recall: recalled / a.count };
}

/** Density and coverage; k is 5 as in the paper. */
export function densityCoverage(
  real: Rows,
  generated: Rows,
  { k = 5, onProgress }: NeighbourOptions = {},
): { readonly density: number; readonly coverage: number } {
  const [a, b] = pointsOfBoth('density and coverage', real, generated, { least: k + 1 });
  const told = progress(a, b, onProgress);
  const ra = radii(a, k, told);
  let [balls, covered] = [0, 0];
  forSquaredDistances(a, b, (i, row) => {
    let inside = 0;
    for (const distance of row) if (distance < ra[i]!) inside++;
    balls += inside;
    if (inside > 0) covered++;
    told();
  });
  return { density: balls / (k * b.count), coverage: covered / a.count };
}

/** Squared distance of each row to its k-th neighbour in the same set, itself not counted. */
function radii(set: Points, k: number, told: () => void): Float64Array {
  const out = new Float64Array(set.count);
  const nearest = new Float64Array(k);
  forSquaredDistances(set, set, (i, row) => {
    nearest.fill(Infinity);
    for (let j = 0; j < row.length; j++) {
      const distance = row[j]!;
      if (j === i || distance >= nearest[k - 1]!) continue;
      let place = k - 1;
      for (; place > 0 && nearest[place - 1]! > distance; place--) nearest[place] = nearest[place - 1]!;
      nearest[place] = distance;
    }
    out[i] = nearest[k - 1]!;
    told();
  });
  return out;
}

/** Counts rows, of both sets among themselves and of the real ones against the others. */
function progress(a: Points, b: Points, onProgress: NeighbourOptions['onProgress']): () => void {
  const total = 2 * a.count + b.count;
  let done = 0;
  return () => {
    done++;
    if (done % 256 === 0) onProgress?.(Math.min(1, done / total));
  };
}
