/** Metrics of what a model draws: images through a feature extractor, points as they are. */
import type { Capabilities } from '../contract/index.js';
import { NonFiniteError } from '../core/errors.js';
import type { EvaluationContext, Metric, Samples } from './contract.js';
import { frechetDistance, samplesForRank } from './frechet.js';
import { inceptionScore } from './inception-score.js';
import { kernelDistance } from './kernel-distance.js';
import { maximumMeanDiscrepancy } from './mmd.js';
import { type NeighbourFigures, neighbourFigures } from './neighbours.js';
import type { Rows } from './rows.js';
import { afterFeatures, featuresOfReal, featuresOfSamples, rowsOfReal, rowsOfSamples } from './samples.js';
import { slicedWasserstein } from './sliced-wasserstein.js';

type Fits = Metric['fits'];

const draws = ({ sample, iterate }: Capabilities): boolean => sample !== undefined || iterate !== undefined;

const images: Fits = (model, { data, extractor }) => draws(model) && data.kind === 'image' && extractor !== undefined;

const points: Fits = (model, { data }) => draws(model) && data.kind === 'points';

/** Images whose classes the extractor knows. */
const classedImages: Fits = (model, items) =>
  images(model, items) && sameNames(items.extractor?.labels ?? [], items.data.labelNames ?? ['']);

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

async function bothFeatures(context: EvaluationContext): Promise<[real: Rows, generated: Rows]> {
  const real = (await featuresOfReal(context)).features;
  const { features, items } = await featuresOfSamples(context);
  const wrong = (items.data as Float32Array).findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new NonFiniteError({
      operation: 'evaluate samples',
      expected: 'finite values',
      got: `${items.data[wrong]} in sample ${Math.floor((wrong * items.shape[0]!) / items.data.length)}`,
      remedy: 'Use an earlier checkpoint, or train with a smaller learning rate.',
    });
  }
  return [real, features];
}

async function fid(context: EvaluationContext): Promise<number> {
  const [real, generated] = await bothFeatures(context);
  const needed = samplesForRank(generated.width);
  for (const [name, { count }] of Object.entries({ real, generated })) {
    if (count >= needed) continue;
    context.warn(
      `fid: ${count} ${name} items for features of ${generated.width} numbers: the covariance has not full rank and the ` +
        `distance is mostly bias. It needs ${needed} at least, and some thousands to be compared with others.`,
    );
  }
  return frechetDistance(real, generated);
}

async function kid(context: EvaluationContext): Promise<number> {
  const [real, generated] = await bothFeatures(context);
  const { seed, onProgress } = context;
  const after = (f: number): void => onProgress(afterFeatures + (1 - afterFeatures) * f);
  return kernelDistance(real, generated, { seed, onProgress: after }).mean;
}

const found = new WeakMap<Samples, Promise<NeighbourFigures>>();

/** The four figures of nearest neighbours, found together. */
async function neighbours(context: EvaluationContext): Promise<NeighbourFigures> {
  const known = found.get(context.samples) ?? search();
  found.set(context.samples, known);
  return known;

  async function search(): Promise<NeighbourFigures> {
    const [real, generated] = await bothFeatures(context);
    const { onProgress } = context;
    return neighbourFigures(real, generated, {
      onProgress: (f) => onProgress(afterFeatures + (1 - afterFeatures) * f),
    });
  }
}

/** What the extractor takes the samples for. */
async function answers(
  context: EvaluationContext,
): Promise<{ classes: Int32Array; sure: number; probabilities: Rows }> {
  const { probabilities } = await featuresOfSamples(context);
  return { ...best(probabilities!), probabilities: probabilities! };
}

/** The likeliest class of each row, and the share of rows where it has a probability of 0.9 or more. */
function best({ count, width, values }: Rows): { classes: Int32Array; sure: number } {
  const classes = new Int32Array(count);
  let sure = 0;
  for (let i = 0; i < count; i++) {
    let most = 0;
    for (let k = 1; k < width; k++) if (values[i * width + k]! > values[i * width + most]!) most = k;
    classes[i] = most;
    if (values[i * width + most]! >= 0.9) sure++;
  }
  return { classes, sure: sure / count };
}

async function shares(context: EvaluationContext): Promise<number[]> {
  const { classes, probabilities } = await answers(context);
  const counts = new Array<number>(probabilities.width).fill(0);
  for (const k of classes) counts[k]!++;
  return counts.map((count) => count / classes.length);
}

/** Share of class-conditional samples that the extractor takes for the class asked for. */
export async function labelAccuracy(context: EvaluationContext): Promise<number> {
  const { probabilities, labels } = await featuresOfSamples(context);
  const { classes } = best(probabilities!);
  return classes.reduce((right, k, i) => right + (k === labels![i] ? 1 : 0), 0) / classes.length;
}

/** Whether samples can be asked for by classes that the extractor knows. */
export const canAskForClasses: Fits = (model, items) =>
  classedImages(model, items) && model.classes?.count === items.extractor?.labels?.length;

async function bothPoints(context: EvaluationContext): Promise<[real: Rows, generated: Rows]> {
  return [await rowsOfReal(context), await rowsOfSamples(context)];
}

const sampled = true;

export const sampleMetrics: readonly Metric[] = [
  {
    id: 'fid',
    title: 'Fréchet distance between features of samples and of held-out images; FID where the extractor is Inception',
    unit: '',
    better: 'lower',
    sampled,
    fits: images,
    compute: fid,
  },
  {
    id: 'kid',
    title: 'Kernel distance of the same features: unbiased, 100 subsets of 1,000',
    unit: '',
    better: 'lower',
    sampled,
    fits: images,
    compute: kid,
  },
  ...(
    [
      ['precision', 'Share of samples that lie among held-out images (3 nearest neighbours)'],
      ['recall', 'Share of held-out images that lie among samples (3 nearest neighbours)'],
      ['density', 'How densely held-out images surround samples (5 nearest neighbours; 1 for equal distributions)'],
      ['coverage', 'Share of held-out images with a sample near them (5 nearest neighbours)'],
    ] as const
  ).map(
    ([id, title]): Metric => ({
      id,
      title,
      unit: '',
      better: 'higher',
      sampled,
      fits: images,
      compute: async (context) => (await neighbours(context))[id],
    }),
  ),
  {
    id: 'inception_score',
    title: 'Inception score by the extractor’s classes, 10 splits: at most the number of classes',
    unit: '',
    better: 'higher',
    sampled,
    fits: classedImages,
    compute: async (context) => {
      const { probabilities } = await answers(context);
      return inceptionScore(probabilities, { splits: Math.min(10, probabilities.count) }).mean;
    },
  },
  {
    id: 'sure',
    title: 'Share of samples whose class the extractor gives 90 % or more',
    unit: '',
    better: 'higher',
    sampled,
    fits: classedImages,
    compute: async (context) => (await answers(context)).sure,
  },
  {
    id: 'rarest_class',
    title: 'Share of samples that the extractor takes for the class it finds least often',
    unit: '',
    better: 'higher',
    sampled,
    fits: classedImages,
    compute: async (context) => Math.min(...(await shares(context))),
  },
  {
    id: 'commonest_class',
    title: 'Share of samples that the extractor takes for the class it finds most often',
    unit: '',
    better: 'lower',
    sampled,
    fits: classedImages,
    compute: async (context) => Math.max(...(await shares(context))),
  },
  {
    id: 'sliced_wasserstein',
    title: 'Sliced Wasserstein distance between samples and held-out points, power 2, 256 directions',
    unit: 'units of the points',
    better: 'lower',
    sampled,
    fits: points,
    compute: async (context) => slicedWasserstein(...(await bothPoints(context)), { seed: context.seed }),
  },
  {
    id: 'mmd',
    title: 'Squared maximum mean discrepancy between samples and held-out points, normal kernel of the median distance',
    unit: '',
    better: 'lower',
    sampled,
    fits: points,
    compute: async (context) => maximumMeanDiscrepancy(...(await bothPoints(context))),
  },
];
