/**
 * Variational autoencoder.
 *
 * Kingma & Welling, "Auto-Encoding Variational Bayes", 2013 (arXiv:1312.6114).
 *
 *   p(z) = N(0, I)                       prior
 *   p(x | z) = Bernoulli(σ(f(z)))        decoder, one probability per pixel                       (§3, App. C.1)
 *           or N(σ(f(z)), s²)            with one learned variance s²                              (App. C.2)
 *   q(z | x) = N(μ(x), diag σ²(x))       encoder                                                   (eq. 9)
 *   ELBO(x) = E_q[ln p(x | z)] − KL(q(z | x) ‖ p(z)) ≤ ln p(x)                                     (eq. 3)
 *   z = μ + σ ⊙ ε, ε ~ N(0, I)           reparameterisation, so that the gradient reaches μ and σ  (§2.4)
 *
 * What differs from the paper: ReLU instead of tanh or softplus units, Adam instead of Adagrad, 400 hidden units and 20
 * latent dimensions (the sizes of common reference code), and pixels are binarized anew each time they are seen
 * (dynamic binarization), which makes the Bernoulli likelihood a proper one and the bound comparable between papers.
 * The convolutional form is ours, in the manner of DCGAN's strides. The Gaussian's variance is one number that is learned
 * (see blocks/observation.ts) where the paper's decoder gives one for each pixel.
 */
import { z } from 'zod';
import { defineModel } from '../contract/index.js';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { Module } from '../nn/index.js';
import { adam, constant } from '../optim/index.js';
import type { Rng } from '../random/rng.js';
import { evidenceBound, GaussianEncoder, importanceWeightedBound, type Variational } from './blocks/gaussian-code.js';
import { type CodeSettings, imageNetworkFields, PixelDecoder } from './blocks/image-networks.js';
import { type Observation, observation, observationFields } from './blocks/observation.js';

class Vae extends Module {
  readonly encoder: GaussianEncoder;
  readonly decoder: PixelDecoder;
  readonly observation: Observation;

  constructor(shape: Shape, settings: CodeSettings, observed: Observation, rng: Rng) {
    super();
    this.encoder = new GaussianEncoder(shape, settings, rng);
    this.decoder = new PixelDecoder(shape, settings, rng);
    this.observation = observed;
  }
}

export default defineModel({
  id: 'vae',
  title: 'Variational autoencoder',
  family: 'autoencoder',
  summary: 'Learns to encode images as a small cloud of codes and to decode any code into an image.',
  paper: { title: 'Auto-Encoding Variational Bayes', authors: 'Kingma, Welling', year: 2013, arxiv: '1312.6114' },
  data: { kinds: ['image'], default: 'synthetic-digits' },
  config: {
    ...imageNetworkFields,
    latent: z.number().int().positive().default(20).describe('Dimensions of the code.'),
    ...observationFields,
  },
  presets: { tiny: { hidden: 32, latent: 4, channels: 4, batchSize: 16, epochs: 1 } },

  create(config, { data: { shape }, rng }) {
    const net = new Vae(shape, config, observation(config), rng);
    const { encoder, decoder } = net;
    const image = (output: Tensor): Tensor => net.observation.mean(output).reshape([-1, ...shape]);
    const parts: Variational = {
      observation: net.observation,
      encode: (pixels) => encoder.forward(pixels),
      decode: (code) => decoder.forward(code),
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
            const terms = evidenceBound(parts, x, r);
            return {
              loss: terms.elbo.mean().neg(),
              metrics: { reconstruction: terms.reconstruction.mean().neg(), kl: terms.kl.mean() },
            };
          },
        },
      ],
      capabilities: {
        latent: { shape: [config.latent], prior: 'normal' },
        sample: ({ count, rng: r }) => image(decoder.forward(r.normal([count, config.latent]))),
        encode: (x) => encoder.forward(x.flatten(1)),
        decode: (code) => image(decoder.forward(code)),
        reconstruct: (x) => image(decoder.forward(encoder.forward(x.flatten(1)).mean)),
        elbo: (x, { rng: r }) => ({ ...evidenceBound(parts, x, r) }),
        logProb: (x, { rng: r, k }) => importanceWeightedBound(parts, x, { rng: r, k }),
      },
    };
  },
});
