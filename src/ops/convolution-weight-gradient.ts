/**
 * Lowering of a convolution's weight gradient, gw[o, c, a, b] = Σ g[n, o, i, j] · x[n, c, i·s + a·d − p, j·s + b·d − p].
 * ONNX has no op for it. Three ways to write it as matrix products, chosen by shape.
 */
import type { LowerContext } from '../core/op.js';
import type { Geometry, Pair } from './convolution-geometry.js';

type Context = LowerContext<Geometry & { readonly size: Pair }>;

/** Everything the three ways need to know, named once. */
interface Problem {
  readonly ctx: Context;
  /** Items, groups, input and output channels of one group, kernel taps. */
  readonly n: number;
  readonly groups: number;
  readonly c: number;
  readonly o: number;
  readonly kernel: Pair;
  /** Rows and columns of g. */
  readonly grid: Pair;
  /** The image with its zeros, and its rows and columns. */
  readonly padded: string;
  readonly extent: Pair;
  /** First row and column of the image that each tap [a, b] meets, in the order of the weight. */
  readonly taps: readonly Pair[];
}

export function lowerWeightGradient(ctx: Context): string {
  const { types, attrs } = ctx;
  const { groups, size: kernel, stride, dilation } = attrs;
  const [n, channels] = types[0]!.shape as readonly [number, number];
  const [, outputs, rows, columns] = types[1]!.shape as readonly [number, number, number, number];
  const { name: padded, extent } = padImage(ctx);
  const taps = Array.from(
    { length: kernel[0] * kernel[1] },
    (_, t): Pair => [Math.floor(t / kernel[1]) * dilation[0], (t % kernel[1]) * dilation[1]],
  );
  const [c, o] = [channels / groups, outputs / groups];
  const problem: Problem = { ctx, n, groups, c, o, kernel, grid: [rows, columns], padded, extent, taps };
  if (groups > 1 || c * taps.length <= 48) return bySlicedColumns(problem);
  if (stride.every((s) => s === 1) && rows * columns >= 256) return byShiftedProducts(problem);
  return byGatheredColumns(problem);
}

/** The image in zeros. Joining is a few memory copies; ONNX Runtime's Pad runs on one thread and is slow. */
function padImage({ inputs: [x], types: [type], attrs: { padding }, emit, ints, scalar }: Context): {
  name: string;
  extent: Pair;
} {
  const shape = [...type!.shape];
  let name = x!;
  for (const axis of [2, 3] as const) {
    const [before, after] = padding[axis - 2]!;
    const zeros = (width: number): string[] =>
      width === 0 ? [] : [emit('Expand', [scalar(0), ints(shape.with(axis, width))])];
    const parts = [...zeros(before), name, ...zeros(after)];
    if (parts.length > 1) name = emit('Concat', parts, { axis });
    shape[axis] = shape[axis]! + before + after;
  }
  return { name, extent: [shape[2]!, shape[3]!] };
}

/**
 * Each tap sees a strided window of the image; the windows, side by side, are the columns of a matrix product per item
 * and group: gw = Σₙ colsₙ · gₙᵀ. The best where channels are few, and the one that knows groups.
 */
function bySlicedColumns({ ctx, n, groups, c, o, kernel, grid, padded, extent, taps }: Problem): string {
  const { emit, ints, inputs, attrs } = ctx;
  const [rows, columns] = grid;
  const [sr, sc] = attrs.stride;
  const places = rows * columns;
  const windows = taps.map(([a, b]) => {
    const ends = ints([a + (rows - 1) * sr + 1, b + (columns - 1) * sc + 1]);
    const whole = rows === extent[0] && columns === extent[1];
    const window = whole ? padded : emit('Slice', [padded, ints([a, b]), ends, ints([2, 3]), ints([sr, sc])]);
    return emit('Reshape', [window, ints([n, groups, c, 1, places])]);
  });
  const joined = windows.length === 1 ? windows[0]! : emit('Concat', windows, { axis: 3 });
  const cols = emit('Reshape', [joined, ints([n, groups, c * taps.length, places])]);
  const split = emit('Reshape', [inputs[1]!, ints([n, groups, o, places])]);
  const products = emit('MatMul', [cols, emit('Transpose', [split], { perm: [0, 1, 3, 2] })]);
  const total = n === 1 ? products : emit('ReduceSum', [products, ints([0])], { keepdims: 0 });
  const transposed = emit('Transpose', [emit('Reshape', [total, ints([groups, c * taps.length, o])])], {
    perm: [0, 2, 1],
  });
  return emit('Reshape', [transposed, ints([groups * o, c, ...kernel])]);
}

/**
 * Stride 1: with the padded rows laid end to end, a tap's window is one contiguous run of pixels, so each tap is a batched
 * matrix product without any copying of columns. What runs over the edge of a row meets zeros in g, whose rows are
 * lengthened likewise. The best for large images.
 */
function byShiftedProducts({ ctx, n, c, o, kernel, grid: [rows, columns], padded, extent, taps }: Problem): string {
  const { emit, ints, inputs, scalar } = ctx;
  const pitch = extent[1];
  const run = (rows - 1) * pitch + columns;
  const pixels = emit('Transpose', [emit('Reshape', [padded, ints([n, c, extent[0] * pitch])])], { perm: [0, 2, 1] });
  const gap = pitch - columns;
  const zeros = (): string => emit('Expand', [scalar(0), ints([n, o, rows, gap])]);
  const spread = gap === 0 ? inputs[1]! : emit('Concat', [inputs[1]!, zeros()], { axis: 3 });
  const flat = emit('Reshape', [spread, ints([n, o, rows * pitch])]);
  const g = gap === 0 ? flat : emit('Slice', [flat, ints([0]), ints([run]), ints([2]), ints([1])]);
  const products = taps.map(([a, b]) => {
    const start = a * pitch + b;
    const window = emit('Slice', [pixels, ints([start]), ints([start + run]), ints([1]), ints([1])]);
    const total = emit('ReduceSum', [emit('MatMul', [g, window]), ints([0])], { keepdims: 0 });
    return emit('Reshape', [total, ints([o, c, 1])]);
  });
  const joined = products.length === 1 ? products[0]! : emit('Concat', products, { axis: 2 });
  return emit('Reshape', [joined, ints([o, c, ...kernel])]);
}

/** One Gather writes the columns, channels innermost, for one matrix product over all items and places. */
function byGatheredColumns({ ctx, n, c, o, kernel, grid: [rows, columns], padded, extent, taps }: Problem): string {
  const { emit, ints, inputs, attrs, constant } = ctx;
  const [sr, sc] = attrs.stride;
  const places = rows * columns;
  const index = new Int32Array(places * taps.length);
  let at = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) for (const [a, b] of taps) index[at++] = (i * sr + a) * extent[1] + j * sc + b;
  }
  const pixels = emit('Reshape', [
    emit('Transpose', [padded], { perm: [0, 2, 3, 1] }),
    ints([n, extent[0] * extent[1], c]),
  ]);
  const gathered = emit('Gather', [pixels, constant(index, [index.length])], { axis: 1 });
  const cols = emit('Reshape', [gathered, ints([n * places, taps.length * c])]);
  const g = emit('Reshape', [emit('Transpose', [inputs[1]!], { perm: [1, 0, 2, 3] }), ints([o, n * places])]);
  const product = emit('Reshape', [emit('MatMul', [g, cols]), ints([o, ...kernel, c])]);
  return emit('Transpose', [product], { perm: [0, 3, 1, 2] });
}
