/**
 * Generative adversarial network.
 *
 * Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014 (arXiv:1406.2661).
 *
 *   min_G max_D  E_x[ln D(x)] + E_z[ln(1 − D(G(z)))],   D(x) = σ(logit) the chance that x is real         (eq. 1)
 *
 *   saturating      G descends  E ln(1 − D(G(z))), the game as written
 *   nonSaturating   G descends −E ln D(G(z)): the same fixed point, and a gradient while D still wins     (§3)
 *
 * For the best D, with p the data and g the generator's distribution: D*(x) = p(x)/(p(x) + g(x)), and the value is
 * 2·JSD(p ‖ g) − ln 4 (prop. 1, theorem 1). The proof lets D reach its best after each move of G; the two settings that
 * take that away, `generatorSteps` and `freezeAfter`, show what happens then. Against a D that stands still the best G
 * puts everything on the one point that D believes in most: mode collapse.
 *
 * What differs from the paper: leaky ReLU in D and no maxout or dropout, Adam instead of momentum, z ~ N(0, I) instead
 * of uniform noise.
 */
import { z } from 'zod';
import { defineModel } from '../contract/index.js';
import type { Shape } from '../core/shape.js';
import { nonSaturating, saturating } from '../losses/index.js';
import { Module } from '../nn/index.js';
import { adam, constant } from '../optim/index.js';
import type { Rng } from '../random/rng.js';
import { type Game, phasesOf, pushOf } from './blocks/adversarial-game.js';
import { MlpDiscriminator, MlpGenerator } from './blocks/adversarial-networks.js';

interface Sizes {
  readonly latent: number;
  readonly layers: number;
  readonly generatorHidden: number;
  readonly discriminatorHidden: number;
}

class Gan extends Module {
  readonly generator: MlpGenerator;
  readonly discriminator: MlpDiscriminator;

  constructor(shape: Shape, { latent, layers, generatorHidden, discriminatorHidden }: Sizes, rng: Rng) {
    super();
    this.generator = new MlpGenerator({ shape, inputs: latent, hidden: generatorHidden, layers, rng });
    this.discriminator = new MlpDiscriminator({ shape, hidden: discriminatorHidden, layers, rng });
  }
}

export default defineModel({
  id: 'gan',
  title: 'Generative adversarial network',
  family: 'gan',
  summary: 'A generator learns to draw what a discriminator, learning along, cannot tell from the data.',
  paper: {
    title: 'Generative Adversarial Nets',
    authors: 'Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville, Bengio',
    year: 2014,
    arxiv: '1406.2661',
  },
  data: { kinds: ['points', 'image'], default: 'gaussians' },
  config: {
    epochs: z.number().positive().default(60).describe('Passes over the training data.'),
    learningRate: z.number().positive().default(1e-3).describe("Both players' rate."),
    loss: z
      .enum(['nonSaturating', 'saturating'])
      .default('nonSaturating')
      .describe('What the generator descends: −ln D, which has a gradient from the start, or the game as written.'),
    latent: z.number().int().positive().default(16).describe('Dimensions of the code.'),
    layers: z.number().int().positive().default(3).describe('Hidden layers of either network.'),
    generatorHidden: z.number().int().positive().default(128).describe('Units of a hidden layer of the generator.'),
    discriminatorHidden: z.number().int().positive().default(128).describe('The same of the discriminator.'),
    beta1: z.number().min(0).lt(1).default(0.5).describe("Adam's β₁; the usual 0.9 makes games swing."),
    discriminatorSteps: z.number().int().positive().default(1).describe('Moves of the discriminator in a step.'),
    generatorSteps: z.number().int().positive().default(1).describe('Moves of the generator in a step.'),
    freezeAfter: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe('Share of the training after which the discriminator stands still; 1: never. See mode collapse.'),
  },
  defaultsFor: {
    points: { validateEvery: 500 },
    image: { epochs: 100, learningRate: 2e-4, latent: 64, layers: 2, generatorHidden: 256, discriminatorHidden: 256 },
  },
  presets: {
    tiny: { latent: 4, layers: 2, generatorHidden: 16, discriminatorHidden: 16, batchSize: 16, epochs: 1 },
    weak: { latent: 2, generatorHidden: 4, epochs: 30 },
    frozen: { freezeAfter: 0.5 },
  },

  create(config, { data: { shape }, rng, totalSteps }) {
    const net = new Gan(shape, config, rng);
    const { generator, discriminator } = net;
    const optimizer = adam({ beta1: config.beta1 });
    const lastMove = config.freezeAfter * totalSteps * config.discriminatorSteps;

    const game: Game = {
      loss: config.loss === 'saturating' ? saturating : nonSaturating,
      latent: config.latent,
      generate: (code) => generator.forward(code),
      judge: (x) => discriminator.forward(x),
      score: (logits) => logits.sigmoid(),
    };
    return {
      module: net,
      phases: phasesOf(game, {
        discriminator: {
          name: 'discriminator',
          parameters: discriminator.parameters(),
          optimizer,
          learningRate: (move) => (move <= lastMove ? config.learningRate : 0),
          moves: config.discriminatorSteps,
        },
        generator: {
          name: 'generator',
          parameters: generator.parameters(),
          optimizer,
          learningRate: constant(config.learningRate),
          moves: config.generatorSteps,
        },
      }),
      capabilities: {
        latent: { shape: [config.latent], prior: 'normal' },
        sample: ({ count, rng: r }) => generator.forward(r.normal([count, config.latent])),
        decode: (code) => generator.forward(code),
        judge: (x) => discriminator.forward(x).squeeze(1),
        push: pushOf(game),
      },
    };
  },
});
