/**
 * The two sides of a game between a generator and a discriminator, both to be minimised. They take raw logits (or
 * critic values) of any shape, patches included, and return a scalar, the mean over all of them. r are the logits of
 * real items, f those of generated ones; softplus(−l) = −ln σ(l) and softplus(l) = −ln(1 − σ(l)).
 */
import type { Tensor } from '../core/tensor.js';

export interface AdversarialLoss {
  generator(fakeLogits: Tensor): Tensor;
  discriminator(realLogits: Tensor, fakeLogits: Tensor): Tensor;
}

/** −E ln σ(r) − E ln(1 − σ(f)), in nats (Goodfellow et al. 2014, eq. 1). */
function classify(realLogits: Tensor, fakeLogits: Tensor): Tensor {
  return realLogits.neg().softplus().mean().add(fakeLogits.softplus().mean());
}

/** Generator: −E ln σ(f), which has a gradient also where the discriminator is sure (Goodfellow et al. 2014, §3). */
export const nonSaturating: AdversarialLoss = {
  generator: (f) => f.neg().softplus().mean(),
  discriminator: classify,
};

/** Generator: E ln(1 − σ(f)), the minimax game itself; its gradient vanishes against a good discriminator. */
export const saturating: AdversarialLoss = {
  generator: (f) => f.softplus().mean().neg(),
  discriminator: classify,
};

/** Discriminator: E max(0, 1 − r) + E max(0, 1 + f); generator: −E f (Lim & Ye 2017; Miyato et al. 2018, eq. 16, 17). */
export const hinge: AdversarialLoss = {
  generator: (f) => f.mean().neg(),
  discriminator: (r, f) => r.neg().add(1).relu().mean().add(f.add(1).relu().mean()),
};

/**
 * Critic: E f − E r; generator: −E f (Arjovsky et al. 2017). The negative critic loss estimates the Wasserstein distance
 * only if the critic is kept 1-Lipschitz: add `gradientPenalty`.
 */
export const wasserstein: AdversarialLoss = {
  generator: (f) => f.mean().neg(),
  discriminator: (r, f) => f.mean().sub(r.mean()),
};

/** Discriminator: ½E (r − 1)² + ½E f²; generator: ½E (f − 1)² (Mao et al. 2017, eq. 9). */
export const leastSquares: AdversarialLoss = {
  generator: (f) => f.sub(1).square().mean().mul(0.5),
  discriminator: (r, f) => r.sub(1).square().mean().add(f.square().mean()).mul(0.5),
};
