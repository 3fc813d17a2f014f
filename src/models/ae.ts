/**
 * Autoencoder, undercomplete: the code is smaller than the image, so that it must keep what matters.
 *
 * Hinton & Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks", Science 313, 2006.
 *
 *   z = f(x),  x̂ = σ(g(z))
 *   loss = E ‖x̂ − x‖²
 *
 * What differs from the paper: one hidden layer (or two strided convolutions) on each side instead of three, ReLU units,
 * and Adam from random weights instead of restricted Boltzmann machines first: initial weights of the right size made
 * that unnecessary. The loss is the squared error, which the paper uses for real-valued images.
 */
import { z } from 'zod';
import { defineModel } from '../contract/index.js';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { squaredError } from '../losses/index.js';
import { Module } from '../nn/index.js';
import { adam, constant } from '../optim/index.js';
import type { Rng } from '../random/rng.js';
import { type CodeSettings, imageNetworkFields, PixelDecoder, PixelEncoder } from './blocks/image-networks.js';

class Autoencoder extends Module {
  readonly encoder: PixelEncoder;
  readonly decoder: PixelDecoder;

  constructor(shape: Shape, settings: CodeSettings, rng: Rng) {
    super();
    this.encoder = new PixelEncoder(shape, settings, rng);
    this.decoder = new PixelDecoder(shape, settings, rng);
  }
}

export default defineModel({
  id: 'ae',
  title: 'Autoencoder',
  family: 'autoencoder',
  summary: 'Learns to press images into a short code and to restore them from it.',
  paper: {
    title: 'Reducing the Dimensionality of Data with Neural Networks',
    authors: 'Hinton, Salakhutdinov',
    year: 2006,
  },
  data: { kinds: ['image'], default: 'synthetic-digits' },
  config: {
    ...imageNetworkFields,
    latent: z.number().int().positive().default(20).describe('Numbers in the code.'),
  },
  presets: { tiny: { hidden: 32, latent: 4, channels: 4, batchSize: 16, epochs: 1 } },

  create(config, { data: { shape }, rng }) {
    const net = new Autoencoder(shape, config, rng);
    const encode = (x: Tensor): Tensor => net.encoder.forward(x.flatten(1));
    const decode = (code: Tensor): Tensor =>
      net.decoder
        .forward(code)
        .sigmoid()
        .reshape([-1, ...shape]);

    return {
      module: net,
      phases: [
        {
          name: 'reconstruction',
          parameters: net.parameters(),
          optimizer: adam(),
          learningRate: constant(config.learningRate),
          loss: ({ x }) => {
            const error = squaredError(decode(encode(x)), x).mean();
            return { loss: error, metrics: { mse: error.mul(x.shape[0]! / x.size) } };
          },
        },
      ],
      capabilities: {
        latent: { shape: [config.latent], prior: null },
        encode: (x) => ({ mean: encode(x) }),
        decode,
        reconstruct: (x) => decode(encode(x)),
      },
    };
  },
});
