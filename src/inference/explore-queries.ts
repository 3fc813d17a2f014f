/**
 * Questions to a model as it stands, and their answers: plain records, so that a worker or a server can carry them.
 * `explore.ts` answers them.
 */
import type { ModelInstance } from '../contract/index.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import type { DimensionWorth, LatentDimension } from './dimensions.js';
import type { Trajectory } from './trajectory.js';

/** A model, and what it is asked about. */
export interface Explored {
  readonly instance: ModelInstance;
  /** Held-out items. */
  readonly data: DataSet;
}

/** Settings of sampling, for the models that have them; see the model's `sampling` schema. */
export type SamplingSettings = Readonly<Record<string, unknown>>;

/** Items of the held-out split by position: these, or `count` of them from `from` on (default 0). */
export interface ItemChoice {
  readonly items?: readonly number[];
  readonly from?: number;
  readonly count?: number;
}

export interface Queries {
  /** New items. `latents` [count, ...latent]: decoded instead of drawn. */
  samples: {
    readonly count: number;
    readonly seed: number;
    /** The class, for conditional models. */
    readonly label?: number;
    readonly steps?: number;
    readonly sampler?: string;
    readonly eta?: number;
    readonly guidance?: number;
    readonly latents?: HostTensor;
  };
  /** Held-out items. */
  data: ItemChoice;
  /** Codes of held-out items. */
  encode: ItemChoice;
  /** Items of codes [n, ...latent]; conditional models need a label as well. */
  decode: { readonly codes: HostTensor; readonly label?: number };
  /** Held-out items and what the model makes of them. */
  reconstruct: ItemChoice & { readonly seed?: number };
  /** The way between two held-out items, or between two codes [1, ...latent]. */
  interpolate: (
    | { readonly between: readonly [number, number] }
    | { readonly from: HostTensor; readonly to: HostTensor; readonly label?: number }
  ) & { readonly steps: number; readonly mode?: 'lerp' | 'slerp' };
  /** One held-out item while single dimensions of its code are moved from −range to range. */
  traverse: {
    readonly item: number;
    readonly steps: number;
    readonly range: number;
    /** Default: the most telling ones. */
    readonly dimensions?: readonly number[];
  };
  /** A plane of the latent space, decoded at the quantiles of the prior. */
  manifold: { readonly steps: number; readonly dimensions?: readonly [number, number]; readonly label?: number };
  /** What each latent dimension tells of an item, and what reconstruction loses without it; at most `most`, default 20. */
  dimensions: { readonly count?: number; readonly most?: number };
  /** Sampling in steps, looked at `frames` times on the way (default: at each step). */
  trajectory: Omit<Queries['samples'], 'latents'> & { readonly frames?: number };
  /** What a discriminator says of points [n, ...shape]. */
  judge: { readonly points: HostTensor; readonly label?: number };
  /** Where the generator's loss wants points [n, ...shape] to go. */
  push: { readonly points: HostTensor; readonly label?: number };
  /** How many of `count` samples lie in each mode, for data whose modes are known. */
  modes: { readonly count: number; readonly seed: number; readonly label?: number };
  /** What each head of a transformer looks at while it reads a text. */
  attention: { readonly prompt: string };
  /** What a pixel of a held-out item depends on, and what each pixel may be, given those before it. */
  pixel: { readonly item: number; readonly row: number; readonly column: number };
  /**
   * A held-out item, or an image [1, ...shape] in 0…1, `count` times with different noise on the way to noise and back:
   * `strength` (0…1) says how far.
   */
  edit: ({ readonly item: number } | { readonly image: HostTensor }) & {
    readonly count: number;
    readonly seed: number;
    readonly strength: number;
    readonly steps?: number;
    readonly sampler?: string;
    /** Looks on either way; default: at each step. */
    readonly frames?: number;
    readonly label?: number;
  };
  /** Text that goes on from a prompt. */
  continue: {
    readonly prompt: string;
    readonly maxNewTokens: number;
    readonly temperature?: number;
    readonly topK?: number;
    readonly topP?: number;
    readonly seed: number;
  };
  /** What may follow a text; the `count` most probable tokens (default 50). */
  nextTokens: { readonly prompt: string; readonly count?: number };
  /** A held-out item of which `known` (0…1) is kept from the top and the rest is drawn, seen `frames` times. */
  fill: { readonly item: number; readonly known: number; readonly seed: number; readonly frames?: number };
}

export interface Answers {
  /** [count, ...shape], images in 0…1. */
  samples: { readonly items: HostTensor };
  data: Items & { readonly total: number };
  /** [n, ...latent] each; the log variances where the encoder is a distribution. */
  encode: Omit<Items, 'items'> & { readonly mean: HostTensor; readonly logVariance?: HostTensor };
  decode: { readonly items: HostTensor };
  reconstruct: Items & { readonly reconstructions: HostTensor };
  /** [steps, ...shape], both ends included. */
  interpolate: { readonly items: HostTensor };
  /** [dimensions · steps, ...shape], a row for each dimension. */
  traverse: { readonly items: HostTensor; readonly dimensions: readonly LatentDimension[] };
  /** [steps², ...shape], row by row. */
  manifold: { readonly items: HostTensor };
  dimensions: {
    /** Mean squared error of the reconstruction. */
    readonly error: number;
    readonly dimensions: readonly DimensionWorth[];
  };
  trajectory: Trajectory;
  /** float32 [n]: the higher, the more real. */
  judge: { readonly scores: HostTensor };
  /** −∂L/∂x of each point by itself, [n, ...shape]. */
  push: { readonly directions: HostTensor };
  modes: {
    readonly centres: readonly (readonly [x: number, y: number])[];
    /** Samples of each that lie within three deviations. */
    readonly counts: readonly number[];
    readonly total: number;
    /** Modes that at least 1 % of the samples lie in. */
    readonly found: number;
    /** Part of the samples that lie in any. */
    readonly highQuality: number;
  };
  attention: {
    /** The text as the model reads it. */
    readonly prompt: readonly { token: number; text: string }[];
    /** [layers, heads, n, n]: row i says how much token i looks at each token; rows sum to 1. */
    readonly weights: HostTensor;
  };
  pixel: Items & {
    /** [1, 1, H, W]: |∂ logit of the pixel / ∂ each pixel|, the mean over the grey levels. */
    readonly field: HostTensor;
    /** [levels, H, W]: how probable each level is at each pixel. */
    readonly probabilities: HostTensor;
  };
  edit: {
    /** [1, ...shape] */
    readonly image: HostTensor;
    /** View x_t: the image with more and more noise. */
    readonly noising: Trajectory;
    /** Views x_t, ε̂ and x̂₀ from there on. */
    readonly denoising: Trajectory;
  };
  continue: { readonly text: string; readonly tokens: readonly { token: number; text: string; logProb: number }[] };
  nextTokens: {
    /** The prompt as the model reads it. */
    readonly prompt: readonly { token: number; text: string }[];
    /** The most probable first. */
    readonly tokens: readonly { token: number; text: string; logit: number; probability: number }[];
    /** Of all tokens, nats. */
    readonly entropy: number;
    /** ln Σ exp(logit) over all tokens. */
    readonly logSumExp: number;
    readonly vocabulary: number;
  };
  /** `items` [1, ...shape] is the item itself, `frames` [frames, ...shape] how the rest came about. */
  fill: Items & { readonly frames: HostTensor };
}

/** Items [n, ...shape] with their labels, int32 [n], where they have any. */
export interface Items {
  readonly items: HostTensor;
  /** Positions in the held-out split. */
  readonly positions: readonly number[];
  readonly labels?: readonly number[];
  readonly labelNames?: readonly string[];
}

export type QueryKind = keyof Queries;
export type QueryOf<K extends QueryKind> = { [Kind in K]: { readonly kind: Kind } & Queries[Kind] }[K];
export type Query = QueryOf<QueryKind>;
export type AnswerOf<K extends QueryKind> = Answers[K];
export type Answer = Answers[QueryKind];
