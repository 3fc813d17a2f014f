/**
 * Denoising autoencoder: restores images from spoilt copies, which needs knowledge of what images look like. The code may
 * be larger than the image, since copying does not help.
 *
 * Vincent, Larochelle, Lajoie, Bengio, Manzagol, "Stacked Denoising Autoencoders", JMLR 11, 2010; first in Vincent et al.,
 * "Extracting and Composing Robust Features with Denoising Autoencoders", ICML 2008.
 *
 *   x̃ ~ q(x̃ | x)                  corruption (2010, §3.3):
 *       gaussian                    x + s·ε, ε ~ N(0, I)
 *       masking                     a share s of the pixels set to 0
 *       salt-and-pepper             a share s of the pixels set to 0 or 1, whichever falls
 *   x̂ = σ(g(f(x̃)))
 *   loss = E ‖x̂ − x‖²             the clean image is the target                                    (2010, eq. 6)
 *
 * With Gaussian noise the restoration x̂ − x̃ points along the gradient of ln p(x̃) (Vincent 2011): the idea that diffusion
 * models build on.
 *
 * What differs from the paper: trained as a whole by Adam and not stacked layer by layer; ReLU units; squared error for
 * images in 0…1 also where the paper takes the cross entropy; all of the error counts, not that of spoilt pixels more.
 */
import { z } from 'zod';
import { defineModel } from '../contract/index.js';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { squaredError } from '../losses/index.js';
import { Module } from '../nn/index.js';
import { where } from '../ops/index.js';
import { adam, constant } from '../optim/index.js';
import type { Rng } from '../random/rng.js';
import { type CodeSettings, imageNetworkFields, PixelDecoder, PixelEncoder } from './blocks/image-networks.js';

class DenoisingAutoencoder extends Module {
  readonly encoder: PixelEncoder;
  readonly decoder: PixelDecoder;

  constructor(shape: Shape, settings: CodeSettings, rng: Rng) {
    super();
    this.encoder = new PixelEncoder(shape, settings, rng);
    this.decoder = new PixelDecoder(shape, settings, rng);
  }
}

/** q(x̃ | x) by name, each of strength s. */
const corruptions = {
  gaussian: (x: Tensor, s: number, rng: Rng) => x.add(rng.normal(x.shape, { std: s })),
  masking: (x: Tensor, s: number, rng: Rng) => x.mul(rng.bernoulli(1 - s, x.shape)),
  'salt-and-pepper': (x: Tensor, s: number, rng: Rng) =>
    where(rng.uniform(x.shape).less(s), rng.bernoulli(0.5, x.shape), x),
};

export default defineModel({
  id: 'dae',
  title: 'Denoising autoencoder',
  family: 'autoencoder',
  summary: 'Learns to restore images from noisy, masked or speckled copies.',
  paper: {
    title:
      'Stacked Denoising Autoencoders: Learning Useful Representations in a Deep Network with a Local Denoising Criterion',
    authors: 'Vincent, Larochelle, Lajoie, Bengio, Manzagol',
    year: 2010,
  },
  data: { kinds: ['image'], default: 'synthetic-digits' },
  config: {
    ...imageNetworkFields,
    latent: z.number().int().positive().default(64).describe('Numbers in the code; may exceed those of the image.'),
    corruption: z
      .enum(['gaussian', 'masking', 'salt-and-pepper'])
      .default('masking')
      .describe('How images are spoilt: noise added, pixels set to 0, or pixels set to 0 or 1.'),
    strength: z
      .number()
      .min(0)
      .max(1)
      .default(0.3)
      .describe('gaussian: standard deviation of the noise; else the share of pixels that are spoilt.'),
  },
  presets: { tiny: { hidden: 32, latent: 8, channels: 4, batchSize: 16, epochs: 1 } },

  create(config, { data: { shape }, rng }) {
    const net = new DenoisingAutoencoder(shape, config, rng);
    const encode = (x: Tensor): Tensor => net.encoder.forward(x.flatten(1));
    const decode = (code: Tensor): Tensor =>
      net.decoder
        .forward(code)
        .sigmoid()
        .reshape([-1, ...shape]);
    const corrupt = (x: Tensor, r: Rng): Tensor => corruptions[config.corruption](x, config.strength, r);

    return {
      module: net,
      phases: [
        {
          name: 'restoration',
          parameters: net.parameters(),
          optimizer: adam(),
          learningRate: constant(config.learningRate),
          loss: ({ x }, { rng: r }) => {
            const error = squaredError(decode(encode(corrupt(x, r))), x).mean();
            return { loss: error, metrics: { mse: error.mul(x.shape[0]! / x.size) } };
          },
        },
      ],
      capabilities: {
        latent: { shape: [config.latent], prior: null },
        encode: (x) => ({ mean: encode(x) }),
        decode,
        reconstruct: (x) => decode(encode(x)),
        corrupt: (x, { rng: r }) => corrupt(x, r),
      },
    };
  },
});
