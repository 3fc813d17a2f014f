/**
 * What a trained model can do. Each capability is a function on tensors, traced and compiled by whoever uses it; a
 * command works for every model that has the capability it needs.
 */
import type { z } from 'zod';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { Rng } from '../random/rng.js';
import type { IterationState } from './iteration-state.js';
import type { LanguageModel, MaskedLanguageModel } from './language.js';

/** What a conditional model is told of each item. */
export interface Conditions {
  /** int32 [B]: classes in 0…classes − 1. */
  readonly labels?: Tensor | undefined;
}

export interface SampleContext extends Conditions {
  /** Items to draw at once; `labels` are the classes asked for. */
  readonly count: number;
  readonly rng: Rng;
  /** What the work begins with or keeps to, by name, [count, ...] each; see `GivenIteration`. */
  readonly given?: Readonly<Record<string, Tensor>> | undefined;
}

/**
 * Sampling in many steps: diffusion, token by token, Gibbs sweeps. `start`, `step` and `finish` are traced once each, so
 * one program serves all steps; what changes from step to step comes in as scalars. Draws of `step` are new at each step.
 */
export interface Iteration {
  readonly steps: number;
  start(context: SampleContext): IterationState;
  /** float32 scalars of step i, from 0: time, coefficients, position. Every step gives the same names. */
  scalars(i: number): Readonly<Record<string, number>>;
  step(state: IterationState, scalars: IterationState, context: SampleContext): IterationState;
  /** The samples [count, ...shape] in the last state, or in one on the way, for pictures of the process. */
  finish(state: IterationState, context: Pick<SampleContext, 'given'>): Tensor;
  /** Pictures of a state on the way by name, [count, ...shape] each, images in 0…1: what the step saw and made. */
  views?(state: IterationState): IterationState;
  /** Numbers of step i that are worth showing beside its pictures. */
  numbers?(i: number): Readonly<Record<string, number>>;
}

/** Work in many steps on something given: `context.given` holds it in `start`, `step` and `finish`. */
export interface GivenIteration {
  /** What can be set, each with a default and a description. */
  readonly settings: z.ZodObject;
  iterate(settings: Readonly<Record<string, unknown>>): Iteration;
}

export interface NoiseContext extends Conditions {
  readonly rng: Rng;
}

/** The classes that a conditional model can be told of. */
export interface Classes {
  readonly count: number;
  /** Whether it must be: then every capability is given labels. */
  readonly required: boolean;
}

/** The space that a model encodes to. */
export interface LatentSpace {
  /** Of one code, without the batch axis. */
  readonly shape: Shape;
  /** What codes are drawn from for sampling; null where the model has no prior on them. */
  readonly prior: 'normal' | 'uniform' | null;
}

export interface Capabilities {
  readonly latent?: LatentSpace;
  /** Conditional models: their classes. Others are given labels in vain. */
  readonly classes?: Classes;
  /** Models of text: generation, scoring and perplexity come with it. */
  readonly language?: LanguageModel;
  /** Models of text that restore hidden tokens. */
  readonly masked?: MaskedLanguageModel;
  /** New items [count, ...shape], images in 0…1. */
  sample?(context: SampleContext): Tensor;
  /** Samples that take many steps; a model has this or `sample`. `settings` are the resolved ones of `sampling`. */
  iterate?(settings: Readonly<Record<string, unknown>>): Iteration;
  /**
   * The network of a diffusion model by itself: noisy items [B, ...shape] in the range of the process and their times,
   * float32 [B], → what it predicts. Labels may be the number of classes, which stands for none.
   */
  denoiser?(x: Tensor, time: Tensor, conditions?: Conditions): Tensor;
  /** Codes of items `x` [B, ...shape] in many steps; a model has this or `encode`. */
  readonly iteratedEncode?: GivenIteration;
  /** Items of codes `z` [B, ...latent] in many steps; a model has this or `decode`. */
  readonly iteratedDecode?: GivenIteration;
  /** The way of diffusion models from items to noise. */
  readonly noising?: {
    /** ᾱ_t, the part of the item's variance that is left, at a time 0 … T − 1. */
    alphaBar(time: number): number;
    /** Items where a scalar ᾱ is left: x and normal noise [B, ...shape] → [B, ...shape], images in 0…1. */
    noised(x: Tensor, noise: Tensor, alphaBar: Tensor): Tensor;
  };
  /** Items like `x` [B, ...shape], from `noise` of that shape where it is given: how like, its settings say. */
  readonly imageToImage?: GivenIteration;
  /** Items that are `x` where `mask` [B, 1, H, W] is 0, bit for bit, and new where it is 1. */
  readonly inpaint?: GivenIteration;
  /** What can be set when sampling (steps, guidance, temperature), each with a default and a description. */
  readonly sampling?: z.ZodObject;
  /** Codes of items: the mean, and the log variance where the encoder is a distribution. x [B, ...shape] → [B, ...latent]. */
  encode?(x: Tensor, conditions?: Conditions): { readonly mean: Tensor; readonly logVariance?: Tensor };
  /** Items of codes: [B, ...latent] → [B, ...shape]; means, not draws. */
  decode?(z: Tensor, conditions?: Conditions): Tensor;
  /** Items after a pass through the bottleneck. */
  reconstruct?(x: Tensor, context: NoiseContext): Tensor;
  /** Items spoilt as a denoising model sees them while it trains; `reconstruct` restores them. */
  corrupt?(x: Tensor, context: NoiseContext): Tensor;
  /** Of adversarial pairs, the discriminator's opinion of each item by itself: [B], the higher the more real. */
  judge?(x: Tensor, conditions?: Conditions): Tensor;
  /** Of adversarial pairs, where the generator's loss L wants each item to go: −∂L/∂x of each by itself, [B, ...shape]. */
  push?(x: Tensor, conditions?: Conditions): Tensor;
  /**
   * Of models that draw pixel by pixel: logits of every pixel's grey level, each given the pixels before it in the image
   * x [B, 1, H, W] of levels in 0…1 → [B, levels, H, W].
   */
  readonly pixels?: {
    readonly levels: number;
    /** Images of any values in 0…1 at the nearest levels. */
    nearest(x: Tensor): Tensor;
    logits(x: Tensor, conditions?: Conditions): Tensor;
  };
  /** Class logits, [B, classes of the data]. */
  classify?(x: Tensor): Tensor;
  /** What a classifier sees of items before it decides, [B, D]: the space in which generated items are compared. */
  features?(x: Tensor): Tensor;
  /** Discrete codes of items: the entry of the codebook at each place, int32 [B, ...]. */
  readonly quantize?: { readonly codes: number; indices(x: Tensor): Tensor };
  /**
   * How many values an element can take where `elbo` and `logProb` are probabilities of such items (256 for images of
   * bytes) and no densities: then they can be told in bits per dimension.
   */
  readonly levels?: number;
  /** A lower bound on ln p(x), one draw: terms in nats, each [B]. */
  elbo?(x: Tensor, context: NoiseContext): { readonly elbo: Tensor; readonly [term: string]: Tensor };
  /** ln p(x) in nats, [B]: exact, or its importance-weighted estimate with k draws. */
  logProb?(x: Tensor, context: NoiseContext & { readonly k: number }): Tensor;
}
