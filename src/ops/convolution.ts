/**
 * Convolutions in one and two dimensions and their transposes.
 *
 * A convolution is linear in the image and in the weight, so three ops are closed under differentiation. With
 * T(x, w, g) = Σ g · conv(x, w):
 *
 *   convolution            y  = conv(x, w)    = ∂T/∂g
 *   convolutionInput       gx = ∂T/∂x(w, g)   the gradient of the image, which is the transposed convolution
 *   convolutionWeight      gw = ∂T/∂w(x, g)   the gradient of the weight
 *
 * and the gradient of each is made of the other two.
 */
import { DTypeError, ShapeError, UsageError } from '../core/errors.js';
import type { LowerContext, TensorType } from '../core/op.js';
import { at, formatShape, type Shape, sameShape } from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { blockedForward, blockedInput, blockedWeight } from './blocked-convolution.js';
import { sum } from './broadcast.js';
import {
  checkWhole,
  convolvedSize,
  type Geometry,
  type PaddingOption,
  type Pair,
  type PairOption,
  paddingOf,
  pair,
} from './convolution-geometry.js';
import { lowerWeightGradient } from './convolution-weight-gradient.js';
import { reshape } from './movement.js';

/** Geometry, and the rows and columns that the result of a gradient op has. */
interface SizedGeometry extends Geometry {
  readonly size: Pair;
}

const kernelOf = (w: Shape): Pair => [at(w, 2), at(w, 3)];

function needFloat(operation: string, inputs: readonly TensorType[]): void {
  const other = inputs.find(({ dtype }) => dtype !== 'float32');
  if (other === undefined) return;
  throw new DTypeError({ operation, expected: 'float32', got: other.dtype, remedy: "Cast first: x.cast('float32')." });
}

/** The gradient of a bias: what arrives at its channel, over items and places. */
const biasGradient = (g: Tensor): Tensor => sum(g, [0, 2, 3]);

/** ONNX pads: all the starts, then all the ends. */
const padsOf = ({ padding: [[top, bottom], [left, right]] }: Geometry): number[] => [top, left, bottom, right];

const convolutionOp: Op<Geometry> = {
  name: 'convolution',
  infer: ([x, w], geometry) => [
    {
      shape: [
        at(x!.shape, 0),
        at(w!.shape, 0),
        ...convolvedSize('convolution', x!.shape, kernelOf(w!.shape), geometry),
      ],
      dtype: 'float32',
    },
  ],
  vjp: ({ inputs: [x, w, bias], attrs, grads: [g], needs }) => [
    needs(0) ? convolutionInput(g!, w!, { ...attrs, size: kernelOf(x!.shape) }) : null,
    needs(1) ? convolutionWeight(x!, g!, { ...attrs, size: kernelOf(w!.shape) }) : null,
    bias !== undefined && needs(2) ? biasGradient(g!) : null,
  ],
  simplify: ({ node }, { target: { block } }) => {
    const [x, w, bias] = node.inputs as readonly [Tensor, Tensor, Tensor?];
    return block === 1 ? null : blockedForward(x, w, bias, node.attrs as Geometry, block);
  },
  lower: ({ inputs, attrs, emit }) => [
    emit('Conv', inputs, {
      strides: attrs.stride,
      pads: padsOf(attrs),
      dilations: attrs.dilation,
      group: attrs.groups,
    }),
  ],
};

/** conv(x, w) + bias: x [N, C, H, W], w [O, C/groups, kh, kw], bias [O] → [N, O, H', W'] */
function convolution(x: Tensor, w: Tensor, geometry: Geometry, bias?: Tensor): Tensor {
  return apply(convolutionOp, bias === undefined ? [x, w] : [x, w, bias], geometry);
}

const convolutionInputOp: Op<SizedGeometry> = {
  name: 'convolutionInput',
  infer: ([g, w], { size, groups }) => [
    { shape: [at(g!.shape, 0), at(w!.shape, 1) * groups, ...size], dtype: 'float32' },
  ],
  vjp: ({ inputs: [, w, bias], attrs: { size: _, ...geometry }, grads: [u], needs, inputs: [g] }) => [
    needs(0) ? convolution(u!, w!, geometry) : null,
    needs(1) ? convolutionWeight(u!, g!, { ...geometry, size: kernelOf(w!.shape) }) : null,
    bias !== undefined && needs(2) ? biasGradient(u!) : null,
  ],
  simplify: ({ node }, { target: { block } }) => {
    const [g, w, bias] = node.inputs as readonly [Tensor, Tensor, Tensor?];
    return block === 1 ? null : blockedInput(g, w, bias, node.attrs as SizedGeometry, block);
  },
  lower: (ctx) => [lowerInput(ctx)],
};

/** The transpose of conv(·, w), plus bias: g [N, O, H', W'], w [O, C/groups, kh, kw], bias [C] → [N, C, ...size] */
function convolutionInput(g: Tensor, w: Tensor, attrs: SizedGeometry, bias?: Tensor): Tensor {
  return apply(convolutionInputOp, bias === undefined ? [g, w] : [g, w, bias], attrs);
}

/**
 * With stride 1 it is a convolution of g with the flipped, transposed weight, which ONNX Runtime runs faster than a
 * ConvTranspose (23 ms for 40 at 64→64, 32², 32 items). With larger strides ConvTranspose is the fastest: 3 to 4 times as fast
 * as a convolution of g spread by zeros, 1.4 to 2.7 times as fast as one convolution for each phase of the stride.
 */
function lowerInput({ inputs, types, attrs, emit, ints }: LowerContext<SizedGeometry>): string {
  const [g, w, ...bias] = inputs as [string, string, ...string[]];
  const [o, perGroup, kh, kw] = types[1]!.shape as readonly [number, number, number, number];
  const { size, stride, padding, dilation, groups } = attrs;
  const grid = kernelOf(types[0]!.shape);
  const reach = ([kh, kw] as const).map((k, i) => dilation[i]! * (k - 1));
  const before = ([0, 1] as const).map((i) => reach[i]! - padding[i][0]);
  const after = ([0, 1] as const).map((i) => size[i] + reach[i]! - before[i]! - grid[i]);
  if (stride.every((s) => s === 1) && [...before, ...after].every((n) => n >= 0)) {
    // [O, C/G, …] → [G, O/G, C/G, …] → [G, C/G, O/G, …] → [C, O/G, …]
    const flat =
      groups === 1
        ? emit('Transpose', [w], { perm: [1, 0, 2, 3] })
        : emit('Reshape', [
            emit('Transpose', [emit('Reshape', [w, ints([groups, o / groups, perGroup, kh, kw])])], {
              perm: [0, 2, 1, 3, 4],
            }),
            ints([perGroup * groups, o / groups, kh, kw]),
          ]);
    const backwards = [ints([-1, -1]), ints([-(2 ** 31), -(2 ** 31)]), ints([2, 3]), ints([-1, -1])];
    const flipped = kh * kw === 1 ? flat : emit('Slice', [flat, ...backwards]);
    return emit('Conv', [g, flipped, ...bias], { pads: [...before, ...after], dilations: dilation, group: groups });
  }
  // Rows that no window of the convolution reached are missing from the plain result.
  const missing = ([0, 1] as const).map(
    (i) => size[i] - ((grid[i] - 1) * stride[i] + reach[i]! + 1 - padding[i][0] - padding[i][1]),
  );
  return emit('ConvTranspose', [g, w, ...bias], {
    strides: stride,
    pads: padsOf(attrs),
    dilations: dilation,
    group: groups,
    output_padding: missing,
  });
}

const convolutionWeightOp: Op<SizedGeometry> = {
  name: 'convolutionWeight',
  infer: ([x, g], { size, groups }) => [
    { shape: [at(g!.shape, 1), at(x!.shape, 1) / groups, ...size], dtype: 'float32' },
  ],
  vjp: ({ inputs: [x, g], attrs: { size: _, ...geometry }, grads: [v], needs }) => [
    needs(0) ? convolutionInput(g!, v!, { ...geometry, size: kernelOf(x!.shape) }) : null,
    needs(1) ? convolution(x!, v!, geometry) : null,
  ],
  simplify: ({ node }, { target: { block } }) => {
    const [x, g] = node.inputs as readonly [Tensor, Tensor];
    return block === 1 ? null : blockedWeight(x, g, node.attrs as SizedGeometry, block);
  },
  lower: (ctx) => [lowerWeightGradient(ctx)],
};

/** x [N, C, H, W], g [N, O, H', W'] → [O, C/groups, ...size] */
function convolutionWeight(x: Tensor, g: Tensor, attrs: SizedGeometry): Tensor {
  return apply(convolutionWeightOp, [x, g], attrs);
}

export interface Conv2dOptions {
  /** [O] */
  readonly bias?: Tensor | undefined;
  readonly stride?: PairOption;
  /** 'same' keeps rows and columns at stride 1; where the zeros do not halve, the extra one goes after. */
  readonly padding?: PaddingOption | 'same';
  readonly dilation?: PairOption;
  /** Groups of channels that do not see each other; C of them make the convolution depthwise. */
  readonly groups?: number;
}

function checkRanks(operation: string, x: Tensor, w: Tensor, rank: number, axes: readonly [string, string]): void {
  needFloat(operation, [x, w]);
  if (x.rank === rank && w.rank === rank) return;
  throw new ShapeError({
    operation,
    expected: `an input ${axes[0]} and a weight ${axes[1]}`,
    got: `${formatShape(x.shape)} and ${formatShape(w.shape)}`,
    remedy: 'Add the missing axes with unsqueeze, or reshape.',
  });
}

function checkBias(operation: string, bias: Tensor | undefined, channels: number): void {
  if (bias === undefined) return;
  needFloat(operation, [bias]);
  if (sameShape(bias.shape, [channels])) return;
  throw new ShapeError({ operation, expected: `a bias of shape [${channels}]`, got: formatShape(bias.shape) });
}

function checkGroups(operation: string, groups: number, [name, channels]: readonly [string, number]): void {
  checkWhole(operation, 'groups', [groups], 1);
  if (channels % groups === 0) return;
  throw new ShapeError({
    operation,
    expected: `${name} channels that ${groups} groups share evenly`,
    got: `${channels}`,
    remedy: 'Choose groups that divide both the input and the output channels.',
  });
}

/**
 * y[n, o, i, j] = bias[o] + Σ w[o, c, a, b] · x[n, c, i·stride + a·dilation − padding, …] over the c of o's group and a, b:
 * what is called convolution in this field, a cross-correlation.
 * Shapes: x [N, C, H, W], w [O, C/groups, kh, kw] → [N, O, H', W'] with H' = ⌊(H + pads − dilation·(kh − 1) − 1)/stride⌋ + 1.
 * @throws ShapeError where the channels, groups or sizes do not fit
 */
export function conv2d(
  x: Tensor,
  w: Tensor,
  { bias, stride = 1, padding = 0, dilation = 1, groups = 1 }: Conv2dOptions = {},
): Tensor {
  checkRanks('conv2d', x, w, 4, ['[N, C, H, W]', '[O, C/groups, kh, kw]']);
  const [o, perGroup, kh, kw] = w.shape as readonly [number, number, number, number];
  checkGroups('conv2d', groups, ['output', o]);
  checkBias('conv2d', bias, o);
  if (x.shape[1] !== perGroup * groups) {
    throw new ShapeError({
      operation: 'conv2d',
      expected: `${perGroup * groups} input channels for a weight ${formatShape(w.shape)} in ${groups} group(s)`,
      got: formatShape(x.shape),
      remedy: 'A weight is [O, C/groups, kh, kw] and an image [N, C, H, W].',
    });
  }
  const strides = pair('conv2d', 'stride', stride, 1);
  const dilations = pair('conv2d', 'dilation', dilation, 1);
  if (padding === 'same' && strides.some((s) => s !== 1)) {
    throw new UsageError({
      operation: 'conv2d',
      expected: "stride 1 with padding 'same'",
      got: `stride ${strides.join(', ')}`,
      remedy: 'Give the padding as numbers.',
    });
  }
  const same = (k: number, d: number): Pair => [Math.floor((d * (k - 1)) / 2), Math.ceil((d * (k - 1)) / 2)];
  const pads =
    padding === 'same' ? ([same(kh, dilations[0]), same(kw, dilations[1])] as const) : paddingOf('conv2d', padding);
  return convolution(x, w, { stride: strides, padding: pads, dilation: dilations, groups }, bias);
}

export interface ConvTranspose2dOptions {
  /** [C/groups · groups], one per output channel */
  readonly bias?: Tensor | undefined;
  readonly stride?: PairOption;
  /** Rows and columns to leave out at the borders of the result. */
  readonly padding?: PaddingOption;
  /** Rows and columns more at the end of the result, fewer than the stride: a strided convolution maps several sizes to one. */
  readonly outputPadding?: PairOption;
  readonly dilation?: PairOption;
  readonly groups?: number;
}

/**
 * The transpose of conv2d: the map that takes its gradients back, used to enlarge images.
 * Shapes: x [N, C, H, W], w [C, O/groups, kh, kw] → [N, O, H', W'] with
 * H' = (H − 1)·stride − pads + dilation·(kh − 1) + outputPadding + 1.
 * @throws ShapeError where the channels, groups or sizes do not fit
 */
export function convTranspose2d(
  x: Tensor,
  w: Tensor,
  { bias, stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 }: ConvTranspose2dOptions = {},
): Tensor {
  const operation = 'convTranspose2d';
  checkRanks(operation, x, w, 4, ['[N, C, H, W]', '[C, O/groups, kh, kw]']);
  const [c, perGroup] = w.shape as readonly [number, number, number, number];
  checkGroups(operation, groups, ['input', c]);
  checkBias(operation, bias, perGroup * groups);
  if (x.shape[1] !== c) {
    throw new ShapeError({
      operation,
      expected: `${c} input channels for a weight ${formatShape(w.shape)}`,
      got: formatShape(x.shape),
      remedy: 'The weight of a transposed convolution is [C, O/groups, kh, kw], input channels first.',
    });
  }
  const strides = pair(operation, 'stride', stride, 1);
  const dilations = pair(operation, 'dilation', dilation, 1);
  const extra = pair(operation, 'outputPadding', outputPadding, 0);
  const pads = paddingOf(operation, padding);
  if (extra.some((n, i) => n >= strides[i]!)) {
    throw new UsageError({
      operation,
      expected: `outputPadding below the stride ${strides.join(', ')}`,
      got: `${extra.join(', ')}`,
      remedy: 'Use less padding instead to make the result larger.',
    });
  }
  const kernel = kernelOf(w.shape);
  const size = ([0, 1] as const).map(
    (i) =>
      (at(x.shape, i + 2) - 1) * strides[i] - pads[i][0] - pads[i][1] + dilations[i] * (kernel[i] - 1) + extra[i] + 1,
  ) as [number, number];
  if (size.some((n) => n < 1)) {
    throw new ShapeError({
      operation,
      expected: 'a result of at least one row and column',
      got: `${size.join(' × ')} from ${formatShape(x.shape)}`,
      remedy: 'Use less padding.',
    });
  }
  return convolutionInput(x, w, { stride: strides, padding: pads, dilation: dilations, groups, size }, bias);
}

/** The options of one axis; padding may be [before, after]. */
export interface Conv1dOptions {
  readonly bias?: Tensor | undefined;
  readonly stride?: number;
  readonly padding?: number | Pair | 'same';
  readonly dilation?: number;
  readonly groups?: number;
}
export interface ConvTranspose1dOptions {
  readonly bias?: Tensor | undefined;
  readonly stride?: number;
  readonly padding?: number | Pair;
  readonly outputPadding?: number;
  readonly dilation?: number;
  readonly groups?: number;
}

/** A signal as an image of one row. */
const asRow = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, x.shape[1]!, 1, x.shape[2]!]);
const fromRow = (y: Tensor): Tensor => reshape(y, [y.shape[0]!, y.shape[1]!, y.shape[3]!]);
const alongRow = (padding: number | Pair): PaddingOption => [
  [0, 0],
  typeof padding === 'number' ? [padding, padding] : padding,
];

/**
 * conv2d of one axis.
 * Shapes: x [N, C, L], w [O, C/groups, k] → [N, O, L'].
 */
export function conv1d(
  x: Tensor,
  w: Tensor,
  { bias, stride = 1, padding = 0, dilation = 1, groups = 1 }: Conv1dOptions = {},
): Tensor {
  checkRanks('conv1d', x, w, 3, ['[N, C, L]', '[O, C/groups, k]']);
  const y = conv2d(asRow(x), asRow(w), {
    bias,
    stride: [1, stride],
    padding: padding === 'same' ? padding : alongRow(padding),
    dilation: [1, dilation],
    groups,
  });
  return fromRow(y);
}

/**
 * convTranspose2d of one axis.
 * Shapes: x [N, C, L], w [C, O/groups, k] → [N, O, L'].
 */
export function convTranspose1d(
  x: Tensor,
  w: Tensor,
  { bias, stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 }: ConvTranspose1dOptions = {},
): Tensor {
  checkRanks('convTranspose1d', x, w, 3, ['[N, C, L]', '[C, O/groups, k]']);
  const y = convTranspose2d(asRow(x), asRow(w), {
    bias,
    stride: [1, stride],
    padding: alongRow(padding),
    outputPadding: [0, outputPadding],
    dilation: [1, dilation],
    groups,
  });
  return fromRow(y);
}
