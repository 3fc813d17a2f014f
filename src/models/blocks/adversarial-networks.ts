/**
 * The networks of adversarial pairs. A generator makes items of codes, a discriminator (or critic) one number of an item.
 *
 *   mlp    hidden linear layers; for points in the plane, and for small images as flat pixels
 *   conv   for images: from a few channels-rich places up to the image and back, in the manner of DCGAN
 *
 * Images are 0…1 on the outside, [B, C, H, W]; the generators end in a sigmoid and the discriminators begin by moving
 * them to −1…1, which is the papers' tanh and range in other words. Points have no such ends.
 *
 * Source of the convolutional form: Radford et al. 2016, §3: strides instead of pooling, no hidden linear layer beyond
 * the projection of the code, ReLU up and leaky ReLU (slope 0.2) down, first weights N(0, 0.02²). One layer is more than
 * there: a 3×3 convolution at the smallest sides, in which all places see each other. What an item is as a whole is settled
 * there; without it, a tenth fewer of dcgan's digits are recognised (docs/models/dcgan.md).
 */
import { UsageError } from '../../core/errors.js';
import { formatShape, type Shape, sizeOf } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Context } from '../../nn/index.js';
import { BatchNorm2d, Conv2d, ConvTranspose2d, initializers, type Layer, Linear, Module } from '../../nn/index.js';
import { concat, variance } from '../../ops/index.js';
import type { Rng } from '../../random/rng.js';

/** From items, and from classes in conditional models, to one number each: [B, ...shape] → [B, 1]. */
export interface DiscriminatorNetwork extends Module {
  /** @param told one-hot classes [B, classes] in conditional models */
  forward(x: Tensor, context?: Context, told?: Tensor): Tensor;
}

export interface GeneratorOptions {
  readonly shape: Shape;
  /** Numbers that it is given: of the code, and of the class. */
  readonly inputs: number;
  readonly rng: Rng;
}

/** Applied to each layer with a weight, last one included: spectral norm, or nothing. */
export type Wrap = (layer: Linear | Conv2d) => Layer;

export interface DiscriminatorOptions {
  readonly shape: Shape;
  /** Numbers of the class that it is given besides the item; default 0. */
  readonly classes?: number;
  readonly wrap?: Wrap;
  /**
   * Whether the last layer has a bias; default true. In losses that only compare real with generated items the bias
   * cancels.
   */
  readonly outputBias?: boolean;
  readonly rng: Rng;
}

const plain: Wrap = (layer) => layer;
/** Whether items of that shape are images, [C, H, W]; points are [D]. */
export const isImage = (shape: Shape): boolean => shape.length === 3;
/** Images to −1…1; points as they are. */
const centred = (x: Tensor, shape: Shape): Tensor => (isImage(shape) ? x.mul(2).sub(1) : x);

/** z → ReLU layers → one number for each value of the item. */
export class MlpGenerator extends Module {
  readonly hidden: readonly Linear[];
  readonly output: Linear;
  readonly #shape: Shape;

  constructor({ shape, inputs, hidden, layers, rng }: GeneratorOptions & { hidden: number; layers: number }) {
    super();
    this.hidden = stack(inputs, hidden, layers, rng);
    this.output = new Linear(hidden, sizeOf(shape), { rng });
    this.#shape = shape;
  }

  forward(z: Tensor): Tensor {
    const features = this.hidden.reduce((h, layer) => layer.forward(h).relu(), z); // [B, hidden]
    const values = this.output.forward(features).reshape([-1, ...this.#shape]);
    return isImage(this.#shape) ? values.sigmoid() : values;
  }
}

/** Flat items → leaky ReLU layers → one number. */
export class MlpDiscriminator extends Module implements DiscriminatorNetwork {
  readonly hidden: readonly Layer[];
  readonly output: Layer;
  readonly #shape: Shape;

  constructor(options: DiscriminatorOptions & { hidden: number; layers: number }) {
    super();
    const { shape, hidden, layers, rng, classes = 0, wrap = plain, outputBias = true } = options;
    this.hidden = stack(sizeOf(shape) + classes, hidden, layers, rng).map(wrap);
    this.output = wrap(new Linear(hidden, 1, { bias: outputBias, rng }));
    this.#shape = shape;
  }

  forward(x: Tensor, context: Context = {}, told?: Tensor): Tensor {
    const flat = centred(x, this.#shape).flatten(1);
    const input = told === undefined ? flat : concat([flat, told], 1);
    const features = this.hidden.reduce((h, layer) => layer.forward(h, context).leakyRelu(0.2), input);
    return this.output.forward(features, context);
  }
}

function stack(inputs: number, hidden: number, layers: number, rng: Rng): Linear[] {
  return Array.from({ length: layers }, (_, i) => new Linear(i === 0 ? inputs : hidden, hidden, { rng }));
}

/** First values of all weights of the convolutional form. */
const weightInitializer = initializers.normal({ std: 0.02 });
const strided = { stride: 2, padding: 1, weightInitializer } as const;
const kept = { padding: 1, weightInitializer } as const;

/**
 * z → [B, channels·2^(k−1), …the smallest sides] → a convolution that keeps them → k doublings of the sides → [B, C, H, W],
 * batch norm and ReLU between.
 */
export class ConvGenerator extends Module {
  readonly input: Linear;
  readonly inputNorm: BatchNorm2d;
  readonly whole: Conv2d;
  readonly wholeNorm: BatchNorm2d;
  readonly up: readonly ConvTranspose2d[];
  readonly norms: readonly BatchNorm2d[];
  readonly #first: Shape;

  constructor({ shape, inputs, channels, rng }: GeneratorOptions & { channels: number }) {
    super();
    const sides = pyramid(shape);
    const halvings = sides.length - 1;
    const widest = channels * 2 ** (halvings - 1);
    this.#first = [widest, ...sides[halvings]!];
    this.input = new Linear(inputs, sizeOf(this.#first), { bias: false, weightInitializer, rng });
    this.inputNorm = new BatchNorm2d(widest);
    this.whole = new Conv2d(widest, widest, 3, { ...kept, bias: false, rng });
    this.wholeNorm = new BatchNorm2d(widest);
    this.up = Array.from({ length: halvings }, (_, i) => {
      const last = i === halvings - 1;
      const width = widest / 2 ** i;
      // Twice the side, and one more where the halving dropped a pixel.
      const outputPadding = sides[halvings - 1 - i]!.map((side) => side % 2) as [number, number];
      return new ConvTranspose2d(width, last ? shape[0]! : width / 2, 4, {
        ...strided,
        outputPadding,
        bias: last,
        rng,
      });
    });
    this.norms = this.up.slice(1).map((_, i) => new BatchNorm2d(widest / 2 ** (i + 1)));
  }

  forward(z: Tensor, context: Context = {}): Tensor {
    const start = this.input.forward(z).reshape([-1, ...this.#first]);
    let h = this.inputNorm.forward(start, context).relu();
    h = this.wholeNorm.forward(this.whole.forward(h), context).relu();
    for (const [i, layer] of this.up.entries()) {
      h = layer.forward(h); // sides doubled, channels halved
      const norm = this.norms[i];
      if (norm !== undefined) h = norm.forward(h, context).relu();
    }
    return h.sigmoid();
  }
}

/**
 * [B, C, H, W] → k halvings of the sides → a convolution that keeps them → one number, leaky ReLU between; classes are planes
 * beside the image.
 */
export class ConvDiscriminator extends Module implements DiscriminatorNetwork {
  /** The halvings, and the convolution that keeps the sides. */
  readonly layers: readonly Layer[];
  /** Of all but the first layer; empty without batch norm. */
  readonly norms: readonly BatchNorm2d[];
  readonly output: Layer;
  readonly #shape: Shape;
  readonly #batchDeviation: number;

  /**
   * @param options.batchNorm with the statistics of the batch at hand, always: none are kept, since a discriminator is
   * only used to train. Default false.
   * @param options.batchDeviation weight of how far the items of the batch are apart, told to the last convolution; 0, the
   * default: it is not told
   */
  constructor(options: DiscriminatorOptions & { channels: number; batchNorm?: boolean; batchDeviation?: number }) {
    super();
    const { shape, channels, rng, classes = 0, wrap = plain, outputBias = true } = options;
    const { batchNorm = false, batchDeviation = 0 } = options;
    const sides = pyramid(shape);
    const halvings = sides.length - 1;
    const widths = Array.from({ length: halvings + 1 }, (_, i) => channels * 2 ** Math.min(i, halvings - 1));
    this.#batchDeviation = batchDeviation;
    this.layers = widths.map((width, i) => {
      const deviation = i === halvings && batchDeviation > 0 ? 1 : 0;
      const inputs = i === 0 ? shape[0]! + classes : widths[i - 1]! + deviation;
      const bias = i === 0 || !batchNorm;
      const [kernel, geometry] = i < halvings ? [4, strided] : [3, kept];
      return wrap(new Conv2d(inputs, width, kernel, { ...geometry, bias, rng }));
    });
    const normed = batchNorm ? widths.slice(1) : [];
    this.norms = normed.map((width) => new BatchNorm2d(width, { trackRunningStats: false }));
    const features = widths.at(-1)! * sizeOf(sides[halvings]!);
    this.output = wrap(new Linear(features, 1, { bias: outputBias, weightInitializer, rng }));
    this.#shape = shape;
  }

  forward(x: Tensor, context: Context = {}, told?: Tensor): Tensor {
    let h = centred(x, this.#shape);
    if (told !== undefined) h = concat([h, planes(told, this.#shape)], 1); // [B, C + classes, H, W]
    for (const [i, layer] of this.layers.entries()) {
      const last = i === this.layers.length - 1;
      if (last && this.#batchDeviation > 0) h = concat([h, deviationPlane(h).mul(this.#batchDeviation)], 1);
      h = layer.forward(h, context); // sides halved; kept by the last
      const norm = i === 0 ? undefined : this.norms[i - 1];
      h = (norm === undefined ? h : norm.forward(h, context)).leakyRelu(0.2);
    }
    return this.output.forward(h.flatten(1), context);
  }
}

/** [B, classes] → [B, classes, H, W], the same at each place. */
function planes(told: Tensor, [, H, W]: Shape): Tensor {
  return told
    .unsqueeze(-1)
    .unsqueeze(-1)
    .expand([...told.shape, H!, W!]);
}

/**
 * [B, C, H, W] → [B, 1, H, W], one number everywhere: the standard deviation over the batch, mean over all features. It is
 * near 0 for items that are all alike, which no look at one item can tell (Karras et al. 2018, arXiv:1710.10196, §3).
 */
function deviationPlane(h: Tensor): Tensor {
  const [B, , H, W] = h.shape as [number, number, number, number];
  const deviation = variance(h, 0, { correction: 0 }).add(1e-8).sqrt().mean();
  return deviation.reshape([1, 1, 1, 1]).expand([B, 1, H, W]);
}

/**
 * The sides of an image, and of its halvings down to 3 or 4 … 6: 28, 14, 7, 3; 32, 16, 8, 4. Odd sides lose a pixel.
 * @throws UsageError for other items than images, and for images that cannot be halved at all
 */
function pyramid(shape: Shape): (readonly [number, number])[] {
  const sides: [number, number][] = [];
  let [, H = 0, W = 0] = shape;
  for (; Math.min(H, W) >= 7; H = H >> 1, W = W >> 1) sides.push([H, W]);
  sides.push([H, W]);
  if (isImage(shape) && sides.length > 1) return sides;
  throw new UsageError({
    operation: 'convolutional generator',
    expected: 'images with sides of 7 pixels or more',
    got: `items of shape ${formatShape(shape)}`,
    remedy: 'Choose other data, or a model of hidden layers such as gan.',
  });
}
