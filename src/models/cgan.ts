/**
 * Conditional GAN: both players are told the label, so the discriminator asks "is this a real seven?", and samples can
 * be asked for by label.
 *
 * Mirza & Osindero, "Conditional Generative Adversarial Nets", 2014 (arXiv:1411.1784).
 *
 *   min_G max_D  E_{x,y}[ln D(x | y)] + E_{z,y}[ln(1 − D(G(z | y) | y))]                                    (eq. 2)
 *
 * The generator descends −E ln D(G(z | y) | y). Labels y are drawn as in the data: those of the batch at hand. They
 * enter as one-hot vectors: beside the code, beside flat items, and as constant planes beside images.
 *
 * What differs from the paper: on images the networks are those of `dcgan` unless `architecture` is 'mlp'. The paper's
 * maxout, dropout and separate first layers for the label are left out; z ~ N(0, I); Adam.
 */
import { z } from 'zod';
import { type Conditions, defineModel } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { nonSaturating } from '../losses/index.js';
import { type Context, type Layer, Module } from '../nn/index.js';
import { concat } from '../ops/index.js';
import { adam, linear } from '../optim/index.js';
import type { Rng } from '../random/rng.js';
import { type Game, phasesOf, pushOf } from './blocks/adversarial-game.js';
import {
  ConvDiscriminator,
  ConvGenerator,
  type DiscriminatorNetwork,
  MlpDiscriminator,
  MlpGenerator,
} from './blocks/adversarial-networks.js';

interface Sizes {
  readonly architecture: 'mlp' | 'conv';
  readonly latent: number;
  readonly layers: number;
  readonly hidden: number;
  readonly channels: number;
}

class ConditionalGan extends Module {
  readonly generator: Layer;
  readonly discriminator: DiscriminatorNetwork;
  readonly #classes: number;

  constructor(shape: Shape, classes: number, sizes: Sizes, rng: Rng) {
    super();
    const { architecture, latent, layers, hidden, channels } = sizes;
    const inputs = latent + classes;
    if (architecture === 'conv') {
      this.generator = new ConvGenerator({ shape, inputs, channels, rng });
      this.discriminator = new ConvDiscriminator({ shape, classes, channels, batchNorm: true, rng });
    } else {
      this.generator = new MlpGenerator({ shape, inputs, hidden, layers, rng });
      this.discriminator = new MlpDiscriminator({ shape, classes, hidden, layers, rng });
    }
    this.#classes = classes;
  }

  generate(code: Tensor, told: Conditions, context: Context = {}): Tensor {
    return this.generator.forward(concat([code, this.#oneHot(told)], 1), context);
  }

  judge(x: Tensor, told: Conditions, context: Context = {}): Tensor {
    return this.discriminator.forward(x, context, this.#oneHot(told));
  }

  /** int32 [B] → [B, classes] */
  #oneHot({ labels }: Conditions): Tensor {
    if (labels !== undefined) return labels.oneHot(this.#classes);
    throw new UsageError({
      operation: 'cgan',
      expected: 'a label for each item',
      got: 'none',
      remedy: 'Use labelled data, or say which label is meant.',
    });
  }
}

export default defineModel({
  id: 'cgan',
  title: 'Conditional GAN',
  family: 'gan',
  summary: 'A GAN whose players are told the label, and which draws samples of the label that is asked for.',
  paper: {
    title: 'Conditional Generative Adversarial Nets',
    authors: 'Mirza, Osindero',
    year: 2014,
    arxiv: '1411.1784',
  },
  data: { kinds: ['image', 'points'], default: 'synthetic-digits', labels: 'required' },
  config: {
    epochs: z
      .number()
      .positive()
      .default(30)
      .describe('Passes over the training data; each move of a player takes a batch of it.'),
    learningRate: z.number().positive().default(2e-4).describe("Both players' first rate; it falls to 0 in a line."),
    architecture: z.enum(['conv', 'mlp']).default('conv').describe('Convolutions, for images; or hidden layers.'),
    latent: z.number().int().positive().default(64).describe('Dimensions of the code.'),
    layers: z.number().int().positive().default(2).describe('mlp: hidden layers of either network.'),
    hidden: z.number().int().positive().default(256).describe('mlp: units of a hidden layer.'),
    channels: z.number().int().positive().default(32).describe('conv: channels at half the resolution.'),
    beta1: z.number().min(0).lt(1).default(0.5).describe("Adam's β₁; the usual 0.9 makes games swing."),
    discriminatorSteps: z.number().int().positive().default(1).describe('Moves of the discriminator in a step.'),
    generatorSteps: z.number().int().positive().default(1).describe('Moves of the generator in a step.'),
  },
  defaultsFor: {
    image: { batchSize: 64 },
    points: {
      epochs: 60,
      validateEvery: 500,
      learningRate: 1e-3,
      architecture: 'mlp',
      latent: 16,
      layers: 3,
      hidden: 128,
    },
  },
  presets: { tiny: { latent: 4, layers: 2, hidden: 16, channels: 4, batchSize: 16, epochs: 1 } },

  create(config, { data: { shape, labels = [] }, rng, totalSteps }) {
    const net = new ConditionalGan(shape, labels.length, config, rng);
    const optimizer = adam({ beta1: config.beta1 });
    const falling = (moves: number) => linear(config.learningRate, { steps: totalSteps * moves });

    const game: Game = {
      loss: nonSaturating,
      latent: config.latent,
      generate: (code, told, context) => net.generate(code, told, context),
      judge: (x, told, context) => net.judge(x, told, context),
      score: (logits) => logits.sigmoid(),
    };
    return {
      module: net,
      phases: phasesOf(game, {
        discriminator: {
          name: 'discriminator',
          parameters: net.discriminator.parameters(),
          moves: config.discriminatorSteps,
          optimizer,
          learningRate: falling(config.discriminatorSteps),
        },
        generator: {
          name: 'generator',
          parameters: net.generator.parameters(),
          moves: config.generatorSteps,
          optimizer,
          learningRate: falling(config.generatorSteps),
        },
      }),
      capabilities: {
        latent: { shape: [config.latent], prior: 'normal' },
        classes: { count: labels.length, required: true },
        sample: ({ count, rng: r, labels: asked }) => net.generate(r.normal([count, config.latent]), { labels: asked }),
        decode: (code, told = {}) => net.generate(code, told),
        judge: (x, told = {}) => net.judge(x, told).squeeze(1),
        push: pushOf(game),
      },
    };
  },
});
