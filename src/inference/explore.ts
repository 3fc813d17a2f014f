/**
 * Questions to a model as it stands: what a page that shows it wants to know. The questions and answers are in
 * `explore-queries.ts`; what they are answered with are the functions of this room.
 */
import { UsageError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import { type HostBatch, hostBatch } from '../data/host-batches.js';
import { latentManifold, traverseItem, weighDimensions } from './dimensions.js';
import { editImage } from './explore-editing.js';
import { drawFrames } from './explore-frames.js';
import { countModes, pushPoints } from './explore-game.js';
import { lookAtPixel } from './explore-pixels.js';
import type {
  AnswerOf,
  Answers,
  Explored,
  ItemChoice,
  Items,
  Queries,
  QueryKind,
  QueryOf,
  SamplingSettings,
} from './explore-queries.js';
import { attentionOf, continueText, nextTokens } from './explore-text.js';
import { judgeItems } from './judging.js';
import { labelsOf } from './labels.js';
import { decodeCodes, encodeItems, interpolateCodes, interpolateItems, reconstructItems } from './latent.js';
import { drawSamples } from './sampling.js';
import { drawTrajectory } from './trajectory.js';

type Answering = { readonly [K in QueryKind]: (explored: Explored, query: Queries[K]) => Promise<Answers[K]> };

/** Items that statistics of the latent space are taken from, at most. */
const statistical = 500;
/** The same where every dimension is decoded by itself. */
const weighed = 64;

const answering: Answering = {
  samples: async ({ instance }, query) => {
    const { count, seed, label, latents } = query;
    if (latents !== undefined) {
      return { items: await decodeCodes(instance, latents, labelsOf(label, latents.shape[0]!)) };
    }
    const settings = samplingSettings(query);
    return { items: await drawSamples(instance, { count, seed, settings, ...asked(label) }) };
  },

  data: async ({ data }, query) => ({ ...itemsOf(data, query).items, total: data.count }),

  encode: async ({ instance, data }, query) => {
    const { batch, items } = itemsOf(data, query);
    const { items: _, ...told } = items;
    return { ...told, ...(await encodeItems(instance, batch)) };
  },

  decode: async ({ instance }, { codes, label }) => ({
    items: await decodeCodes(instance, codes, labelsOf(label, codes.shape[0]!)),
  }),

  reconstruct: async ({ instance, data }, { seed = 0, ...query }) => {
    const { batch, items } = itemsOf(data, query);
    return { ...items, reconstructions: await reconstructItems(instance, batch, { seed }) };
  },

  interpolate: async ({ instance, data }, { steps, mode, ...ends }) => {
    const way = { steps, mode: mode ?? (instance.capabilities.latent?.prior === 'normal' ? 'slerp' : 'lerp') } as const;
    if ('between' in ends) {
      checkPositions(data, ends.between);
      return { items: await interpolateItems(instance, data, [ends.between], way) };
    }
    const codes = interpolateCodes(ends.from, ends.to, way);
    return { items: await decodeCodes(instance, codes, labelsOf(ends.label, steps)) };
  },

  traverse: async ({ instance, data }, { item, ...options }) => {
    checkPositions(data, [item]);
    return traverseItem(instance, hostBatch(data, [item]), firstItems(data), options);
  },

  manifold: async ({ instance, data }, options) => ({
    items: await latentManifold(instance, firstItems(data), options),
  }),

  dimensions: ({ instance, data }, { count = weighed, most = 20 }) =>
    weighDimensions(instance, itemsOf(data, { count }).batch, most),

  trajectory: async ({ instance }, { frames = Infinity, ...query }) => {
    const { count, seed, label } = query;
    return drawTrajectory(instance, { count, seed, frames, settings: samplingSettings(query), ...asked(label) });
  },

  judge: async ({ instance }, { points, label }) => ({
    scores: await judgeItems(instance, { x: points, ...labelled(label, points.shape[0]!) }),
  }),

  push: pushPoints,

  modes: countModes,

  continue: continueText,

  nextTokens,

  attention: attentionOf,

  pixel: async (explored, { item, ...place }) => {
    const { batch, items } = itemsOf(explored.data, { items: [item] });
    return { ...items, ...(await lookAtPixel(explored, batch, place)) };
  },

  edit: async (explored, { count, seed, strength, ...query }) => {
    const image = 'image' in query ? query.image : itemsOf(explored.data, { items: [query.item] }).batch.x;
    return editImage(explored, image, { count, seed, strength, ...query });
  },

  fill: async ({ instance, data }, { item, known, seed, frames = Infinity }) => {
    const { batch, items } = itemsOf(data, { items: [item] });
    return { ...items, frames: await drawFrames(instance, batch, { known, seed, frames }) };
  },
};

/**
 * Answers a question.
 * @throws UsageError where the model cannot answer it, or there are no such items
 */
export function explore<K extends QueryKind>(explored: Explored, query: QueryOf<K>): Promise<AnswerOf<K>> {
  const { kind, ...rest } = query;
  const answer = answering[kind] as ((explored: Explored, query: unknown) => Promise<AnswerOf<K>>) | undefined;
  if (answer !== undefined) return answer(explored, rest);
  const expected = Object.keys(answering).join(', ');
  return Promise.reject(new UsageError({ operation: 'explore', expected: `one of ${expected}`, got: `'${kind}'` }));
}

/** The held-out items that are meant, as a batch and as an answer. */
function itemsOf(data: DataSet, { items, from = 0, count = 1 }: ItemChoice): { batch: HostBatch; items: Items } {
  const positions =
    items ?? Array.from({ length: Math.max(0, Math.min(count, data.count - from)) }, (_, i) => from + i);
  checkPositions(data, positions);
  const batch = hostBatch(data, positions);
  const { labels } = batch;
  return {
    batch,
    items: {
      items: batch.x,
      positions,
      ...(labels === undefined ? {} : { labels: Array.from(labels.data as Int32Array) }),
      ...(data.labelNames === undefined ? {} : { labelNames: data.labelNames }),
    },
  };
}

/** @throws UsageError for no positions, and for ones that the data has not */
function checkPositions({ id, count }: DataSet, positions: readonly number[]): void {
  const wrong = positions.find((p) => !(Number.isInteger(p) && p >= 0 && p < count));
  if (wrong === undefined && positions.length > 0) return;
  const got = wrong === undefined ? 'none' : `${wrong}`;
  throw new UsageError({ operation: `items of ${id}`, expected: `positions in 0…${count - 1}`, got });
}

function firstItems(data: DataSet): HostBatch {
  return hostBatch(
    data,
    Array.from({ length: Math.min(statistical, data.count) }, (_, i) => i),
  );
}

/** The settings of sampling that are given; what the model does not have is refused where they are used. */
function samplingSettings({ steps, sampler, eta, guidance }: Omit<Queries['samples'], 'latents'>): SamplingSettings {
  return Object.fromEntries(
    Object.entries({ steps, sampler, eta, guidance }).filter(([, value]) => value !== undefined),
  );
}

const asked = (label: number | undefined) => (label === undefined ? {} : { labels: [label] });

function labelled(label: number | undefined, count: number): { labels?: HostTensor } {
  const labels = labelsOf(label, count);
  return labels === undefined ? {} : { labels };
}
