/**
 * The networks of the autoencoders: from pixels to features and back, through one hidden layer or strided convolutions.
 * Pixels are flat, [B, C·H·W], on the outside of both forms.
 */
import { z } from 'zod';
import { UsageError } from '../../core/errors.js';
import { formatShape, type Shape, sizeOf } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { Conv2d, ConvTranspose2d, type Layer, Linear, Module } from '../../nn/index.js';
import { concat } from '../../ops/index.js';
import type { Rng } from '../../random/rng.js';

/** Settings of the networks; the default form is the one of most papers on MNIST. */
export const imageNetworkFields = {
  architecture: z
    .enum(['mlp', 'conv'])
    .default('mlp')
    .describe('mlp: one hidden layer; conv: two strided convolutions before it, for images whose sides 4 divides.'),
  hidden: z.number().int().positive().default(400).describe('Units of the one hidden layer of encoder and decoder.'),
  channels: z
    .number()
    .int()
    .positive()
    .default(32)
    .describe('conv: channels at half the resolution; twice as many at a quarter.'),
};

export interface ImageNetworkSettings {
  readonly architecture: 'mlp' | 'conv';
  readonly hidden: number;
  readonly channels: number;
}

/** The settings of a network with a code in its middle. */
export interface CodeSettings extends ImageNetworkSettings {
  readonly latent: number;
}

/** From pixels [B, C·H·W] to features [B, hidden], before the activation. `extra`: numbers beside the pixels. */
export function imageReader(shape: Shape, settings: ImageNetworkSettings, rng: Rng, extra = 0): Layer {
  if (settings.architecture === 'mlp') return new Linear(sizeOf(shape) + extra, settings.hidden, { rng });
  return new ConvReader(shape, settings, rng, extra);
}

/** From features [B, hidden], after the activation, to one number a pixel: [B, C·H·W]. */
export function imageWriter(shape: Shape, settings: ImageNetworkSettings, rng: Rng): Layer {
  if (settings.architecture === 'mlp') return new Linear(settings.hidden, sizeOf(shape), { rng });
  return new ConvWriter(shape, settings, rng);
}

/** x → z without noise: hidden features and a linear layer. */
export class PixelEncoder extends Module {
  readonly hidden: Layer;
  readonly code: Linear;

  constructor(shape: Shape, settings: CodeSettings, rng: Rng) {
    super();
    this.hidden = imageReader(shape, settings, rng);
    this.code = new Linear(settings.hidden, settings.latent, { rng });
  }

  /** [B, D] → [B, latent] */
  forward(pixels: Tensor): Tensor {
    return this.code.forward(this.hidden.forward(pixels).relu());
  }
}

/** z → one number a pixel, to be read by an observation model. */
export class PixelDecoder extends Module {
  readonly hidden: Linear;
  readonly output: Layer;

  constructor(shape: Shape, settings: CodeSettings, rng: Rng, extra = 0) {
    super();
    this.hidden = new Linear(settings.latent + extra, settings.hidden, { rng });
    this.output = imageWriter(shape, settings, rng);
  }

  /** [B, latent + extra] → [B, D] */
  forward(code: Tensor): Tensor {
    return this.output.forward(this.hidden.forward(code).relu());
  }
}

/** Two convolutions that halve the sides, and a linear layer. */
class ConvReader extends Module {
  readonly first: Conv2d;
  readonly second: Conv2d;
  readonly output: Linear;
  readonly #shape: Shape;
  readonly #extra: number;

  constructor(shape: Shape, { channels, hidden }: ImageNetworkSettings, rng: Rng, extra: number) {
    super();
    const [C, rows, columns] = quartered(shape);
    this.#shape = shape;
    this.#extra = extra;
    this.first = new Conv2d(C, channels, 4, { stride: 2, padding: 1, rng });
    this.second = new Conv2d(channels, 2 * channels, 4, { stride: 2, padding: 1, rng });
    this.output = new Linear(2 * channels * rows * columns + extra, hidden, { rng });
  }

  forward(x: Tensor): Tensor {
    const pixels = sizeOf(this.#shape);
    const image = (this.#extra === 0 ? x : x.narrow(1, 0, pixels)).reshape([-1, ...this.#shape]);
    const half = this.first.forward(image).relu(); // [B, channels, H/2, W/2]
    const quarter = this.second.forward(half).relu().flatten(1); // [B, 2·channels·H/4·W/4]
    return this.output.forward(this.#extra === 0 ? quarter : concat([quarter, x.narrow(1, pixels, this.#extra)], 1));
  }
}

/** The mirror image of ConvReader, with transposed convolutions. */
class ConvWriter extends Module {
  readonly input: Linear;
  readonly first: ConvTranspose2d;
  readonly second: ConvTranspose2d;
  readonly #quarter: Shape;

  constructor(shape: Shape, { channels, hidden }: ImageNetworkSettings, rng: Rng) {
    super();
    const [C, rows, columns] = quartered(shape);
    this.#quarter = [2 * channels, rows, columns];
    this.input = new Linear(hidden, sizeOf(this.#quarter), { rng });
    this.first = new ConvTranspose2d(2 * channels, channels, 4, { stride: 2, padding: 1, rng });
    this.second = new ConvTranspose2d(channels, C, 4, { stride: 2, padding: 1, rng });
  }

  forward(features: Tensor): Tensor {
    const quarter = this.input
      .forward(features)
      .relu()
      .reshape([-1, ...this.#quarter]);
    return this.second.forward(this.first.forward(quarter).relu()).flatten(1);
  }
}

/**
 * Channels, and a quarter of rows and columns.
 * @throws UsageError for images whose sides 4 does not divide
 */
export function quartered(shape: Shape): [channels: number, rows: number, columns: number] {
  const [C, H, W] = shape as [number, number, number];
  if (shape.length === 3 && H % 4 === 0 && W % 4 === 0) return [C, H / 4, W / 4];
  throw new UsageError({
    operation: 'convolutional autoencoder',
    expected: 'images whose sides 4 divides',
    got: `items of shape ${formatShape(shape)}`,
    remedy: 'Choose other images, or --set architecture=mlp where the model has it.',
  });
}
