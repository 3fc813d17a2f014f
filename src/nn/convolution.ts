/** Convolution layers. Kernel, stride, padding and dilation: a number for both axes, or [rows, columns]. */
import { UsageError } from '../core/errors.js';
import type { Variable } from '../core/leaves.js';
import { type Shape, sizeOf } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import {
  type Conv1dOptions,
  type Conv2dOptions,
  type ConvTranspose2dOptions,
  conv1d,
  conv2d,
  convTranspose2d,
} from '../ops/convolution.js';
import { Module } from './module.js';
import { fanInUniform, parameter, type WeightOptions } from './parameter.js';

type KernelSize = number | readonly [rows: number, columns: number];

type Geometry<O> = Omit<O, 'bias'>;

/** What the convolution layers share: the variables and their first values. */
abstract class Convolution<G> extends Module {
  readonly weight: Variable;
  readonly bias: Variable | null;
  readonly geometry: G;

  /** Weight and bias start as PyTorch's: U(−k, k), k = 1/√(size of axis 1 · size of the kernel). */
  constructor(shape: Shape, outputs: number, options: WeightOptions & G) {
    super();
    const { rng, bias = true, weightInitializer, biasInitializer, ...geometry } = options;
    const initializer = fanInUniform(sizeOf(shape.slice(1)));
    this.weight = parameter(shape, weightInitializer ?? initializer, rng);
    this.bias = bias ? parameter([outputs], biasInitializer ?? initializer, rng) : null;
    this.geometry = geometry as G;
  }
}

/** Channels that one group reads or writes. */
function perGroup(channels: number, { groups = 1 }: { readonly groups?: number }): number {
  if (Number.isInteger(groups) && groups > 0 && channels % groups === 0) return channels / groups;
  throw new UsageError({
    operation: 'convolution layer',
    expected: 'groups that divide the input and the output channels',
    got: `${channels} channels, ${groups} groups`,
  });
}

function pairOf(kernel: KernelSize): readonly [rows: number, columns: number] {
  return typeof kernel === 'number' ? [kernel, kernel] : kernel;
}

/**
 * y[n, o, t] = b[o] + Σ W[o, c, k] · x[n, c, t·stride + k·dilation − padding]
 *
 * Shapes: x [N, inputs, L] → [N, outputs, L′], L′ = ⌊(L + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1;
 * `weight` [outputs, inputs/groups, kernel], `bias` [outputs].
 * First values: both U(−k, k), k = 1/√(inputs/groups · kernel).
 * @throws ShapeError where x does not fit, UsageError where groups do not divide the channels
 *
 * Source: PyTorch's nn.Conv1d.
 */
export class Conv1d extends Convolution<Geometry<Conv1dOptions>> {
  constructor(inputs: number, outputs: number, kernel: number, options: WeightOptions & Geometry<Conv1dOptions>) {
    perGroup(outputs, options);
    super([outputs, perGroup(inputs, options), kernel], outputs, options);
  }

  forward(x: Tensor): Tensor {
    return conv1d(x, this.weight, { ...this.geometry, bias: this.bias ?? undefined });
  }
}

/**
 * y[n, o, i, j] = b[o] + Σ W[o, c, k, l] · x[n, c, i·stride + k·dilation − padding, j·stride + l·dilation − padding]
 *
 * Shapes: x [N, inputs, H, W] → [N, outputs, H′, W′], H′ = ⌊(H + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1;
 * `weight` [outputs, inputs/groups, rows, columns], `bias` [outputs]. padding 'same' keeps the size at stride 1.
 * First values: both U(−k, k), k = 1/√(inputs/groups · rows · columns).
 * @throws ShapeError where x does not fit, UsageError where groups do not divide the channels
 *
 * Source: PyTorch's nn.Conv2d.
 */
export class Conv2d extends Convolution<Geometry<Conv2dOptions>> {
  constructor(inputs: number, outputs: number, kernel: KernelSize, options: WeightOptions & Geometry<Conv2dOptions>) {
    perGroup(outputs, options);
    super([outputs, perGroup(inputs, options), ...pairOf(kernel)], outputs, options);
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, { ...this.geometry, bias: this.bias ?? undefined });
  }
}

/**
 * The transpose of Conv2d's linear map, with a bias: it enlarges images.
 *
 * Shapes: x [N, inputs, H, W] → [N, outputs, H′, W′],
 * H′ = (H − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1;
 * `weight` [inputs, outputs/groups, rows, columns], `bias` [outputs].
 * First values: both U(−k, k), k = 1/√(outputs/groups · rows · columns), as PyTorch counts its fan.
 * @throws ShapeError where x does not fit, UsageError where groups do not divide the channels
 *
 * Source: PyTorch's nn.ConvTranspose2d.
 */
export class ConvTranspose2d extends Convolution<Geometry<ConvTranspose2dOptions>> {
  constructor(
    inputs: number,
    outputs: number,
    kernel: KernelSize,
    options: WeightOptions & Geometry<ConvTranspose2dOptions>,
  ) {
    perGroup(inputs, options);
    super([inputs, perGroup(outputs, options), ...pairOf(kernel)], outputs, options);
  }

  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, { ...this.geometry, bias: this.bias ?? undefined });
  }
}
