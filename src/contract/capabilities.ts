/**
 * What a trained model can do. Each capability is a function on tensors, traced and compiled by whoever uses it; a
 * command works for every model that has the capability it needs.
 */
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { Rng } from '../random/rng.js';

export interface SampleContext {
  /** Items to draw at once. */
  readonly count: number;
  readonly rng: Rng;
  /** int32 [count]: the class asked for, in models that take one. */
  readonly labels?: Tensor;
}

export interface NoiseContext {
  readonly rng: Rng;
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
  /** New items [count, ...shape], images in 0…1. */
  sample?(context: SampleContext): Tensor;
  /** Codes of items: the mean, and the log variance where the encoder is a distribution. x [B, ...shape] → [B, ...latent]. */
  encode?(x: Tensor): { readonly mean: Tensor; readonly logVariance?: Tensor };
  /** Items of codes: [B, ...latent] → [B, ...shape]; means, not draws. */
  decode?(z: Tensor): Tensor;
  /** Items after a pass through the bottleneck. */
  reconstruct?(x: Tensor, context: NoiseContext): Tensor;
  /** A lower bound on ln p(x), one draw: terms in nats, each [B]. */
  elbo?(x: Tensor, context: NoiseContext): { readonly elbo: Tensor; readonly [term: string]: Tensor };
  /** ln p(x) in nats, [B]: exact, or its importance-weighted estimate with k draws. */
  logProb?(x: Tensor, context: NoiseContext & { readonly k: number }): Tensor;
}
