/**
 * Variational autoencoder.
 *
 * Kingma & Welling, "Auto-Encoding Variational Bayes", 2013 (arXiv:1312.6114).
 *
 *   p(z) = N(0, I)                       prior
 *   p(x | z) = Bernoulli(σ(f(z)))        decoder, one probability per pixel                       (§3, App. C.1)
 *   q(z | x) = N(μ(x), diag σ²(x))       encoder                                                   (eq. 9)
 *   ELBO(x) = E_q[ln p(x | z)] − KL(q(z | x) ‖ p(z)) ≤ ln p(x)                                     (eq. 3)
 *   z = μ + σ ⊙ ε, ε ~ N(0, I)           reparameterisation, so that the gradient reaches μ and σ  (§2.4)
 *
 * What differs from the paper: ReLU instead of tanh or softplus units, Adam instead of Adagrad, 400 hidden units and 20
 * latent dimensions (the sizes of common reference code), and pixels are binarized anew each time they are seen
 * (dynamic binarization), which makes the Bernoulli likelihood a proper one and the bound comparable between papers.
 */
import { z } from 'zod';
import { type DataSpec, defineModel } from '../contract/index.js';
import type { Tensor } from '../core/tensor.js';
import { bernoulliFromLogits, gaussian, klStandardNormal } from '../losses/index.js';
import { Linear, Module } from '../nn/index.js';
import { adam, constant } from '../optim/index.js';
import type { Rng } from '../random/rng.js';

/** x → (μ, ln σ²): one hidden layer and two heads. */
class Encoder extends Module {
  readonly hidden: Linear;
  readonly mean: Linear;
  readonly logVariance: Linear;

  constructor(inputs: number, hidden: number, latent: number, rng: Rng) {
    super();
    this.hidden = new Linear(inputs, hidden, { rng });
    this.mean = new Linear(hidden, latent, { rng });
    this.logVariance = new Linear(hidden, latent, { rng });
  }

  /** [B, ...shape] → two of [B, latent] */
  forward(x: Tensor): { mean: Tensor; logVariance: Tensor } {
    const h = this.hidden.forward(x.flatten(1)).relu();
    return { mean: this.mean.forward(h), logVariance: this.logVariance.forward(h) };
  }
}

/** z → logits of the pixels. */
class Decoder extends Module {
  readonly hidden: Linear;
  readonly output: Linear;

  constructor(latent: number, hidden: number, outputs: number, rng: Rng) {
    super();
    this.hidden = new Linear(latent, hidden, { rng });
    this.output = new Linear(hidden, outputs, { rng });
  }

  /** [B, latent] → [B, pixels] */
  forward(z: Tensor): Tensor {
    return this.output.forward(this.hidden.forward(z).relu());
  }
}

class Vae extends Module {
  readonly encoder: Encoder;
  readonly decoder: Decoder;

  constructor(pixels: number, { hidden, latent }: { hidden: number; latent: number }, rng: Rng) {
    super();
    this.encoder = new Encoder(pixels, hidden, latent, rng);
    this.decoder = new Decoder(latent, hidden, pixels, rng);
  }
}

/** z = μ + σ ⊙ ε (§2.4) */
function reparameterize(mean: Tensor, logVariance: Tensor, rng: Rng): Tensor {
  return mean.add(logVariance.mul(0.5).exp().mul(rng.normal(mean.shape)));
}

export default defineModel({
  id: 'vae',
  title: 'Variational autoencoder',
  family: 'autoencoder',
  summary: 'Learns to encode images as a small cloud of codes and to decode any code into an image.',
  paper: { title: 'Auto-Encoding Variational Bayes', authors: 'Kingma, Welling', year: 2013, arxiv: '1312.6114' },
  data: { kinds: ['image'], default: 'synthetic-digits' },
  config: {
    epochs: z
      .number()
      .positive()
      .default(30)
      .describe('Passes over the training data; 30 of the 20,000 synthetic digits take about a minute on two cores.'),
    hidden: z.number().int().positive().default(400).describe('Units of the one hidden layer of encoder and decoder.'),
    latent: z.number().int().positive().default(20).describe('Dimensions of the code.'),
    binarize: z
      .boolean()
      .default(true)
      .describe('Draw each pixel as 0 or 1 with its grey value as probability, anew each time it is seen.'),
  },
  presets: { tiny: { hidden: 32, latent: 4, batchSize: 16, epochs: 1 } },

  create(config, { data, rng }) {
    const { shape } = data as DataSpec;
    const pixels = shape.reduce((a, b) => a * b, 1);
    const net = new Vae(pixels, config, rng);
    const image = (logits: Tensor): Tensor => logits.sigmoid().reshape([-1, ...shape]);
    const observe = (x: Tensor, r: Rng): Tensor => (config.binarize ? r.bernoulli(x) : x).flatten(1);

    // ELBO(x) with one draw of z (eq. 10), each term in nats per item: [B]
    const elbo = (x: Tensor, r: Rng): { elbo: Tensor; reconstruction: Tensor; kl: Tensor } => {
      const pixelsOf = observe(x, r);
      const { mean, logVariance } = net.encoder.forward(pixelsOf);
      const logits = net.decoder.forward(reparameterize(mean, logVariance, r));
      const reconstruction = bernoulliFromLogits(pixelsOf, logits);
      const kl = klStandardNormal(mean, logVariance);
      return { elbo: reconstruction.sub(kl), reconstruction, kl };
    };

    return {
      module: net,
      phases: [
        {
          name: 'elbo',
          parameters: net.parameters(),
          optimizer: adam(),
          learningRate: constant(config.learningRate),
          loss: ({ x }, { rng: r }) => {
            const terms = elbo(x, r);
            return {
              loss: terms.elbo.mean().neg(),
              metrics: { reconstruction: terms.reconstruction.mean().neg(), kl: terms.kl.mean() },
            };
          },
        },
      ],
      capabilities: {
        latent: { shape: [config.latent], prior: 'normal' },
        sample: ({ count, rng: r }) => image(net.decoder.forward(r.normal([count, config.latent]))),
        encode: (x) => net.encoder.forward(x),
        decode: (code) => image(net.decoder.forward(code)),
        reconstruct: (x) => image(net.decoder.forward(net.encoder.forward(x).mean)),
        elbo: (x, { rng: r }) => elbo(x, r),
        // ln 1/k Σᵢ p(x, zᵢ)/q(zᵢ | x), zᵢ ~ q: tightens to ln p(x) with k (Burda et al. 2015, eq. 8)
        logProb: (x, { rng: r, k }) => {
          const pixelsOf = observe(x, r); // [B, D]
          const { mean, logVariance } = net.encoder.forward(pixelsOf);
          const [B, L] = mean.shape as [number, number];
          const spread = (t: Tensor): Tensor =>
            t
              .unsqueeze(1)
              .expand([B, k, t.shape[1]!])
              .reshape([B * k, -1]);
          const noise = r.normal([B, k, L]).reshape([B * k, L]);
          const code = spread(mean).add(spread(logVariance.mul(0.5).exp()).mul(noise)); // [Bk, L]
          const zero = code.mul(0);
          const logWeight = bernoulliFromLogits(spread(pixelsOf), net.decoder.forward(code)) // ln p(x | z)
            .add(gaussian(code, zero, zero)) // ln p(z)
            .sub(gaussian(code, spread(mean), spread(logVariance))); // ln q(z | x)
          return logWeight.reshape([B, k]).logSumExp(1).sub(Math.log(k));
        },
      },
    };
  },
});
