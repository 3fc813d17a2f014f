/**
 * β-VAE: a variational autoencoder whose code pays more for what it tells, so that it is pressed into few, separate
 * dimensions: one for the place, one for the size, one for the colour.
 *
 * Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework", ICLR 2017.
 *
 *   loss = −E_q[ln p(x | z)] + β·KL(q(z | x) ‖ N(0, I))                                            (eq. 4)
 *
 * Two ways to let the code grow while training, since a large β from the start leaves it empty:
 *
 *   annealing   β rises from 0 to its value in a straight line (Bowman et al. 2016, §3.1, for β = 1)
 *   capacity    loss = −E_q[ln p(x | z)] + γ·|KL − C|, where C rises from 0 to the capacity: the code is given its nats
 *               little by little, the most useful first (Burgess et al. 2018, "Understanding disentangling in β-VAE",
 *               arXiv:1804.03599, eq. 8)
 *
 * What differs from the papers: the networks are those of `vae`; a Gaussian likelihood whose variance is learned, where
 * the papers have Bernoulli values; Adam at 10⁻³. The variance becomes the mean squared error, so that what is left to
 * explain never loses its weight against the KL term, and β counts from the balance of a plain VAE: with the Bernoulli
 * likelihood of coloured images a few large surfaces pay for most of the code, and at β = 4 the rest of it stays empty.
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

class BetaVae extends Module {
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
  id: 'beta-vae',
  title: 'β-VAE',
  family: 'autoencoder',
  summary: 'A variational autoencoder with a costlier code, whose dimensions come to stand for separate causes.',
  paper: {
    title: 'beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework',
    authors: 'Higgins, Matthey, Pal, Burgess, Glorot, Botvinick, Mohamed, Lerchner',
    year: 2017,
  },
  data: { kinds: ['image'], default: 'shapes' },
  config: {
    epochs: z.number().positive().default(60).describe('Passes over the training data.'),
    ...imageNetworkFields,
    architecture: imageNetworkFields.architecture.default('conv'),
    hidden: imageNetworkFields.hidden.default(128),
    channels: imageNetworkFields.channels.default(16),
    latent: z.number().int().positive().default(10).describe('Dimensions of the code.'),
    ...observationFields,
    likelihood: observationFields.likelihood.default('gaussian'),
    binarize: observationFields.binarize.default(false),
    beta: z.number().min(0).default(8).describe('Weight of the KL term; 1: a plain VAE. Not used with a capacity.'),
    annealing: z.number().min(0).max(1).default(0).describe('Share of the training in which β rises from 0; 0: none.'),
    capacity: z.number().min(0).default(0).describe('Nats that the code is held to at the end; 0: no such limit.'),
    capacityGrowth: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('Share of the training in which the capacity grows.'),
    gamma: z.number().positive().default(30).describe('Weight of the distance between KL and capacity.'),
  },
  defaultsFor: { image: { batchSize: 64 } },
  presets: { tiny: { hidden: 32, latent: 4, channels: 4, batchSize: 16, epochs: 1 } },

  create(config, { data: { shape }, rng, totalSteps }) {
    const net = new BetaVae(shape, config, observation(config), rng);
    const { encoder, decoder } = net;
    const image = (output: Tensor): Tensor => net.observation.mean(output).reshape([-1, ...shape]);
    const parts: Variational = {
      observation: net.observation,
      encode: (pixels) => encoder.forward(pixels),
      decode: (code) => decoder.forward(code),
    };
    /** From 0 to 1 in the given share of the training. */
    const rise = (share: number) => (step: number) => Math.min(1, step / Math.max(1, share * totalSteps));

    return {
      module: net,
      phases: [
        {
          name: 'elbo',
          parameters: net.parameters(),
          optimizer: adam(),
          learningRate: constant(config.learningRate),
          loss: ({ x }, { rng: r, atStep }) => {
            const terms = evidenceBound(parts, x, r);
            const [reconstruction, kl] = [terms.reconstruction.mean().neg(), terms.kl.mean()];
            const { beta, annealing, capacity, capacityGrowth, gamma } = config;
            if (capacity > 0) {
              const growth = rise(capacityGrowth);
              const nats = atStep('capacity', (step) => capacity * growth(step));
              const loss = reconstruction.add(kl.sub(nats).abs().mul(gamma));
              return { loss, metrics: { reconstruction, kl, capacity: nats } };
            }
            const growth = rise(annealing);
            const weight = atStep('beta', (step) => beta * growth(step));
            return { loss: reconstruction.add(kl.mul(weight)), metrics: { reconstruction, kl, beta: weight } };
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
