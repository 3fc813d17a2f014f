/**
 * What a decoder's output means: the likelihood p(x | z) of the pixels, one number of the output for each.
 *
 *   bernoulli   x ∈ {0, 1}, p = σ(output)                             (Kingma & Welling 2013, appendix C.1)
 *   gaussian    x ~ N(σ(output), s²), one variance s² for all pixels  (their appendix C.2)
 *
 * The Gaussian variance is a parameter and learned with the rest: its optimum is the mean squared error, so the balance
 * between reconstruction and KL is found instead of set (Rybkin et al. 2021, "Simple and Effective VAE Training with
 * Calibrated Decoders", §3). ln s² is kept above −12, a sixth of one of 256 grey levels, where an autoencoder that
 * copies perfectly would drive it to −∞. The Gaussian likelihood is a density of real numbers: its nats compare with
 * those of other Gaussian models of the same data only.
 */
import { z } from 'zod';
import type { Variable } from '../../core/leaves.js';
import type { Tensor } from '../../core/tensor.js';
import { bernoulliFromLogits, gaussian } from '../../losses/index.js';
import { Module } from '../../nn/index.js';
import { filled } from '../../nn/parameter.js';
import type { Rng } from '../../random/rng.js';

export const observationFields = {
  likelihood: z
    .enum(['bernoulli', 'gaussian'])
    .default('bernoulli')
    .describe('Of a pixel: black or white, or grey with a learned variance that all pixels share.'),
  binarize: z
    .boolean()
    .default(true)
    .describe('bernoulli: draw each pixel as 0 or 1 with its grey value as probability, anew each time it is seen.'),
};

/** p(x | z) for pixels [B, D] and decoder outputs [B, D]. */
export interface Observation extends Module {
  /** What is to be explained of images [B, C, H, W]: flat pixels [B, D], in the Bernoulli case a binary draw of them. */
  observe(x: Tensor, rng: Rng): Tensor;
  /** ln p(x | output) in nats, [B] */
  logLikelihood(pixels: Tensor, output: Tensor): Tensor;
  /** E[x | output] in 0…1, [B, D] */
  mean(output: Tensor): Tensor;
}

export function observation({
  likelihood,
  binarize,
}: {
  likelihood: 'bernoulli' | 'gaussian';
  binarize: boolean;
}): Observation {
  return likelihood === 'bernoulli' ? new Bernoulli(binarize) : new Gaussian();
}

class Bernoulli extends Module implements Observation {
  readonly binarize: boolean;

  constructor(binarize: boolean) {
    super();
    this.binarize = binarize;
  }

  observe(x: Tensor, rng: Rng): Tensor {
    return (this.binarize ? rng.bernoulli(x) : x).flatten(1);
  }

  logLikelihood(pixels: Tensor, output: Tensor): Tensor {
    return bernoulliFromLogits(pixels, output);
  }

  mean(output: Tensor): Tensor {
    return output.sigmoid();
  }
}

const lowestLogVariance = -12;

class Gaussian extends Module implements Observation {
  /** ln s² before it is bounded from below; starts at the variance of a poor reconstruction. */
  readonly logVariance: Variable = filled([1], -3);

  observe(x: Tensor): Tensor {
    return x.flatten(1);
  }

  logLikelihood(pixels: Tensor, output: Tensor): Tensor {
    const bounded = this.logVariance.sub(lowestLogVariance).softplus().add(lowestLogVariance);
    return gaussian(pixels, output.sigmoid(), bounded);
  }

  mean(output: Tensor): Tensor {
    return output.sigmoid();
  }
}
