/**
 * Whether a model finds every mode of the eight Gaussians, whose middles and deviation σ are known.
 *
 *   high quality   a sample within 3σ of the nearest middle: 1 − e^(−9/2) = 98.9 % of the data are
 *   modes          middles that at least 1 % of all samples are high-quality samples of; evenly spread, each has 12.5 %
 *
 * Source: Metz et al. 2017 ("Unrolled GANs"); Srivastava et al. 2017 ("VEEGAN", §4.1), who count a mode from its first
 * sample on, so their counts are never lower than these.
 */
import { gaussianCentres, gaussianDeviation } from '../data/points.js';
import type { EvaluationContext } from './contract.js';
import type { Rows } from './rows.js';
import { rowsOfSamples } from './samples.js';

/** Deviations around a middle that count as its mode. */
const reach = 3;
/** Share of the samples from which a mode counts as found. */
const leastShare = 0.01;

/** High-quality samples of each mode: points [N, 2] → counts [modes]. Points that are not finite belong to none. */
export function samplesOfModes(
  { count, values }: Rows,
  centres: readonly (readonly [x: number, y: number])[],
  deviation: number,
): Int32Array {
  const counts = new Int32Array(centres.length);
  for (let i = 0; i < count; i++) {
    const distances = centres.map(([x, y]) => Math.hypot(values[2 * i]! - x, values[2 * i + 1]! - y));
    const nearest = distances.indexOf(Math.min(...distances));
    if (distances[nearest]! <= reach * deviation) counts[nearest]!++;
  }
  return counts;
}

/** Modes that at least 1 % of `total` samples lie in. */
export function modesFound(counts: Int32Array, total: number): number {
  return counts.filter((n) => n >= leastShare * total).length;
}

async function look(context: EvaluationContext): Promise<{ counts: Int32Array; total: number }> {
  const rows = await rowsOfSamples(context);
  return { counts: samplesOfModes(rows, gaussianCentres, gaussianDeviation), total: rows.count };
}

/** Of the eight, those found. */
export async function modeCoverage(context: EvaluationContext): Promise<number> {
  const { counts, total } = await look(context);
  return modesFound(counts, total);
}

/** Share of the samples within 3σ of a middle. */
export async function highQualityRate(context: EvaluationContext): Promise<number> {
  const { counts, total } = await look(context);
  return counts.reduce((a, b) => a + b, 0) / total;
}
