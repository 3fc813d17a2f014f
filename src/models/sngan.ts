/**
 * Spectrally normalised GAN: each layer of the discriminator is divided by its largest singular value, which bounds how
 * fast its answer can change, at the price of one matrix-vector product a layer instead of second derivatives.
 *
 * Miyato, Kataoka, Koyama, Yoshida, "Spectral Normalization for Generative Adversarial Networks", ICLR 2018
 * (arXiv:1802.05957); the hinge loss: Lim & Ye 2017 (arXiv:1705.02894).
 *
 *   W̄ = W/σ(W), σ(W) ≈ uᵀWv by one power iteration at each look                              (eq. 8, algorithm 1)
 *   ‖f‖_Lip ≤ ∏ σ(W̄ₗ) = 1 for leaky ReLU between                                             (eq. 7)
 *   discriminator:  E max(0, 1 − D(x)) + E max(0, 1 + D(G(z)))                                 (eq. 16)
 *   generator:     −E D(G(z))                                                                  (eq. 17)
 *
 * What differs from the paper: the networks are those of `dcgan` without norm in the discriminator, where the paper has
 * seven convolutions or residual blocks; slope 0.2 instead of 0.1; of images, the discriminator is told how far the items
 * of a batch are apart (Karras et al. 2018, §3), without which all samples become one picture; one discriminator move a step
 * instead of five in the paper's hinge runs, and ten times the rate, which falls from the first step on; a setting for the
 * bound (`lipschitz`), since clusters a tenth wide are not told apart by a slope of 1. A convolution's σ is that of its
 * weight as a matrix, as in the paper. The last layer has no bias: while no item is beyond the hinge it would cancel.
 */
import { z } from 'zod';
import { defineModel } from '../contract/index.js';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { hinge } from '../losses/index.js';
import { type Layer, Module, spectralNorm } from '../nn/index.js';
import { adam, linear } from '../optim/index.js';
import type { Rng } from '../random/rng.js';
import { type Game, phasesOf, pushOf } from './blocks/adversarial-game.js';
import {
  ConvDiscriminator,
  ConvGenerator,
  type DiscriminatorNetwork,
  isImage,
  MlpDiscriminator,
  MlpGenerator,
  type Wrap,
} from './blocks/adversarial-networks.js';

interface Sizes {
  readonly latent: number;
  readonly layers: number;
  readonly hidden: number;
  readonly channels: number;
  readonly batchDeviation: number;
}

class SpectralGan extends Module {
  readonly generator: Layer;
  readonly discriminator: DiscriminatorNetwork;

  /** Convolutions for images, hidden layers for points. */
  constructor(shape: Shape, { latent, layers, hidden, channels, batchDeviation }: Sizes, rng: Rng) {
    super();
    const wrap: Wrap = (layer) => spectralNorm(layer, { rng });
    if (isImage(shape)) {
      this.generator = new ConvGenerator({ shape, inputs: latent, channels, rng });
      this.discriminator = new ConvDiscriminator({ shape, channels, wrap, outputBias: false, batchDeviation, rng });
    } else {
      this.generator = new MlpGenerator({ shape, inputs: latent, hidden, layers, rng });
      this.discriminator = new MlpDiscriminator({ shape, hidden, layers, wrap, outputBias: false, rng });
    }
  }
}

export default defineModel({
  id: 'sngan',
  title: 'Spectrally normalised GAN',
  family: 'gan',
  summary: 'A GAN with a hinge loss whose discriminator is held smooth layer by layer.',
  paper: {
    title: 'Spectral Normalization for Generative Adversarial Networks',
    authors: 'Miyato, Kataoka, Koyama, Yoshida',
    year: 2018,
    arxiv: '1802.05957',
  },
  data: { kinds: ['image', 'points'], default: 'synthetic-digits' },
  config: {
    epochs: z
      .number()
      .positive()
      .default(30)
      .describe('Passes over the training data; each move of a player takes a batch of it.'),
    learningRate: z.number().positive().default(2e-3).describe("Both players' first rate; it falls to 0 in a line."),
    latent: z.number().int().positive().default(100).describe('Dimensions of the code.'),
    layers: z.number().int().positive().default(3).describe('Points: hidden layers of either network.'),
    hidden: z.number().int().positive().default(128).describe('Points: units of a hidden layer.'),
    channels: z.number().int().positive().default(32).describe('Images: channels at half the resolution.'),
    lipschitz: z
      .number()
      .positive()
      .default(1)
      .describe('Bound on the slope of the discriminator: its layers allow 1, and its answer is multiplied by this.'),
    batchDeviation: z
      .number()
      .min(0)
      .default(30)
      .describe('Images: weight at which the discriminator is told how far a batch is apart; 0: it is not.'),
    beta1: z.number().min(0).lt(1).default(0).describe("Adam's β₁; the usual 0.9 makes games swing."),
    discriminatorSteps: z.number().int().positive().default(1).describe('Moves of the discriminator in a step.'),
    generatorSteps: z.number().int().positive().default(1).describe('Moves of the generator in a step.'),
  },
  defaultsFor: {
    image: { batchSize: 64 },
    points: {
      epochs: 60,
      validateEvery: 500,
      learningRate: 1e-3,
      latent: 16,
      discriminatorSteps: 2,
      lipschitz: 30,
    },
  },
  presets: { tiny: { latent: 4, layers: 2, hidden: 16, channels: 4, batchSize: 16, epochs: 1 } },

  create(config, { data: { shape }, rng, totalSteps }) {
    const net = new SpectralGan(shape, config, rng);
    const { generator, discriminator } = net;
    const images = isImage(shape);
    const optimizer = adam({ beta1: config.beta1 });
    const falling = (moves: number) => linear(config.learningRate, { steps: totalSteps * moves });

    const game: Game = {
      loss: hinge,
      latent: config.latent,
      generate: (code, _, context) => generator.forward(code, context),
      judge: (x, _, context) => discriminator.forward(x, context).mul(config.lipschitz),
      score: (values) => values,
    };
    return {
      module: net,
      phases: phasesOf(game, {
        discriminator: {
          name: 'discriminator',
          parameters: discriminator.parameters(),
          optimizer,
          learningRate: falling(config.discriminatorSteps),
          moves: config.discriminatorSteps,
        },
        generator: {
          name: 'generator',
          parameters: generator.parameters(),
          optimizer,
          learningRate: falling(config.generatorSteps),
          moves: config.generatorSteps,
        },
      }),
      capabilities: {
        latent: { shape: [config.latent], prior: 'normal' },
        sample: ({ count, rng: r }) => generator.forward(r.normal([count, config.latent])),
        decode: (code) => generator.forward(code),
        // Where it is told about the batch, it has no opinion of an item by itself.
        ...(!(images && config.batchDeviation > 0) && {
          judge: (x: Tensor) => discriminator.forward(x).mul(config.lipschitz).squeeze(1),
        }),
        push: pushOf(game),
      },
    };
  },
});
