/** Draws of a model and the features of both sides, found once for all metrics of an evaluation. */
import { UsageError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import { forBatches } from '../data/host-batches.js';
import type { Drawn, EvaluationContext, Samples } from './contract.js';
import type { Extracted, FeatureExtractor } from './extractor.js';
import { type Rows, rowsOf } from './rows.js';

/** Draws by a function, once. */
export function samplesOf(draw: Samples['draw']): Samples {
  let drawn: Promise<Drawn> | undefined;
  return {
    get drawn() {
      return drawn !== undefined;
    },
    draw(onProgress) {
      drawn ??= draw(onProgress);
      return drawn;
    },
  };
}

const realFeatures = new WeakMap<DataSet, WeakMap<FeatureExtractor, Promise<Extracted>>>();
const drawnFeatures = new WeakMap<HostTensor, WeakMap<FeatureExtractor, Promise<Extracted>>>();

/** Share of the progress that drawing takes, and extracting after it. */
const [untilDrawn, untilExtracted] = [0.7, 0.8];

/** Where a metric's own work begins in its progress. */
export const afterFeatures = untilExtracted;

/** Features, and classes where the extractor tells them, of the samples. */
export async function featuresOfSamples(context: EvaluationContext): Promise<Extracted & Drawn> {
  const { samples, onProgress } = context;
  const extractor = needExtractor(context);
  const drawn = await samples.draw((f) => onProgress(untilDrawn * f));
  const extracted = await once(drawnFeatures, drawn.items, extractor, () =>
    extractor.extract(drawn.items, (f) => onProgress(untilDrawn + 0.1 * f)),
  );
  return { ...extracted, ...drawn };
}

/** Features of the held-out images, kept as long as the data set. */
export async function featuresOfReal(context: EvaluationContext): Promise<Extracted> {
  const { reference, onProgress } = context;
  const extractor = needExtractor(context);
  return once(realFeatures, reference, extractor, async () => {
    const items = await itemsOf(reference);
    return extractor.extract(items, (f) => onProgress(0.1 * f));
  });
}

/** The held-out items as rows. */
export async function rowsOfReal({ reference }: EvaluationContext): Promise<Rows> {
  return rowsOf(await itemsOf(reference));
}

/** The samples as rows. */
export async function rowsOfSamples({ samples, onProgress }: EvaluationContext): Promise<Rows> {
  return rowsOf((await samples.draw((f) => onProgress(untilDrawn * f))).items);
}

/** All items of a data set as models take them, [N, ...shape]. */
async function itemsOf(data: DataSet): Promise<HostTensor> {
  const size = data.shape.reduce((a, b) => a * b, 1);
  const all = new Float32Array(data.count * size);
  await forBatches(data, Math.min(256, data.count), async ({ x }, { first, used }) => {
    all.set((x.data as Float32Array).subarray(0, used * size), first * size);
  });
  return { shape: [data.count, ...data.shape], dtype: 'float32', data: all };
}

function once<K extends object>(
  cache: WeakMap<K, WeakMap<FeatureExtractor, Promise<Extracted>>>,
  key: K,
  extractor: FeatureExtractor,
  extract: () => Promise<Extracted>,
): Promise<Extracted> {
  const known = cache.get(key) ?? new WeakMap<FeatureExtractor, Promise<Extracted>>();
  cache.set(key, known);
  let extracted = known.get(extractor);
  if (extracted === undefined) {
    extracted = extract();
    known.set(extractor, extracted);
    extracted.catch(() => known.delete(extractor)); // the next evaluation tries again
  }
  return extracted;
}

function needExtractor({ extractor, data }: EvaluationContext): FeatureExtractor {
  if (extractor !== undefined) return extractor;
  throw new UsageError({
    operation: 'evaluate samples',
    expected: 'a feature extractor for these images',
    got: `none for ${data.id}`,
    remedy: 'Name one with --extractor.',
  });
}
