/**
 * Normalization layers without running statistics. In all of them ε keeps constant inputs from dividing by zero, and
 * weight and bias scale and shift the result: y = x̂·weight + bias, from 1 and 0.
 */
import { ShapeError, UsageError } from '../core/errors.js';
import type { Variable } from '../core/leaves.js';
import { formatShape, type Shape, sameShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { groupNorm, instanceNorm, layerNorm, rmsNorm } from '../ops/index.js';
import { Module } from './module.js';
import { filled } from './parameter.js';

export interface NormOptions {
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
  /** Whether there are weight and bias. */
  readonly affine?: boolean;
}

/**
 * x̂ = (x − μ)/√(σ² + ε), μ and σ² over the last axes, of each position by itself.
 *
 * Shapes: x […, ...shape] → the same; `weight` and `bias` have the given shape (a number stands for one axis).
 * @throws ShapeError where x does not end in the shape
 *
 * Source: Ba et al. 2016; PyTorch's nn.LayerNorm.
 */
export class LayerNorm extends Module {
  readonly weight: Variable | null;
  readonly bias: Variable | null;
  readonly shape: Shape;
  readonly eps: number;

  constructor(
    shape: number | Shape,
    { eps = 1e-5, affine = true, bias = affine }: NormOptions & { readonly bias?: boolean } = {},
  ) {
    super();
    this.shape = typeof shape === 'number' ? [shape] : shape;
    this.eps = eps;
    this.weight = affine ? filled(this.shape, 1) : null;
    this.bias = affine && bias ? filled(this.shape, 0) : null;
  }

  forward(x: Tensor): Tensor {
    checkTail('LayerNorm', x, this.shape);
    const { weight, bias, eps } = this;
    return layerNorm(x, { axes: this.shape.length, weight: weight ?? undefined, bias: bias ?? undefined, eps });
  }
}

/**
 * y = x/√(mean x² + ε)·weight over the last axes: layer norm without its mean and bias.
 *
 * Shapes: x […, ...shape] → the same; `weight` has the given shape, and starts at 1.
 * @throws ShapeError where x does not end in the shape
 *
 * Source: Zhang & Sennrich 2019, eq. 4. The default ε is LLaMA's 1e-6; PyTorch's nn.RMSNorm takes 1.19e-7.
 */
export class RMSNorm extends Module {
  readonly weight: Variable | null;
  readonly shape: Shape;
  readonly eps: number;

  constructor(shape: number | Shape, { eps = 1e-6, affine = true }: NormOptions = {}) {
    super();
    this.shape = typeof shape === 'number' ? [shape] : shape;
    this.eps = eps;
    this.weight = affine ? filled(this.shape, 1) : null;
  }

  forward(x: Tensor): Tensor {
    checkTail('RMSNorm', x, this.shape);
    return rmsNorm(x, { axes: this.shape.length, weight: this.weight ?? undefined, eps: this.eps });
  }
}

/**
 * x̂ = (x − μ)/√(σ² + ε), μ and σ² of each item over the places and the channels of each of `groups` runs of channels.
 *
 * Shapes: x [N, channels, …] → the same; `weight` and `bias` [channels].
 * @throws UsageError where the groups do not divide the channels, ShapeError where x has other channels
 *
 * Source: Wu & He 2018; PyTorch's nn.GroupNorm.
 */
export class GroupNorm extends Module {
  readonly weight: Variable | null;
  readonly bias: Variable | null;
  readonly groups: number;
  readonly channels: number;
  readonly eps: number;

  constructor(groups: number, channels: number, { eps = 1e-5, affine = true }: NormOptions = {}) {
    super();
    if (!(Number.isInteger(groups) && groups > 0 && channels % groups === 0)) {
      throw new UsageError({
        operation: 'GroupNorm',
        expected: 'groups that divide the channels',
        got: `${groups} groups, ${channels} channels`,
      });
    }
    this.groups = groups;
    this.channels = channels;
    this.eps = eps;
    this.weight = affine ? filled([channels], 1) : null;
    this.bias = affine ? filled([channels], 0) : null;
  }

  forward(x: Tensor): Tensor {
    checkChannels('GroupNorm', x, this.channels);
    const { weight, bias, eps } = this;
    return groupNorm(x, this.groups, { weight: weight ?? undefined, bias: bias ?? undefined, eps });
  }
}

/**
 * x̂ = (x − μ)/√(σ² + ε), μ and σ² over the places of each channel of each item.
 *
 * Shapes: x [N, channels, H, W] → the same; with `affine` (default false), `weight` and `bias` [channels].
 * @throws ShapeError where x does not fit
 *
 * Source: Ulyanov et al. 2016; PyTorch's nn.InstanceNorm2d, without its optional running statistics.
 */
export class InstanceNorm2d extends Module {
  readonly weight: Variable | null;
  readonly bias: Variable | null;
  readonly channels: number;
  readonly eps: number;

  constructor(channels: number, { eps = 1e-5, affine = false }: NormOptions = {}) {
    super();
    this.channels = channels;
    this.eps = eps;
    this.weight = affine ? filled([channels], 1) : null;
    this.bias = affine ? filled([channels], 0) : null;
  }

  forward(x: Tensor): Tensor {
    checkChannels('InstanceNorm2d', x, this.channels, [4]);
    const { weight, bias, eps } = this;
    return instanceNorm(x, { weight: weight ?? undefined, bias: bias ?? undefined, eps });
  }
}

function checkTail(operation: string, x: Tensor, shape: Shape): void {
  if (x.rank >= shape.length && sameShape(x.shape.slice(x.rank - shape.length), shape)) return;
  throw new ShapeError({
    operation,
    expected: `an input that ends in the axes ${formatShape(shape)}`,
    got: formatShape(x.shape),
  });
}

/** Throws unless x is [N, channels, …], of one of the given ranks. */
export function checkChannels(operation: string, x: Tensor, channels: number, ranks?: readonly number[]): void {
  if (x.shape[1] === channels && (ranks?.includes(x.rank) ?? true)) return;
  const rank = ranks === undefined ? '' : ` of rank ${ranks.join(' or ')}`;
  throw new ShapeError({
    operation,
    expected: `an input [N, ${channels}, …]${rank}`,
    got: formatShape(x.shape),
    remedy: 'Channels come second.',
  });
}
