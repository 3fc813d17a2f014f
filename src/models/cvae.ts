/**
 * Conditional variational autoencoder: encoder and decoder are told the label, so the code keeps what the label does not
 * say (slant, thickness, style), and samples can be asked for by label.
 *
 * Sohn, Lee, Yan, "Learning Structured Output Representation using Deep Conditional Generative Models", NeurIPS 2015;
 * with images as the output y and labels as the input x of that paper, as in Kingma et al. 2014 (arXiv:1406.5298, M2).
 *
 *   p(z | y) = N(0, I),  p(x | z, y),  q(z | x, y) = N(μ(x, y), diag σ²(x, y))
 *   ELBO(x | y) = E_q[ln p(x | z, y)] − KL(q(z | x, y) ‖ p(z)) ≤ ln p(x | y)                        (eq. 4)
 *
 * What differs from the paper: the prior does not depend on the label (the paper's relaxed form, §4.1), there is no
 * baseline network, and the label is a one-hot vector beside the pixels and beside the code. It is 16 long: of length 1 it
 * is drowned by pixels and code at first, the code learns to tell the class by itself, and samples come out as other
 * classes. Networks, likelihoods and binarization are those of `vae`.
 */
import { z } from 'zod';
import { type Conditions, defineModel } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { Module } from '../nn/index.js';
import { concat } from '../ops/index.js';
import { adam, constant } from '../optim/index.js';
import type { Rng } from '../random/rng.js';
import { evidenceBound, GaussianEncoder, importanceWeightedBound, type Variational } from './blocks/gaussian-code.js';
import { type CodeSettings, imageNetworkFields, PixelDecoder } from './blocks/image-networks.js';
import { type Observation, observation, observationFields } from './blocks/observation.js';

/** Length of the one-hot vector of a label; see above. */
const loudness = 16;

class ConditionalVae extends Module {
  readonly encoder: GaussianEncoder;
  readonly decoder: PixelDecoder;
  readonly observation: Observation;
  readonly #classes: number;

  constructor(shape: Shape, classes: number, settings: CodeSettings, observed: Observation, rng: Rng) {
    super();
    this.encoder = new GaussianEncoder(shape, settings, rng, classes);
    this.decoder = new PixelDecoder(shape, settings, rng, classes);
    this.observation = observed;
    this.#classes = classes;
  }

  /** The distributions given labels, int32 [B]; codes may come in k·B rows, k for each item. */
  given({ labels }: Conditions): Variational {
    if (labels === undefined) {
      throw new UsageError({
        operation: 'cvae',
        expected: 'a label for each item',
        got: 'none',
        remedy: 'Use labelled data, or say which label is meant.',
      });
    }
    const told = labels.oneHot(this.#classes).mul(loudness); // [B, classes]
    const beside = (x: Tensor): Tensor => concat([x, told.repeatInterleave(x.shape[0]! / told.shape[0]!, 0)], 1);
    return {
      observation: this.observation,
      encode: (pixels) => this.encoder.forward(beside(pixels)),
      decode: (code) => this.decoder.forward(beside(code)),
    };
  }
}

export default defineModel({
  id: 'cvae',
  title: 'Conditional variational autoencoder',
  family: 'autoencoder',
  summary: 'A variational autoencoder that is told the label, and draws samples of the label that is asked for.',
  paper: {
    title: 'Learning Structured Output Representation using Deep Conditional Generative Models',
    authors: 'Sohn, Lee, Yan',
    year: 2015,
  },
  data: { kinds: ['image'], default: 'synthetic-digits', labels: 'required' },
  config: {
    ...imageNetworkFields,
    latent: z
      .number()
      .int()
      .positive()
      .default(8)
      .describe('Dimensions of the code; with many the label says less, and samples obey it less.'),
    ...observationFields,
  },
  presets: { tiny: { hidden: 32, latent: 4, channels: 4, batchSize: 16, epochs: 1 } },

  create(config, { data: { shape, labels = [] }, rng }) {
    const net = new ConditionalVae(shape, labels.length, config, observation(config), rng);
    const image = (output: Tensor): Tensor => net.observation.mean(output).reshape([-1, ...shape]);

    return {
      module: net,
      phases: [
        {
          name: 'elbo',
          parameters: net.parameters(),
          optimizer: adam(),
          learningRate: constant(config.learningRate),
          loss: (batch, { rng: r }) => {
            const terms = evidenceBound(net.given(batch), batch.x, r);
            return {
              loss: terms.elbo.mean().neg(),
              metrics: { reconstruction: terms.reconstruction.mean().neg(), kl: terms.kl.mean() },
            };
          },
        },
      ],
      capabilities: {
        latent: { shape: [config.latent], prior: 'normal' },
        classes: { count: labels.length, required: true },
        sample: ({ count, rng: r, ...told }) => image(net.given(told).decode(r.normal([count, config.latent]))),
        encode: (x, told = {}) => net.given(told).encode(x.flatten(1)),
        decode: (code, told = {}) => image(net.given(told).decode(code)),
        reconstruct: (x, told) => {
          const { encode, decode } = net.given(told);
          return image(decode(encode(x.flatten(1)).mean));
        },
        elbo: (x, { rng: r, ...told }) => ({ ...evidenceBound(net.given(told), x, r) }),
        logProb: (x, { rng: r, k, ...told }) => importanceWeightedBound(net.given(told), x, { rng: r, k }),
      },
    };
  },
});
