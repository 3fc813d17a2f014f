/**
 * Pooling over windows of an image, and the enlargement that is its counterpart: averaging disjoint windows and repeating
 * pixels are each other's gradient but for a factor. Pooling over the whole image is `mean` or `max` over axes 2 and 3.
 */
import { DTypeError, ShapeError, UsageError } from '../core/errors.js';
import type { LowerContext, TensorType } from '../core/op.js';
import { at, formatShape } from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { mul } from './arithmetic.js';
import {
  convolvedSize,
  type Padding,
  type PaddingOption,
  type Pair,
  type PairOption,
  paddingOf,
  pair,
} from './convolution-geometry.js';
import { scatterAdd } from './indexing.js';
import { padConstant, slice } from './joining.js';
import { reshape } from './movement.js';

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

export interface PoolOptions {
  /** Rows and columns of a window. */
  readonly kernel: PairOption;
  /** Rows and columns from window to window; the kernel's by default, so that windows touch. */
  readonly stride?: PairOption;
  /** Border around the image, less than the kernel. */
  readonly padding?: PaddingOption;
}

function windowOf(operation: string, x: Tensor, { kernel, stride = kernel, padding = 0 }: PoolOptions): Window {
  if (x.rank !== 4) {
    throw new ShapeError({ operation, expected: 'images [N, C, H, W]', got: formatShape(x.shape) });
  }
  if (x.dtype !== 'float32') {
    throw new DTypeError({ operation, expected: 'float32', got: x.dtype, remedy: "Cast first: x.cast('float32')." });
  }
  const taps = pair(operation, 'kernel', kernel, 1);
  const pads = paddingOf(operation, padding);
  if (pads.some((sides, i) => sides.some((n) => n >= taps[i]!))) {
    throw new UsageError({
      operation,
      expected: `padding smaller than the kernel, ${taps.join(' × ')}`,
      got: JSON.stringify(pads),
      remedy: 'A window must not lie in the padding alone.',
    });
  }
  return { kernel: taps, stride: pair(operation, 'stride', stride, 1), padding: pads };
}

const pooledShape = (operation: string, x: TensorType, window: Window): number[] => [
  at(x.shape, 0),
  at(x.shape, 1),
  ...convolvedSize(operation, x.shape, window.kernel, { ...window, dilation: [1, 1] }),
];

const onnxWindow = ({ kernel, stride, padding: [[top, bottom], [left, right]] }: Window) => ({
  kernel_shape: kernel,
  strides: stride,
  pads: [top, left, bottom, right],
});

const maxPoolOp: Op<Window> = {
  name: 'maxPool2d',
  infer: ([x], window) => [{ shape: pooledShape('maxPool2d', x!, window), dtype: 'float32' }],
  // A window's gradient goes to the place that its maximum came from; of equal ones to the first.
  vjp: ({ inputs: [x], attrs, grads: [g] }) => {
    const places = reshape(apply(maxPlacesOp, [x!], attrs), [-1]);
    return [reshape(scatterAdd(reshape(g!, [-1]), places, { size: x!.size }), x!.shape)];
  },
  lower: ({ inputs, attrs, emit }) => [emit('MaxPool', inputs, onnxWindow(attrs))],
};

/** Where the maxima lie in the flattened x. Apart from maxPool2d, since ONNX Runtime's faster kernel does not say it. */
const maxPlacesOp: Op<Window> = {
  name: 'maxPlaces2d',
  infer: ([x], window) => [{ shape: pooledShape('maxPool2d', x!, window), dtype: 'int64' }],
  lower: ({ inputs, attrs, emitMany }) => [emitMany('MaxPool', inputs, 2, onnxWindow(attrs))[1]!],
};

/**
 * The largest value of each window; padding never wins.
 * Shapes: x [N, C, H, W] → [N, C, H', W'] with H' = ⌊(H + pads − kernel)/stride⌋ + 1.
 */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  return apply(maxPoolOp, [x], windowOf('maxPool2d', x, options));
}

const avgPoolOp: Op<Window> = {
  name: 'avgPool2d',
  infer: ([x], window) => [{ shape: pooledShape('avgPool2d', x!, window), dtype: 'float32' }],
  vjp: ({ inputs: [x], attrs, grads: [g] }) => [avgPoolGradient(g!, [at(x!.shape, 2), at(x!.shape, 3)], attrs)],
  lower: ({ inputs, attrs, emit }) => [emit('AveragePool', inputs, { ...onnxWindow(attrs), count_include_pad: 1 })],
};

/**
 * The mean of each window, the zeros of the padding counted (as in PyTorch).
 * Shapes: x [N, C, H, W] → [N, C, H', W'] with H' = ⌊(H + pads − kernel)/stride⌋ + 1.
 */
export function avgPool2d(x: Tensor, options: PoolOptions): Tensor {
  return apply(avgPoolOp, [x], windowOf('avgPool2d', x, options));
}

/** Spreads each window's share over the window. */
function avgPoolGradient(g: Tensor, size: Pair, { kernel, stride, padding }: Window): Tensor {
  const [n, c, rows, columns] = g.shape as readonly [number, number, number, number];
  const touching = kernel.every((k, i) => k === stride[i] && padding[i]![0] === 0 && padding[i]![1] === 0);
  if (touching) {
    const spread = mul(upsampleNearest(g, kernel), 1 / (kernel[0] * kernel[1]));
    const rest = [size[0] - rows * kernel[0], size[1] - columns * kernel[1]] as const;
    return padConstant(
      spread,
      [
        [0, 0],
        [0, 0],
        [0, rest[0]],
        [0, rest[1]],
      ],
      0,
    );
  }
  // The kernel is even, so the transpose of averaging at every place is averaging at every place: put zeros between the
  // windows' gradients and around them, and average.
  const gaps = padConstant(
    reshape(g, [n, c, rows, 1, columns, 1]),
    [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, stride[0] - 1],
      [0, 0],
      [0, stride[1] - 1],
    ],
    0,
  );
  const flat = reshape(gaps, [n, c, rows * stride[0], columns * stride[1]]);
  const around = ([0, 1] as const).map((i): Pair => {
    const before = kernel[i] - 1 - padding[i][0];
    return [before, size[i] + kernel[i] - 1 - before - flat.shape[i + 2]!];
  });
  // Behind the last window's gradient there are stride − 1 zeros, which may be more than are needed.
  const kept = around.map(([, after], i) => flat.shape[i + 2]! + Math.min(0, after)) as [number, number];
  const cut = slice(flat, null, null, [0, kept[0]], [0, kept[1]]);
  const padded = padConstant(cut, [[0, 0], [0, 0], ...around.map(([b, a]): Pair => [b, Math.max(0, a)])], 0);
  return avgPool2d(padded, { kernel, stride: 1 });
}

const upsampleOp: Op<{ factors: Pair }> = {
  name: 'upsampleNearest',
  infer: ([x], { factors }) => [
    {
      shape: [at(x!.shape, 0), at(x!.shape, 1), at(x!.shape, 2) * factors[0], at(x!.shape, 3) * factors[1]],
      dtype: 'float32',
    },
  ],
  // Sums of disjoint windows
  vjp: ({ attrs: { factors }, grads: [g] }) => [mul(avgPool2d(g!, { kernel: factors }), factors[0] * factors[1])],
  lower: (ctx) => [lowerUpsample(ctx)],
};

/** Resize with these modes is a copying kernel, 4 to 6 times as fast as Expand, and twice as fast as joining copies. */
function lowerUpsample({ inputs: [x], attrs: { factors }, emit, constant }: LowerContext<{ factors: Pair }>): string {
  return emit('Resize', [x!, '', constant(Float32Array.of(1, 1, ...factors), [4])], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}

/**
 * Repeats each pixel `factors` times along rows and columns.
 * Shapes: x [N, C, H, W] → [N, C, H·fh, W·fw].
 */
export function upsampleNearest(x: Tensor, factors: PairOption): Tensor {
  const both = pair('upsampleNearest', 'factors', factors, 1);
  if (x.rank !== 4 || x.dtype !== 'float32') {
    throw new ShapeError({
      operation: 'upsampleNearest',
      expected: 'float32 images [N, C, H, W]',
      got: `${x.dtype}${formatShape(x.shape)}`,
    });
  }
  return both[0] === 1 && both[1] === 1 ? x : apply(upsampleOp, [x], { factors: both });
}
