/**
 * Vector-quantised variational autoencoder: the code is a small map of entries of a codebook, so an image becomes a short
 * text over a learned alphabet, which an autoregressive model can learn to write.
 *
 * van den Oord, Vinyals, Kavukcuoglu, "Neural Discrete Representation Learning", 2017 (arXiv:1711.00937).
 *
 *   z_e = f(x) [D, H/4, W/4];  k = argminⱼ ‖z_e − eⱼ‖ at each place;  z_q = e_k                  (eq. 1, 2)
 *   x̂ = g(z_q), the gradient at z_q copied to z_e (straight-through)                          (§3.2)
 *   loss = ‖x̂ − x‖² + β·‖z_e − sg[z_q]‖²                                                         (eq. 3, first and third term)
 *
 * The codebook follows moving averages of what was assigned to each entry instead of a gradient (appendix A.1):
 *
 *   Nₖ ← γNₖ + (1 − γ)nₖ,  mₖ ← γmₖ + (1 − γ) Σ z_e,  eₖ = mₖ/Nₖ
 *
 * What differs from the paper: an entry that is read less than once in a batch on the average is put on a random encoder
 * output of the batch, so that none lies idle (restarts of dead codes, as in Dhariwal et al. 2020, "Jukebox", §3.1);
 * this also makes the first codebook. No prior is trained here, so there are no samples. The pixels' likelihood is a
 * Gaussian of variance ½ (squared error); what is decoded is cut to 0…1. One residual block on each side.
 */
import { z } from 'zod';
import { defineModel } from '../contract/index.js';
import { Variable } from '../core/leaves.js';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { squaredError } from '../losses/index.js';
import { type Context, Conv2d, ConvTranspose2d, initializers, Module } from '../nn/index.js';
import { argmin, straightThrough, where } from '../ops/index.js';
import { adam, constant } from '../optim/index.js';
import type { Rng } from '../random/rng.js';
import { quartered } from './blocks/image-networks.js';

/** x + W₂·relu(W₁ ∗ relu(x)): 3×3, then 1×1. */
class ResidualBlock extends Module {
  readonly wide: Conv2d;
  readonly narrow: Conv2d;

  constructor(channels: number, rng: Rng) {
    super();
    this.wide = new Conv2d(channels, channels, 3, { padding: 1, rng });
    this.narrow = new Conv2d(channels, channels, 1, { rng });
  }

  forward(x: Tensor): Tensor {
    return x.add(this.narrow.forward(this.wide.forward(x.relu()).relu()));
  }
}

class Encoder extends Module {
  readonly half: Conv2d;
  readonly quarter: Conv2d;
  readonly block: ResidualBlock;
  readonly output: Conv2d;

  constructor(inputs: number, channels: number, size: number, rng: Rng) {
    super();
    this.half = new Conv2d(inputs, channels / 2, 4, { stride: 2, padding: 1, rng });
    this.quarter = new Conv2d(channels / 2, channels, 4, { stride: 2, padding: 1, rng });
    this.block = new ResidualBlock(channels, rng);
    this.output = new Conv2d(channels, size, 1, { rng });
  }

  /** [B, C, H, W] → [B, D, H/4, W/4] */
  forward(x: Tensor): Tensor {
    const quarter = this.quarter.forward(this.half.forward(x).relu());
    return this.output.forward(this.block.forward(quarter).relu());
  }
}

class Decoder extends Module {
  readonly input: Conv2d;
  readonly block: ResidualBlock;
  readonly half: ConvTranspose2d;
  readonly whole: ConvTranspose2d;

  constructor(outputs: number, channels: number, size: number, rng: Rng) {
    super();
    this.input = new Conv2d(size, channels, 3, { padding: 1, rng });
    this.block = new ResidualBlock(channels, rng);
    this.half = new ConvTranspose2d(channels, channels / 2, 4, { stride: 2, padding: 1, rng });
    this.whole = new ConvTranspose2d(channels / 2, outputs, 4, { stride: 2, padding: 1, rng });
  }

  /** [B, D, H/4, W/4] → [B, C, H, W] */
  forward(code: Tensor): Tensor {
    const quarter = this.block.forward(this.input.forward(code)).relu();
    return this.whole.forward(this.half.forward(quarter).relu());
  }
}

/** Nₖ before the first batch. */
const faint = 1e-3;

/** The entries that the codebook has of each image, and what becomes of the codebook in training. */
class Codebook extends Module {
  /** Nₖ: readings of each entry in a batch, averaged. [K] */
  readonly counts: Variable;
  /** mₖ: sums of what was assigned to it, averaged. [K, D] */
  readonly sums: Variable;
  readonly codes: number;
  readonly size: number;
  readonly decay: number;

  constructor(codes: number, size: number, decay: number, rng: Rng) {
    super();
    this.codes = codes;
    this.size = size;
    this.decay = decay;
    // Entries within 1/K of 0, with next to no weight: the first batch decides where they go.
    const stream = rng.host();
    const draw = initializers.uniform({ low: -faint / codes, high: faint / codes });
    this.counts = new Variable([codes], { trainable: false, initial: () => new Float32Array(codes).fill(faint) });
    this.sums = new Variable([codes, size], { trainable: false, initial: () => draw([codes, size], stream) });
  }

  /** eₖ, [K, D] */
  entries(): Tensor {
    return this.sums.div(this.counts.unsqueeze(1));
  }

  /** The nearest entry of each vector: [n, D] → int32 [n]. ‖z − e‖² = ‖z‖² − 2⟨z, e⟩ + ‖e‖², the first the same for all. */
  nearest(vectors: Tensor): Tensor {
    const entries = this.entries();
    const distances = entries.square().sum(1).sub(vectors.matmul(entries.transpose()).mul(2)); // [n, K]
    return argmin(distances, 1);
  }

  /** One step of the averages, with dead entries put on random vectors of the batch. [n, D], int32 [n] */
  follow(vectors: Tensor, assigned: Tensor, rng: Rng): void {
    const { codes, decay } = this;
    const here = assigned.oneHot(codes); // [n, K]
    const counts = this.counts.mul(decay).add(here.sum(0).mul(1 - decay));
    const sums = this.sums.mul(decay).add(
      here
        .transpose()
        .matmul(vectors)
        .mul(1 - decay),
    );
    const chosen = vectors.gather(rng.integers([codes], vectors.shape[0]!, { perItem: false })); // [K, D]
    const dead = counts.less(1);
    this.counts.assign(where(dead, 1, counts));
    this.sums.assign(where(dead.unsqueeze(1), chosen, sums));
  }
}

class VqVae extends Module {
  readonly encoder: Encoder;
  readonly codebook: Codebook;
  readonly decoder: Decoder;
  readonly #places: Shape;

  constructor(
    shape: Shape,
    { channels, codes, size, decay }: { channels: number; codes: number; size: number; decay: number },
    rng: Rng,
  ) {
    super();
    const [C, rows, columns] = quartered(shape);
    this.#places = [rows, columns];
    this.encoder = new Encoder(C, channels, size, rng);
    this.codebook = new Codebook(codes, size, decay, rng);
    this.decoder = new Decoder(C, channels, size, rng);
  }

  /** Maps [B, D, h, w] as rows: [B·h·w, D] */
  vectors(map: Tensor): Tensor {
    return map.transpose([0, 2, 3, 1]).reshape([-1, this.codebook.size]);
  }

  /** Maps of the entries: int32 [B·h·w] → [B, D, h, w] */
  maps(indices: Tensor): Tensor {
    const rows = this.codebook.entries().gather(indices);
    return rows.reshape([-1, ...this.#places, this.codebook.size]).transpose([0, 3, 1, 2]);
  }

  indices(x: Tensor): Tensor {
    return this.codebook.nearest(this.vectors(this.encoder.forward(x)));
  }

  /** z_q of a map: each place put on the nearest entry. */
  quantized(map: Tensor): Tensor {
    return this.maps(this.codebook.nearest(this.vectors(map)));
  }
}

export default defineModel({
  id: 'vq-vae',
  title: 'Vector-quantised autoencoder',
  family: 'autoencoder',
  summary: 'Learns an alphabet of image parts and writes each image as a small map of its letters.',
  paper: {
    title: 'Neural Discrete Representation Learning',
    authors: 'van den Oord, Vinyals, Kavukcuoglu',
    year: 2017,
    arxiv: '1711.00937',
  },
  data: { kinds: ['image'], default: 'synthetic-digits' },
  config: {
    channels: z
      .number()
      .int()
      .positive()
      .multipleOf(2)
      .default(64)
      .describe('Channels at a quarter of the resolution.'),
    codes: z.number().int().min(2).default(512).describe('Entries of the codebook, K.'),
    size: z.number().int().positive().default(16).describe('Numbers in an entry, D.'),
    commitment: z.number().min(0).default(0.25).describe('β, the pull of the encoder to the entries.'),
    decay: z.number().gt(0).lt(1).default(0.99).describe('γ of the moving averages that the codebook follows.'),
  },
  presets: { tiny: { channels: 8, codes: 16, size: 4, batchSize: 16, epochs: 1 } },

  create(config, { data: { shape }, rng }) {
    const net = new VqVae(shape, config, rng);
    const places = quartered(shape).slice(1);
    const [h, w] = places as [number, number];

    const image = (code: Tensor): Tensor => net.decoder.forward(code).clip(0, 1);
    const run = (x: Tensor, { train, rng: r }: Context) => {
      const encoded = net.encoder.forward(x); // [B, D, h, w]
      const vectors = net.vectors(encoded); // [Bhw, D]
      const indices = net.codebook.nearest(vectors.stopGradient()); // [Bhw]
      const quantized = net.maps(indices).stopGradient();
      if (train === true) net.codebook.follow(vectors.stopGradient(), indices, r!);
      const copy = net.decoder.forward(straightThrough(quantized, encoded));
      return { encoded, quantized, indices, copy };
    };

    return {
      module: net,
      phases: [
        {
          name: 'reconstruction',
          parameters: net.parameters(),
          optimizer: adam(),
          learningRate: constant(config.learningRate),
          loss: ({ x }, context) => {
            const { encoded, quantized, indices, copy } = run(x, context);
            const error = squaredError(copy, x).mean();
            const commitment = squaredError(encoded, quantized).mean();
            const shares = indices.oneHot(config.codes).mean(0); // [K]
            return {
              loss: error.add(commitment.mul(config.commitment)),
              metrics: {
                mse: error.mul(x.shape[0]! / x.size),
                commitment,
                // In this batch: the part of the entries that was read, and e to the entropy of the readings.
                usage: shares.greater(0).cast('float32').mean(),
                perplexity: shares.mul(shares.add(1e-10).log()).sum().neg().exp(),
              },
            };
          },
        },
      ],
      capabilities: {
        latent: { shape: [config.size, h, w], prior: null },
        encode: (x) => ({ mean: net.maps(net.indices(x)) }),
        decode: (code) => image(net.quantized(code)),
        reconstruct: (x) => image(net.maps(net.indices(x))),
        quantize: { codes: config.codes, indices: (x) => net.indices(x).reshape([-1, h, w]) },
      },
    };
  },
});
