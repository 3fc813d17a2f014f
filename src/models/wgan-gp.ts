/**
 * Wasserstein GAN with gradient penalty: a critic that measures how far the generated distribution is from the data, in
 * the distance that mass must be moved, and whose gradient therefore always says where to.
 *
 * Gulrajani et al., "Improved Training of Wasserstein GANs", 2017 (arXiv:1704.00028); Arjovsky et al. 2017
 * (arXiv:1701.07875) for the distance.
 *
 *   W₁(p, g) = max over 1-Lipschitz f of E_x f(x) − E_z f(G(z))                       (Arjovsky et al., eq. 2)
 *   critic:     E f(G(z)) − E f(x) + λ·E (‖∇f(x̂)‖ − 1)²,  x̂ = εx + (1 − ε)G(z), ε ~ U(0, 1)          (eq. 3)
 *   generator: −E f(G(z))
 *
 * The penalty is a function of the critic's gradient, so the critic's update differentiates twice. The critic judges each
 * item by itself: it has no batch norm (§4). Five critic moves for one of the generator, Adam with β = (0, 0.9)
 * (algorithm 1).
 *
 * What differs from the paper: smaller networks; the images' convolutional ones are those of `dcgan` without norm in the
 * critic; Adam at 2·10⁻⁴ on images, as in the paper's residual networks, and at 10⁻³ on points; λ = 0.1 on points, as in
 * the paper's code for them. The critic's last layer has no bias: it would cancel.
 */
import { z } from 'zod';
import { defineModel } from '../contract/index.js';
import type { Shape } from '../core/shape.js';
import { gradientPenalty, wasserstein } from '../losses/index.js';
import { type Layer, Module } from '../nn/index.js';
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
} from './blocks/adversarial-networks.js';

interface Sizes {
  readonly latent: number;
  readonly layers: number;
  readonly hidden: number;
  readonly channels: number;
}

class WassersteinGan extends Module {
  readonly generator: Layer;
  readonly critic: DiscriminatorNetwork;

  /** Convolutions for images, hidden layers for points. */
  constructor(shape: Shape, { latent, layers, hidden, channels }: Sizes, rng: Rng) {
    super();
    if (isImage(shape)) {
      this.generator = new ConvGenerator({ shape, inputs: latent, channels, rng });
      this.critic = new ConvDiscriminator({ shape, channels, outputBias: false, rng });
    } else {
      this.generator = new MlpGenerator({ shape, inputs: latent, hidden, layers, rng });
      this.critic = new MlpDiscriminator({ shape, hidden, layers, outputBias: false, rng });
    }
  }
}

export default defineModel({
  id: 'wgan-gp',
  title: 'Wasserstein GAN with gradient penalty',
  family: 'gan',
  summary: 'A GAN whose critic measures a distance: steady training that does not lose modes.',
  paper: {
    title: 'Improved Training of Wasserstein GANs',
    authors: 'Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville',
    year: 2017,
    arxiv: '1704.00028',
  },
  data: { kinds: ['points', 'image'], default: 'gaussians' },
  config: {
    epochs: z.number().positive().default(120).describe('Passes over the training data, which mostly the critic sees.'),
    learningRate: z.number().positive().default(1e-3).describe("Both players' first rate; it falls to 0 in a line."),
    latent: z.number().int().positive().default(16).describe('Dimensions of the code.'),
    layers: z.number().int().positive().default(3).describe('Points: hidden layers of either network.'),
    hidden: z.number().int().positive().default(128).describe('Points: units of a hidden layer.'),
    channels: z.number().int().positive().default(32).describe('Images: channels at half the resolution.'),
    criticSteps: z.number().int().positive().default(5).describe('Moves of the critic for one of the generator.'),
    penalty: z.number().positive().default(0.1).describe('λ, weight of the gradient penalty.'),
    beta1: z.number().min(0).lt(1).default(0).describe("Adam's β₁: no momentum against a moving opponent."),
  },
  defaultsFor: {
    points: { ema: 0.99, validateEvery: 500 },
    image: { epochs: 50, learningRate: 2e-4, latent: 64, penalty: 10, batchSize: 64 },
  },
  presets: { tiny: { latent: 4, layers: 2, hidden: 16, channels: 4, batchSize: 16, criticSteps: 2, epochs: 1 } },

  create(config, { data: { shape }, rng, totalSteps }) {
    const net = new WassersteinGan(shape, config, rng);
    const { generator, critic } = net;
    const optimizer = adam({ beta1: config.beta1, beta2: 0.9 });
    const falling = (moves: number) => linear(config.learningRate, { steps: totalSteps * moves });

    const game: Game = {
      loss: wasserstein,
      latent: config.latent,
      generate: (code, _, context) => generator.forward(code, context),
      judge: (x, _, context) => critic.forward(x, context),
      score: (values) => values,
      penalty: (real, fake, _, r) => {
        const epsilon = r.uniform([real.shape[0]!]);
        const penalty = gradientPenalty((x) => critic.forward(x), real, fake, epsilon);
        return { loss: penalty.mul(config.penalty), metrics: { penalty } };
      },
    };
    return {
      module: net,
      phases: phasesOf(game, {
        discriminator: {
          name: 'critic',
          parameters: critic.parameters(),
          optimizer,
          learningRate: falling(config.criticSteps),
          moves: config.criticSteps,
        },
        generator: {
          name: 'generator',
          parameters: generator.parameters(),
          optimizer,
          learningRate: falling(1),
          moves: 1,
        },
      }),
      capabilities: {
        latent: { shape: [config.latent], prior: 'normal' },
        sample: ({ count, rng: r }) => generator.forward(r.normal([count, config.latent])),
        decode: (code) => generator.forward(code),
        judge: (x) => critic.forward(x).squeeze(1),
        push: pushOf(game),
      },
    };
  },
});
