/** Encoders to a diagonal normal distribution of codes, and the bounds on ln p(x) that they give. */
import type { Shape } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { gaussian, klStandardNormal } from '../../losses/index.js';
import { type Layer, Linear, Module } from '../../nn/index.js';
import type { Rng } from '../../random/rng.js';
import { type CodeSettings, imageReader } from './image-networks.js';
import type { Observation } from './observation.js';

/** q(z | x) = N(mean, diag exp(logVariance)), both [B, latent]. */
export interface GaussianCode {
  readonly mean: Tensor;
  readonly logVariance: Tensor;
}

/** x → (μ, ln σ²): hidden features and two heads. `extra`: numbers beside the pixels. */
export class GaussianEncoder extends Module {
  readonly hidden: Layer;
  readonly mean: Linear;
  readonly logVariance: Linear;

  constructor(shape: Shape, settings: CodeSettings, rng: Rng, extra = 0) {
    super();
    this.hidden = imageReader(shape, settings, rng, extra);
    this.mean = new Linear(settings.hidden, settings.latent, { rng });
    this.logVariance = new Linear(settings.hidden, settings.latent, { rng });
  }

  /** Features that the heads read: pixels [B, D + extra] → [B, hidden] */
  features(pixels: Tensor): Tensor {
    return this.hidden.forward(pixels).relu();
  }

  /** [B, D + extra] → two of [B, latent] */
  forward(pixels: Tensor): GaussianCode {
    const h = this.features(pixels);
    return { mean: this.mean.forward(h), logVariance: this.logVariance.forward(h) };
  }
}

/** z = μ + σ ⊙ ε, ε ~ N(0, I): the gradient reaches μ and σ (Kingma & Welling 2013, §2.4). */
export function reparameterize({ mean, logVariance }: GaussianCode, rng: Rng): Tensor {
  return mean.add(logVariance.mul(0.5).exp().mul(rng.normal(mean.shape)));
}

/** The three distributions of a variational autoencoder; the prior is N(0, I). */
export interface Variational {
  readonly observation: Observation;
  /** pixels [B, D] → q(z | x) */
  encode(pixels: Tensor): GaussianCode;
  /** z [B, latent] → the output that `observation` reads, [B, D] */
  decode(code: Tensor): Tensor;
}

/** Terms of the bound, one draw of z, in nats per item: [B]. */
export interface BoundTerms {
  readonly elbo: Tensor;
  /** ln p(x | z) */
  readonly reconstruction: Tensor;
  /** KL(q(z | x) ‖ p(z)) */
  readonly kl: Tensor;
}

/** ELBO(x) = ln p(x | z) − KL(q(z | x) ‖ p(z)), z ~ q(z | x) (Kingma & Welling 2013, eq. 10). */
export function evidenceBound({ observation, encode, decode }: Variational, x: Tensor, rng: Rng): BoundTerms {
  const pixels = observation.observe(x, rng);
  const code = encode(pixels);
  const reconstruction = observation.logLikelihood(pixels, decode(reparameterize(code, rng)));
  const kl = klStandardNormal(code.mean, code.logVariance);
  return { elbo: reconstruction.sub(kl), reconstruction, kl };
}

/** ln 1/k Σᵢ p(x, zᵢ)/q(zᵢ | x), zᵢ ~ q: tightens to ln p(x) with k (Burda et al. 2015, eq. 8); nats, [B]. */
export function importanceWeightedBound(
  { observation, encode, decode }: Variational,
  x: Tensor,
  { rng, k }: { readonly rng: Rng; readonly k: number },
): Tensor {
  const pixels = observation.observe(x, rng); // [B, D]
  const { mean, logVariance } = encode(pixels);
  const [B, L] = mean.shape as [number, number];
  const spread = (t: Tensor): Tensor =>
    t
      .unsqueeze(1)
      .expand([B, k, t.shape[1]!])
      .reshape([B * k, -1]);
  const noise = rng.normal([B, k, L]).reshape([B * k, L]);
  const code = spread(mean).add(spread(logVariance.mul(0.5).exp()).mul(noise)); // [Bk, L]
  const zero = code.mul(0);
  const logWeight = observation
    .logLikelihood(spread(pixels), decode(code)) // ln p(x | z)
    .add(gaussian(code, zero, zero)) // ln p(z)
    .sub(gaussian(code, spread(mean), spread(logVariance))); // ln q(z | x)
  return logWeight.reshape([B, k]).logSumExp(1).sub(Math.log(k));
}
