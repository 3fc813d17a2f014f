/** Questions to adversarial pairs: where the generator is pushed, and which modes it has found. */
import type { TensorBatch } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { gaussianCentres, gaussianDeviation } from '../data/points.js';
import { modesFound, rowsOf, samplesOfModes } from '../metrics/index.js';
import { compile } from '../runtime/program.js';
import type { Answers, Explored, Queries } from './explore-queries.js';
import { labelsOf } from './labels.js';
import { need } from './need.js';
import { programOf } from './programs.js';
import { mapRows } from './rows.js';
import { drawSamples } from './sampling.js';

export async function pushPoints({ instance }: Explored, { points, label }: Queries['push']): Promise<Answers['push']> {
  const labels = labelsOf(label, points.shape[0]!);
  const push = need(instance, 'push', 'push', labels);
  const program = programOf(instance, 'push', () =>
    compile(({ x, labels: told }: TensorBatch) => ({ directions: push(x, { labels: told }) }), { name: 'push' }),
  );
  return mapRows({ x: points, ...(labels === undefined ? {} : { labels }) }, (batch) => program.run([batch]));
}

export async function countModes(
  { instance, data }: Explored,
  { count, seed, label }: Queries['modes'],
): Promise<Answers['modes']> {
  if (data.id !== 'gaussians') {
    throw new UsageError({
      operation: 'modes',
      expected: 'a model of data whose modes are known, gaussians',
      got: data.id,
    });
  }
  const labels = label === undefined ? {} : { labels: [label] };
  const rows = rowsOf(await drawSamples(instance, { count, seed, ...labels }));
  const counts = samplesOfModes(rows, gaussianCentres, gaussianDeviation);
  return {
    centres: gaussianCentres,
    counts: Array.from(counts),
    total: count,
    found: modesFound(counts, count),
    highQuality: counts.reduce((a, b) => a + b, 0) / count,
  };
}
