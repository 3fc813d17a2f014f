/**
 * Deep convolutional GAN: the network shapes with which adversarial training of image models first held together.
 *
 * Radford, Metz, Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
 * Networks", ICLR 2016 (arXiv:1511.06434). The game is the one of `gan`, with −E ln D(G(z)) for the generator.
 *
 * The rules of §3: strided and transposed convolutions in the place of pooling; batch norm in both networks but for the
 * generator's output and the discriminator's input; no hidden linear layers; ReLU in the generator, leaky ReLU of slope
 * 0.2 in the discriminator; weights start as N(0, 0.02²); Adam at 2·10⁻⁴ with β₁ = 0.5, batches of 128.
 *
 * What differs from the paper: 4×4 kernels instead of 5×5, so that every place is painted by equally many of them; a
 * convolution that keeps the size at the smallest sides of both networks, where the digit as a whole is settled; z ~ N(0, I)
 * instead of uniform noise; sizes follow the images (28×28: three strides; 64×64: four, with the paper's 1024 channels at
 * channels = 128); five times the rates, which fall to 0, and twice the discriminator's for the generator, which has the
 * harder task (two rates: Heusel et al. 2017, arXiv:1706.08500); batches of 64; the discriminator's batch norm keeps no
 * running statistics.
 */
import { z } from 'zod';
import { defineModel } from '../contract/index.js';
import type { Shape } from '../core/shape.js';
import { nonSaturating } from '../losses/index.js';
import { Module } from '../nn/index.js';
import { adam, linear } from '../optim/index.js';
import type { Rng } from '../random/rng.js';
import { phasesOf } from './blocks/adversarial-game.js';
import { ConvDiscriminator, ConvGenerator } from './blocks/adversarial-networks.js';

class Dcgan extends Module {
  readonly generator: ConvGenerator;
  readonly discriminator: ConvDiscriminator;

  constructor(shape: Shape, { latent, channels }: { latent: number; channels: number }, rng: Rng) {
    super();
    this.generator = new ConvGenerator({ shape, inputs: latent, channels, rng });
    this.discriminator = new ConvDiscriminator({ shape, channels, batchNorm: true, rng });
  }
}

export default defineModel({
  id: 'dcgan',
  title: 'Deep convolutional GAN',
  family: 'gan',
  summary: 'A GAN of strided convolutions with batch norm: sharp images.',
  paper: {
    title: 'Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks',
    authors: 'Radford, Metz, Chintala',
    year: 2016,
    arxiv: '1511.06434',
  },
  data: { kinds: ['image'], default: 'synthetic-digits' },
  config: {
    epochs: z
      .number()
      .positive()
      .default(30)
      .describe('Passes over the training data; each move of a player takes a batch of it.'),
    learningRate: z
      .number()
      .positive()
      .default(1e-3)
      .describe("The discriminator's first rate; it falls to 0 in a line."),
    generatorLearningRate: z.number().positive().default(2e-3).describe("The generator's, which has the harder task."),
    latent: z.number().int().positive().default(100).describe('Dimensions of the code.'),
    channels: z
      .number()
      .int()
      .positive()
      .default(32)
      .describe('Channels at half the resolution; twice as many at each halving.'),
    beta1: z.number().min(0).lt(1).default(0.5).describe("Adam's β₁; the usual 0.9 makes games swing."),
    discriminatorSteps: z.number().int().positive().default(1).describe('Moves of the discriminator in a step.'),
    generatorSteps: z.number().int().positive().default(1).describe('Moves of the generator in a step.'),
  },
  defaultsFor: { image: { batchSize: 64 } },
  presets: { tiny: { latent: 4, channels: 4, batchSize: 16, epochs: 1 } },

  create(config, { data: { shape }, rng, totalSteps }) {
    const net = new Dcgan(shape, config, rng);
    const { generator, discriminator } = net;
    const optimizer = adam({ beta1: config.beta1 });
    const falling = (rate: number, moves: number) => linear(rate, { steps: totalSteps * moves });

    return {
      module: net,
      phases: phasesOf(
        {
          loss: nonSaturating,
          latent: config.latent,
          generate: (code, _, context) => generator.forward(code, context),
          judge: (x) => discriminator.forward(x),
          score: (logits) => logits.sigmoid(),
        },
        {
          discriminator: {
            name: 'discriminator',
            parameters: discriminator.parameters(),
            moves: config.discriminatorSteps,
            optimizer,
            learningRate: falling(config.learningRate, config.discriminatorSteps),
          },
          generator: {
            name: 'generator',
            parameters: generator.parameters(),
            moves: config.generatorSteps,
            optimizer,
            learningRate: falling(config.generatorLearningRate, config.generatorSteps),
          },
        },
      ),
      capabilities: {
        latent: { shape: [config.latent], prior: 'normal' },
        sample: ({ count, rng: r }) => generator.forward(r.normal([count, config.latent])),
        decode: (code) => generator.forward(code),
      },
    };
  },
});
