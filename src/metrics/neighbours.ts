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
  /** Neighbour that sets the width of balls for precision and recall; default 3, as in the paper. */
  readonly k?: number;
  /** The same for density and coverage; default 5, as in the paper. */
  readonly densityK?: number;
  readonly onProgress?: (fraction: number) => void;
}

export interface NeighbourFigures {
  readonly precision: number;
  readonly recall: number;
  readonly density: number;
  readonly coverage: number;
}

/** All four from one walk over the distances, (M + N)² of them. */
export function neighbourFigures(
  real: Rows,
  generated: Rows,
  { k = 3, densityK = 5, onProgress = () => undefined }: NeighbourOptions = {},
): NeighbourFigures {
  const [a, b] = pointsOfBoth('metrics of nearest neighbours', real, generated, { least: Math.max(k, densityK) + 1 });
  let done = 0;
  const told = (): void => {
    if (++done % 256 === 0) onProgress(done / (2 * a.count + b.count));
  };
  const [ra = [], wide = []] = radii(a, [k, densityK], told);
  const [rb = []] = radii(b, [k], told);
  const precise = new Uint8Array(b.count);
  let [recalled, balls, covered] = [0, 0, 0];
  forSquaredDistances(a, b, (i, row) => {
    let recall = false;
    let inside = 0;
    for (let j = 0; j < row.length; j++) {
      const distance = row[j]!;
      if (distance < ra[i]!) precise[j] = 1;
      if (distance < rb[j]!) recall = true;
      if (distance < wide[i]!) inside++;
    }
    if (recall) recalled++;
    if (inside > 0) covered++;
    balls += inside;
    told();
  });
  return {
    precision: precise.reduce((sum, one) => sum + one, 0) / b.count,
    recall: recalled / a.count,
    density: balls / (densityK * b.count),
    coverage: covered / a.count,
  };
}

/** For each k, the squared distance of each row to its k-th neighbour in the same set, itself not counted. */
function radii(set: Points, ks: readonly number[], told: () => void): Float64Array[] {
  const out = ks.map(() => new Float64Array(set.count));
  const most = Math.max(...ks);
  const nearest = new Float64Array(most);
  forSquaredDistances(set, set, (i, row) => {
    nearest.fill(Infinity);
    for (let j = 0; j < row.length; j++) {
      const distance = row[j]!;
      if (j === i || distance >= nearest[most - 1]!) continue;
      let place = most - 1;
      for (; place > 0 && nearest[place - 1]! > distance; place--) nearest[place] = nearest[place - 1]!;
      nearest[place] = distance;
    }
    for (const [n, k] of ks.entries()) out[n]![i] = nearest[k - 1]!;
    told();
  });
  return out;
}
