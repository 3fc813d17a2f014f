/**
 * Normalizations. All but two rest on one op: normalize(x) = (x − μ)·ρ·w + b with μ the mean and ρ = 1/√(σ² + ε) over some
 * axes, which also gives μ and ρ, so that its gradient need not compute them again.
 */
import { DTypeError, ShapeError, UsageError } from '../core/errors.js';
import type { LowerContext } from '../core/op.js';
import {
  at,
  broadcastShapes,
  formatShape,
  normalizeAxes,
  reducedShape,
  type Shape,
  sameShape,
  sizeOf,
} from '../core/shape.js';
import { applyMany, type Op, type Tensor, type VjpContext } from '../core/tensor.js';
import { add, maximum, mul, neg, sub } from './arithmetic.js';
import { expand, sum, sumTo } from './broadcast.js';
import { checkWhole } from './convolution-geometry.js';
import { reciprocal, rsqrt } from './math.js';
import { reshape } from './movement.js';
import { mean } from './reduce.js';

interface NormalizeAttrs {
  readonly axes: readonly number[];
  readonly eps: number;
}

/**
 * Inputs: x, and a weight and bias that broadcast to x. Outputs: y, μ, ρ and x̂ = (x − μ)·ρ; μ and ρ keep the axes, with
 * size 1.
 */
const normalizeOp: Op<NormalizeAttrs> = {
  name: 'normalize',
  infer: ([x, ...affine], { axes }) => {
    const full = broadcastShapes('normalize', x!.shape, ...affine.map((t) => t.shape));
    if (!sameShape(full, x!.shape)) {
      throw new ShapeError({ operation: 'normalize', expected: formatShape(x!.shape), got: formatShape(full) });
    }
    const kept = { shape: reducedShape(x!.shape, axes, true), dtype: 'float32' } as const;
    const whole = { shape: x!.shape, dtype: 'float32' } as const;
    return [whole, kept, kept, whole];
  },
  vjp: (ctx) => normalizeGradients(ctx),
  lower: (ctx) => lowerNormalize(ctx),
};

/**
 * With h = g·w, the gradient of y, and averages over the n elements that are normalized together:
 *
 *   ∂x = ρ·(h − avg h − x̂·avg(h·x̂))   = g·(ρw) − x̂·(ρ·avg(h·x̂)) − ρ·avg h
 *   ∂w = Σ g·x̂, ∂b = Σ g;  ∂μ/∂x = 1/n, ∂ρ/∂x = −ρ²·x̂/n
 *
 * Axes along which w does not change are summed over first, so that what is left of the sums is small: with channels'
 * weights it takes one product of images for them and four passes for ∂x.
 */
function normalizeGradients({
  inputs: [x, weight, bias],
  outputs: [, , rho, unit],
  attrs: { axes },
  grads: [gy, gMu, gRho, gUnit],
  needs,
}: VjpContext<NormalizeAttrs>): (Tensor | null)[] {
  const n = sizeOf(axes.map((axis) => at(x!.shape, axis)));
  const parts: Tensor[] = [];
  /** ∂x from the gradient g of x̂·w + b, and the sums of g·x̂ and g over the axes that w does not see. */
  const spread = (g: Tensor, w: Tensor | undefined): readonly [Tensor, Tensor] => {
    const full = w === undefined ? [] : [...x!.shape.slice(w.rank).map(() => 1), ...w.shape];
    const alike = axes.filter((axis) => w === undefined || full[axis] === 1);
    const products = sum(mul(g, unit!), alike, { keepDims: true });
    const sums = sum(g, alike, { keepDims: true });
    if (needs(0)) {
      const rest = axes.filter((axis) => !alike.includes(axis));
      const average = (t: Tensor): Tensor =>
        mul(sum(w === undefined ? t : mul(t, w), rest, { keepDims: true }), mul(rho!, 1 / n));
      // ρw is small where channels have the weights, and as large as x where the places have.
      const scaled = w === undefined ? mul(g, rho!) : rest.length === 0 ? mul(g, mul(rho!, w)) : mul(mul(g, w), rho!);
      parts.push(sub(sub(scaled, mul(unit!, average(products))), average(sums)));
    }
    return [products, sums];
  };
  const [products, sums] = gy === undefined ? [] : spread(gy, weight);
  if (gUnit !== undefined) spread(gUnit, undefined);
  if (needs(0) && gRho !== undefined) parts.push(mul(unit!, mul(gRho, mul(mul(rho!, rho!), -1 / n))));
  if (needs(0) && gMu !== undefined) parts.push(mul(gMu, 1 / n));
  const gx = parts.length === 0 ? null : parts.reduce((a, b) => add(a, b));
  return [
    gx === null || sameShape(gx.shape, x!.shape) ? gx : expand(gx, x!.shape),
    weight !== undefined && products !== undefined && needs(1) ? sumTo(products, weight.shape) : null,
    bias !== undefined && sums !== undefined && needs(2) ? sumTo(sums, bias.shape) : null,
  ];
}

function lowerNormalize({
  inputs,
  types,
  attrs: { axes, eps },
  emit,
  emitMany,
  ints,
  scalar,
}: LowerContext<NormalizeAttrs>) {
  const [x, weight, bias] = inputs as [string, string?, string?];
  const shape = types[0]!.shape;
  const first = shape.length - axes.length;
  const rest = shape.slice(first);
  const affine = (unit: string): string => {
    const scaled = weight === undefined ? unit : emit('Mul', [unit, weight]);
    return bias === undefined ? scaled : emit('Add', [scaled, bias]);
  };
  if (axes.every((axis) => axis >= first)) {
    const layerNorm = (...operands: string[]): string[] =>
      emitMany('LayerNormalization', [x, ...operands], 3, { axis: first, epsilon: { float: eps } });
    if (weight === undefined || !types.slice(1).every((t) => sameShape(t.shape, rest))) {
      const [unit, mu, rho] = layerNorm(emit('Expand', [scalar(1), ints(rest)])) as [string, string, string];
      return [affine(unit), mu, rho, unit];
    }
    const [y, mu, rho] = layerNorm(weight, ...(bias === undefined ? [] : [bias])) as [string, string, string];
    return [y, mu, rho, emit('Mul', [emit('Sub', [x, mu]), rho])];
  }
  const average = (name: string): string => emit('ReduceMean', [name], { axes, keepdims: 1 });
  const mu = average(x);
  const centred = emit('Sub', [x, mu]);
  const variance = average(emit('Mul', [centred, centred]));
  const rho = emit('Reciprocal', [emit('Sqrt', [emit('Add', [variance, scalar(eps)])])]);
  const unit = emit('Mul', [centred, rho]);
  return [affine(unit), mu, rho, unit];
}

function normalize(x: Tensor, attrs: NormalizeAttrs, weight?: Tensor, bias?: Tensor): [Tensor, Tensor, Tensor] {
  const affine = weight === undefined ? [] : bias === undefined ? [weight] : [weight, bias];
  const [y, mu, rho] = applyMany(normalizeOp, [x, ...affine], attrs) as [Tensor, Tensor, Tensor];
  return [weight === undefined && bias !== undefined ? add(y, bias) : y, mu, rho];
}

function checkInput(operation: string, x: Tensor, eps: number): void {
  if (x.dtype !== 'float32') {
    throw new DTypeError({ operation, expected: 'float32', got: x.dtype, remedy: "Cast first: x.cast('float32')." });
  }
  if (!(eps >= 0)) throw new UsageError({ operation, expected: 'eps ≥ 0', got: `${eps}` });
}

function checkAffine(operation: string, shape: Shape, parts: Readonly<Record<string, Tensor | undefined>>): void {
  for (const [name, t] of Object.entries(parts)) {
    if (t === undefined || sameShape(t.shape, shape)) continue;
    throw new ShapeError({
      operation,
      expected: `${name} of shape ${formatShape(shape)}`,
      got: formatShape(t.shape),
      remedy: 'It has one value for each position that is normalized by itself or scaled.',
    });
  }
}

export interface AffineOptions {
  /** Multiplies the result. */
  readonly weight?: Tensor | undefined;
  /** Is added to the result. */
  readonly bias?: Tensor | undefined;
  /** Added to the variance, so that constants do not divide by zero. */
  readonly eps?: number;
}

export interface LayerNormOptions extends AffineOptions {
  /** How many of the last axes to normalize over, or a list of axes. */
  readonly axes?: number | readonly number[];
}

/** The axes that the option means, and their sizes, which are the shape of weight and bias. */
function normalizedAxes(operation: string, x: Tensor, option: number | readonly number[]) {
  const listed = typeof option === 'number' ? Array.from({ length: option }, (_, i) => i - option) : option;
  const axes = normalizeAxes(operation, listed, x.rank);
  if (axes.length === 0) throw new UsageError({ operation, expected: 'at least one axis', got: 'none' });
  const shape = axes.map((axis) => at(x.shape, axis));
  const first = x.rank - axes.length;
  // Among leading axes, weight and bias are given the axes that they lack.
  const aligned = axes.every((axis) => axis >= first) ? shape : x.shape.map((n, axis) => (axes.includes(axis) ? n : 1));
  const align = (t: Tensor | undefined): Tensor | undefined => (t === undefined ? t : reshape(t, aligned));
  return { axes, shape, align };
}

/**
 * (x − μ)/√(σ² + ε)·weight + bias, μ and σ² over the last axis or axes (Ba et al. 2016).
 * Shapes: x […, D] with weight and bias [D] → […, D].
 */
export function layerNorm(x: Tensor, { axes = 1, weight, bias, eps = 1e-5 }: LayerNormOptions = {}): Tensor {
  checkInput('layerNorm', x, eps);
  const normalized = normalizedAxes('layerNorm', x, axes);
  checkAffine('layerNorm', normalized.shape, { weight, bias });
  const { align } = normalized;
  return normalize(x, { axes: normalized.axes, eps }, align(weight), align(bias))[0];
}

/**
 * x/√(mean x² + ε)·weight over the last axis or axes (Zhang & Sennrich 2019); ε as in LLaMA.
 * Shapes: x […, D] with weight [D] → […, D].
 */
export function rmsNorm(x: Tensor, { axes = 1, weight, eps = 1e-6 }: Omit<LayerNormOptions, 'bias'> = {}): Tensor {
  checkInput('rmsNorm', x, eps);
  const normalized = normalizedAxes('rmsNorm', x, axes);
  checkAffine('rmsNorm', normalized.shape, { weight });
  const unit = mul(x, rsqrt(add(mean(mul(x, x), normalized.axes, { keepDims: true }), eps)));
  const scale = normalized.align(weight);
  return scale === undefined ? unit : mul(unit, scale);
}

/** One value per channel, as [1, C, 1, …]. */
const perChannel = (t: Tensor, x: Tensor): Tensor =>
  reshape(
    t,
    x.shape.map((n, axis) => (axis === 1 ? n : 1)),
  );

function checkChannels(operation: string, x: Tensor): number {
  const channels = x.shape[1];
  if (channels !== undefined) return channels;
  throw new ShapeError({ operation, expected: 'a batch with channels, [N, C, …]', got: formatShape(x.shape) });
}

/**
 * Normalizes each item over the places and channels of each of `groups` runs of channels (Wu & He 2018); one group is a
 * layer norm over the image, C groups an instance norm.
 * Shapes: x [N, C, …] with weight and bias [C] → [N, C, …].
 */
export function groupNorm(x: Tensor, groups: number, { weight, bias, eps = 1e-5 }: AffineOptions = {}): Tensor {
  checkInput('groupNorm', x, eps);
  const channels = checkChannels('groupNorm', x);
  checkWhole('groupNorm', 'groups', [groups], 1);
  if (channels % groups !== 0) {
    throw new ShapeError({
      operation: 'groupNorm',
      expected: `channels that ${groups} groups share evenly`,
      got: `${channels}`,
    });
  }
  checkAffine('groupNorm', [channels], { weight, bias });
  // [N, groups, channels of a group, places]
  const share = channels / groups;
  const grouped = reshape(x, [at(x.shape, 0), groups, share, sizeOf(x.shape.slice(2))]);
  const perGroup = (t: Tensor | undefined): Tensor | undefined => t && reshape(t, [groups, share, 1]);
  return reshape(normalize(grouped, { axes: [2, 3], eps }, perGroup(weight), perGroup(bias))[0], x.shape);
}

/**
 * Normalizes each channel of each item over its places (Ulyanov et al. 2016).
 * Shapes: x [N, C, …] with weight and bias [C] → [N, C, …].
 */
export function instanceNorm(x: Tensor, options: AffineOptions = {}): Tensor {
  return groupNorm(x, checkChannels('instanceNorm', x), options);
}

export interface BatchNormOptions extends AffineOptions {
  /** Statistics to use in place of the batch's own, [C] each. */
  readonly mean?: Tensor | undefined;
  readonly variance?: Tensor | undefined;
}

export interface BatchNormResult {
  readonly y: Tensor;
  /** The statistics used, [C] each; a batch's variance is Σ(x − μ)²/n, without the n/(n − 1) of an unbiased estimate. */
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Normalizes each channel over items and places (Ioffe & Szegedy 2015), with the statistics of the batch, through which
 * gradients pass, or with given ones.
 * Shapes: x [N, C, …], everything else [C].
 */
export function batchNorm(
  x: Tensor,
  { mean: givenMean, variance: givenVariance, weight, bias, eps = 1e-5 }: BatchNormOptions = {},
): BatchNormResult {
  checkInput('batchNorm', x, eps);
  const channels = checkChannels('batchNorm', x);
  checkAffine('batchNorm', [channels], { mean: givenMean, variance: givenVariance, weight, bias });
  if (givenMean !== undefined && givenVariance !== undefined) {
    // x·a + c: two passes over x
    const inverse = rsqrt(add(givenVariance, eps));
    const scale = weight === undefined ? inverse : mul(inverse, weight);
    const shift = neg(mul(givenMean, scale));
    const y = add(mul(x, perChannel(scale, x)), perChannel(bias === undefined ? shift : add(shift, bias), x));
    return { y, mean: givenMean, variance: givenVariance };
  }
  if (givenMean !== undefined || givenVariance !== undefined) {
    throw new UsageError({
      operation: 'batchNorm',
      expected: 'both mean and variance, or neither',
      got: givenMean === undefined ? 'a variance alone' : 'a mean alone',
    });
  }
  const axes = normalizeAxes('batchNorm', undefined, x.rank).filter((axis) => axis !== 1);
  const affine = (t: Tensor | undefined): Tensor | undefined => (t === undefined ? t : perChannel(t, x));
  const [y, mu, rho] = normalize(x, { axes, eps }, affine(weight), affine(bias));
  const variance = maximum(sub(reciprocal(mul(rho, rho)), eps), 0);
  return { y, mean: reshape(mu, [channels]), variance: reshape(variance, [channels]) };
}
