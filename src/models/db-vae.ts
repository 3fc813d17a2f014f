/**
 * Debiasing variational autoencoder: a classifier that shares its features with a VAE, which finds out what is rare in
 * the data and lets it count for more, without being told what to look for.
 *
 * Amini, Soleimany, Schwarting, Bhatia, Rus, "Uncovering and Mitigating Algorithmic Bias through Learned Latent
 * Structure", AIES 2019.
 *
 *   loss = c·crossEntropy(y, ŷ(x)) − E_q[ln p(x | z)] + KL(q(z | x) ‖ N(0, I))                     (eq. 2)
 *   Q̂ᵢ: histogram of dimension i of the means μ(x) over the data                                   (§ Algorithm, eq. 4)
 *   W(x) ∝ maxᵢ 1/(Q̂ᵢ(μᵢ(x)) + α)                                                                 (eq. 6, there Πᵢ)
 *   items count W(x) in the loss, which is on average what drawing them with probability W(x) does
 *
 * What differs from the paper: an item is as rare as the rarest of its dimensions; the paper multiplies over all. With 16
 * dimensions the product goes to the few items that are a little unusual in many, which hold nearly all of it, and leaves
 * the rare group of `shapes-imbalanced` with less than its share of the data; the maximum gives it several times more. The
 * histograms are moving averages over batches, not computed anew over all data at each epoch, and items are weighed within
 * each batch where the paper draws them: the mean is the same, without the noise of drawing some twice and others never.
 * There are any number of classes, and the VAE learns from all items; in the paper there are two classes, and it learns
 * from one (faces) only. A density Q̂ᵢ is relative to that of evenly filled bins, so that α means the same for any number of bins.
 */
import { z } from 'zod';
import { defineModel } from '../contract/index.js';
import { Variable } from '../core/leaves.js';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { klStandardNormal } from '../losses/index.js';
import { Linear, Module } from '../nn/index.js';
import { adam, constant } from '../optim/index.js';
import type { Rng } from '../random/rng.js';
import { evidenceBound, GaussianEncoder, reparameterize, type Variational } from './blocks/gaussian-code.js';
import { type CodeSettings, imageNetworkFields, PixelDecoder } from './blocks/image-networks.js';
import { type Observation, observation, observationFields } from './blocks/observation.js';

/** Means are binned from −reach to reach; what lies outside goes to the last bin. */
const reach = 3;
/** Part of the histograms that a batch leaves as it was. */
const keep = 0.95;

/** Moving histograms of the dimensions of the code. */
class Histograms extends Module {
  /** Share of the items in each bin, [latent, bins]; even at first. */
  readonly shares: Variable;
  readonly bins: number;

  constructor(latent: number, bins: number) {
    super();
    this.bins = bins;
    const initial = () => new Float32Array(latent * bins).fill(1 / bins);
    this.shares = new Variable([latent, bins], { trainable: false, initial });
  }

  /** 1 in the bin of each mean: [B, latent] → [B, latent, bins] */
  binned(means: Tensor): Tensor {
    const places = means.add(reach).mul(this.bins / (2 * reach));
    return places
      .clip(0, this.bins - 1)
      .cast('int32')
      .oneHot(this.bins);
  }

  /** ln W of each item, up to a constant: [B, latent, bins] → [B] */
  logRarity(binned: Tensor, alpha: number): Tensor {
    const density = binned.mul(this.shares).sum(2).mul(this.bins); // [B, latent], 1 where bins are filled evenly
    return density.min(1).add(alpha).log().neg();
  }

  follow(binned: Tensor): void {
    this.shares.assign(this.shares.mul(keep).add(binned.mean(0).mul(1 - keep)));
  }
}

class DebiasingVae extends Module {
  readonly encoder: GaussianEncoder;
  readonly classes: Linear;
  readonly decoder: PixelDecoder;
  readonly observation: Observation;
  readonly histograms: Histograms;

  constructor(
    shape: Shape,
    classes: number,
    settings: CodeSettings & { readonly bins: number },
    observed: Observation,
    rng: Rng,
  ) {
    super();
    this.encoder = new GaussianEncoder(shape, settings, rng);
    this.classes = new Linear(settings.hidden, classes, { rng });
    this.decoder = new PixelDecoder(shape, settings, rng);
    this.observation = observed;
    this.histograms = new Histograms(settings.latent, settings.bins);
  }

  /** q(z | x) and the class logits, from the same features. */
  read(pixels: Tensor): { mean: Tensor; logVariance: Tensor; logits: Tensor } {
    const { mean, logVariance } = this.encoder;
    const h = this.encoder.features(pixels);
    return { mean: mean.forward(h), logVariance: logVariance.forward(h), logits: this.classes.forward(h) };
  }
}

export default defineModel({
  id: 'db-vae',
  title: 'Debiasing variational autoencoder',
  family: 'autoencoder',
  summary: 'A classifier that finds rare kinds of items through a latent space and lets them count for more.',
  paper: {
    title: 'Uncovering and Mitigating Algorithmic Bias through Learned Latent Structure',
    authors: 'Amini, Soleimany, Schwarting, Bhatia, Rus',
    year: 2019,
  },
  data: { kinds: ['image'], default: 'shapes-imbalanced', labels: 'required' },
  config: {
    ...imageNetworkFields,
    architecture: imageNetworkFields.architecture.default('conv'),
    latent: z.number().int().positive().default(16).describe('Dimensions of the code.'),
    ...observationFields,
    binarize: observationFields.binarize.default(false),
    debias: z.boolean().default(true).describe('Let rare items count more; false: the same network without it.'),
    alpha: z.number().positive().default(0.2).describe('α: the smaller, the stronger rare items are preferred.'),
    bins: z.number().int().min(2).default(10).describe('Bins of the histogram of each dimension.'),
    classWeight: z.number().positive().default(100).describe('c: nats of the classes against nats of the image.'),
  },
  presets: { tiny: { hidden: 32, latent: 4, channels: 4, batchSize: 16, epochs: 1 } },

  create(config, { data: { shape, labels = [] }, rng }) {
    const net = new DebiasingVae(shape, labels.length, config, observation(config), rng);
    const { encoder, decoder, histograms } = net;
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
          name: 'debias',
          parameters: net.parameters(),
          optimizer: adam(),
          learningRate: constant(config.learningRate),
          loss: ({ x, labels: y }, { rng: r, train }) => {
            const pixels = net.observation.observe(x, r); // [B, D]
            const { mean, logVariance, logits } = net.read(pixels);
            let weighted = (ofItems: Tensor): Tensor => ofItems.mean();
            if (train && config.debias) {
              const binned = histograms.binned(mean.stopGradient());
              const weights = histograms.logRarity(binned, config.alpha).softmax(); // [B], together 1
              histograms.follow(binned);
              weighted = (ofItems) => ofItems.mul(weights).sum();
            }
            const output = decoder.forward(reparameterize({ mean, logVariance }, r));
            const reconstruction = weighted(net.observation.logLikelihood(pixels, output)).neg();
            const kl = weighted(klStandardNormal(mean, logVariance));
            const crossEntropy = weighted(logits.logSoftmax().pick(y!)).neg();
            return {
              loss: crossEntropy.mul(config.classWeight).add(reconstruction).add(kl),
              metrics: {
                crossEntropy,
                accuracy: logits.argmax().equal(y!).cast('float32').mean(),
                reconstruction,
                kl,
              },
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
        classify: (x) => net.read(x.flatten(1)).logits,
        elbo: (x, { rng: r }) => ({ ...evidenceBound(parts, x, r) }),
      },
    };
  },
});
