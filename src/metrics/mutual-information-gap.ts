/**
 * The mutual information gap (Chen et al. 2018, "Isolating Sources of Disentanglement", §4.1): by how much the dimension
 * that tells most of a cause tells more of it than the second does,
 *
 *   MIG = 1/K Σₖ (I(z₁ₖ; vₖ) − I(z₂ₖ; vₖ))/H(vₖ),
 *
 * z₁ₖ and z₂ₖ being the two dimensions with most information on cause vₖ. 1: each cause has one dimension to itself and
 * that dimension tells it wholly; 0: always at least two share it, or none knows it.
 *
 * What differs from the paper: the information is that of mean codes in 20 bins of equal width between the smallest and
 * the largest (as Locatello et al. 2019 have it), not of draws from q(z | x).
 */
import type { Factors } from '../data/data-set.js';
import { meanCodes } from './codes.js';
import type { EvaluationContext } from './contract.js';
import { checkRows } from './factor-vae.js';
import type { Rows } from './rows.js';

/** 0…1; causes that do not vary do not count. */
export function mutualInformationGap(
  codes: Rows,
  { names, codes: causes }: Pick<Factors, 'names' | 'codes'>,
  { bins = 20 }: { bins?: number } = {},
): number {
  checkRows(codes, names.length, causes.length);
  const { count, width, values } = codes;
  const columns = Array.from({ length: width }, (_, j) => binned(column(values, count, width, j), bins));
  let total = 0;
  let counted = 0;
  for (let f = 0; f < names.length; f++) {
    const cause = column(causes, count, names.length, f);
    const entropy = mutualInformation(cause, cause);
    if (entropy <= 0) continue;
    const known = columns.map((code) => mutualInformation(code, cause)).sort((a, b) => b - a);
    total += (known[0]! - (known[1] ?? 0)) / entropy;
    counted++;
  }
  return counted === 0 ? 0 : total / counted;
}

function column(values: ArrayLike<number>, count: number, width: number, j: number): number[] {
  return Array.from({ length: count }, (_, i) => values[i * width + j]!);
}

/** Numbers of bins of equal width between the smallest and the largest value. */
function binned(values: readonly number[], bins: number): number[] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low === high) return values.map(() => 0);
  return values.map((value) => Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins)));
}

/** I(a; b) = Σ p(a, b) ln p(a, b)/(p(a) p(b)) of two lists of whole numbers, nats. */
export function mutualInformation(a: readonly number[], b: readonly number[]): number {
  const n = a.length;
  const [ofA, ofB, ofBoth] = [new Map<number, number>(), new Map<number, number>(), new Map<string, number>()];
  const count = <K>(map: Map<K, number>, key: K): unknown => map.set(key, (map.get(key) ?? 0) + 1);
  for (let i = 0; i < n; i++) {
    count(ofA, a[i]!);
    count(ofB, b[i]!);
    count(ofBoth, `${a[i]},${b[i]}`);
  }
  let information = 0;
  for (const [key, joint] of ofBoth) {
    const [x, y] = key.split(',').map(Number) as [number, number];
    information += (joint / n) * Math.log((joint * n) / (ofA.get(x)! * ofB.get(y)!));
  }
  return information;
}

/** The gap of mean codes on data whose causes are known. */
export async function informationGap(context: EvaluationContext): Promise<number> {
  return mutualInformationGap(await meanCodes(context), context.data.factors!);
}
