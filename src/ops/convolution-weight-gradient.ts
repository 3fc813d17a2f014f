/**
 * Lowering of a convolution's weight gradient, gw[o, c, a, b] = Σ g[n, o, i, j] · x[n, c, i·s + a·d − p, j·s + b·d − p].
 * ONNX has no op for it. It is a matrix product of g with shifted windows of x; what differs is who makes the windows.
 *
 * Milliseconds on 2 cores (the smallest of 25 to 40 interleaved runs on a machine with other work; 3×3, padding 1, unless said
 * otherwise; × where a way does not apply):
 *
 *   image, batch                x columns   g columns   shifted   gathered   as Conv   chosen
 *   1→32, 28², 128                  1.7        56          15        13         4.5     x columns
 *   3→32, 32², 32                   1.2        10           6.1       2.3       2.7     x columns
 *   32→3, 32², 32                  10           1.3         2.7      10        14       g columns
 *   64→64, 32², 32                 33          34          32        43        81       shifted
 *   128→128, 32², 16               53           –          49        52         –       shifted
 *   64→16, 28², 32, 5×5            43           –          29        51         –       shifted
 *   64→64, 16², 32                 12          17          10         7.2      20       gathered
 *   128→128, 8², 32                20          23          24         5.4      22       gathered
 *   32→64, 28², 128, stride 2      25           ×           ×        20        26       gathered
 *   64→128, 14², 64, 4×4, stride 2 22           ×           ×        12        12       gathered
 *   64 in 4 groups, 16², 32         7.2         –           ×         ×        15       x columns
 *   64 in 16 groups, 16², 32        6.7         –           ×         ×         4.4     as Conv
 *   128 depthwise, 16², 32         16           –           ×         ×        12       as Conv
 */
import type { LowerContext } from '../core/op.js';
import type { Geometry, Pair } from './convolution-geometry.js';

type Context = LowerContext<Geometry & { readonly size: Pair }>;

/** Everything the ways need to know, named once. */
interface Problem {
  readonly ctx: Context;
  readonly x: string;
  readonly g: string;
  /** Items; groups; input and output channels of one group. */
  readonly n: number;
  readonly groups: number;
  readonly c: number;
  readonly o: number;
  /** Rows and columns of x, of g and of the weight. */
  readonly image: Pair;
  readonly grid: Pair;
  readonly kernel: Pair;
  /** [row, column] of the padded image at which each tap of the weight begins. */
  readonly taps: readonly Pair[];
}

/** Few enough channels that the copying of their windows does not matter. */
const few = 4;

export function lowerWeightGradient(ctx: Context): string {
  const [x, g] = ctx.inputs as readonly [string, string];
  const [n, channels, ...image] = ctx.types[0]!.shape as readonly [number, number, number, number];
  const [, outputs, ...grid] = ctx.types[1]!.shape as readonly [number, number, number, number];
  const { groups, size: kernel, stride, dilation } = ctx.attrs;
  const [c, o] = [channels / groups, outputs / groups];
  const taps = Array.from(
    { length: kernel[0] * kernel[1] },
    (_, t): Pair => [Math.floor(t / kernel[1]) * dilation[0], (t % kernel[1]) * dilation[1]],
  );
  const problem: Problem = { ctx, x, g, n, groups, c, o, image, grid, kernel, taps };
  if (groups > 1) return c <= few ? asConvolution(problem) : byColumnsOfImage(problem);
  if (c <= few) return byColumnsOfImage(problem);
  if (stride[0] === 1 && stride[1] === 1) {
    const surroundable = reachBeyond(problem).every(([before, after]) => before >= 0 && after >= 0);
    if (o <= few && surroundable) return byColumnsOfGradient(problem);
    if (grid[0] * grid[1] >= 6 * o) return byShifts(problem);
  }
  return byGather(problem);
}

/** x or g in zeros. Joining is a few memory copies; ONNX Runtime's Pad runs on one thread and is slow. */
function surround(
  { emit, ints, scalar }: Context,
  name: string,
  shape: readonly number[],
  margins: readonly [Pair, Pair],
): string {
  let [padded, current] = [name, [...shape]];
  for (const axis of [2, 3] as const) {
    const [before, after] = margins[axis - 2]!;
    const zeros = (width: number): string[] =>
      width === 0 ? [] : [emit('Expand', [scalar(0), ints(current.with(axis, width))])];
    if (before + after > 0) padded = emit('Concat', [...zeros(before), padded, ...zeros(after)], { axis });
    current = current.with(axis, current[axis]! + before + after);
  }
  return padded;
}

const paddedImage = ({ ctx, x, n, groups, c, image }: Problem): string =>
  surround(ctx, x, [n, groups * c, ...image], ctx.attrs.padding);

const paddedSize = ({ ctx, image }: Problem): Pair => {
  const [[top, bottom], [left, right]] = ctx.attrs.padding;
  return [image[0] + top + bottom, image[1] + left + right];
};

/**
 * Windows of a padded image side by side, [N, channels, H, W] → [N, groups, channels/groups · taps, places].
 * @param starts first row and column of each window
 * @param size rows and columns of a window
 */
function columns(
  { ctx: { emit, ints }, n, groups }: Problem,
  padded: string,
  channels: number,
  starts: readonly Pair[],
  size: Pair,
  [sr, sc]: Pair,
): string {
  const places = size[0] * size[1];
  const windows = starts.map(([row, column]) => {
    const ends = ints([row + (size[0] - 1) * sr + 1, column + (size[1] - 1) * sc + 1]);
    const window = emit('Slice', [padded, ints([row, column]), ends, ints([2, 3]), ints([sr, sc])]);
    return emit('Reshape', [window, ints([n, groups, channels / groups, 1, places])]);
  });
  const joined = windows.length === 1 ? windows[0]! : emit('Concat', windows, { axis: 3 });
  return emit('Reshape', [joined, ints([n, groups, (channels / groups) * starts.length, places])]);
}

/** Σₙ colsₙ · otherₙᵀ: [groups, rows of cols, channels of other per group] */
function sumOfProducts(
  { ctx: { emit, ints }, n, groups }: Problem,
  cols: string,
  other: string,
  channels: number,
  places: number,
) {
  const rows = emit('Reshape', [other, ints([n, groups, channels, places])]);
  const products = emit('MatMul', [cols, emit('Transpose', [rows], { perm: [0, 1, 3, 2] })]);
  return emit('ReduceSum', [products, ints([0])], { keepdims: 0 });
}

/** The windows of x that the taps see, times g. */
function byColumnsOfImage(problem: Problem): string {
  const { ctx, g, groups, c, o, grid, kernel, taps } = problem;
  const { emit, ints, attrs } = ctx;
  const cols = columns(problem, paddedImage(problem), groups * c, taps, grid, attrs.stride);
  const total = sumOfProducts(problem, cols, g, o, grid[0] * grid[1]);
  const transposed = emit('Transpose', [emit('Reshape', [total, ints([groups, c * taps.length, o])])], {
    perm: [0, 2, 1],
  });
  return emit('Reshape', [transposed, ints([groups * o, c, ...kernel])]);
}

/** Zeros around g with which each of its shifts covers the image: what an input gradient needs, too. */
function reachBeyond({ ctx, image, grid, kernel }: Problem): readonly [Pair, Pair] {
  const { padding, dilation } = ctx.attrs;
  return ([0, 1] as const).map((i): Pair => {
    const reach = dilation[i] * (kernel[i] - 1);
    const before = reach - padding[i][0];
    return [before, image[i] + reach - before - grid[i]];
  }) as [Pair, Pair];
}

/** Stride 1, seen from the other side: the windows of g that a pixel sees through the taps, times x. */
function byColumnsOfGradient(problem: Problem): string {
  const { ctx, x, g, n, groups, c, o, image, grid, kernel, taps } = problem;
  const { emit, ints } = ctx;
  const padded = surround(ctx, g, [n, groups * o, ...grid], reachBeyond(problem));
  const last = taps.at(-1)!;
  const starts = taps.map(([a, b]): Pair => [last[0] - a, last[1] - b]);
  const cols = columns(problem, padded, groups * o, starts, image, [1, 1]);
  const total = sumOfProducts(problem, cols, x, c, image[0] * image[1]);
  const split = emit('Reshape', [total, ints([groups * o, taps.length, c])]);
  return emit('Reshape', [emit('Transpose', [split], { perm: [0, 2, 1] }), ints([groups * o, c, ...kernel])]);
}

/**
 * Stride 1, one group: with the padded rows of x laid end to end, a row of taps sees one contiguous run of pixels, so that
 * nothing but runs is copied. Along a row the taps shift g instead, within rows lengthened by zeros to the pitch of x.
 */
function byShifts(problem: Problem): string {
  const { ctx, g, n, c, o, grid, kernel } = problem;
  const { emit, ints, scalar, attrs } = ctx;
  const [height, pitch] = paddedSize(problem);
  const flat = emit('Reshape', [paddedImage(problem), ints([n, c, height * pitch])]);
  const pixels = emit('Transpose', [flat], { perm: [0, 2, 1] });
  const zeros = (width: number): string[] =>
    width === 0 ? [] : [emit('Expand', [scalar(0), ints([n, o, grid[0], width])])];
  const shifted = Array.from({ length: kernel[1] }, (_, b) => {
    const before = b * attrs.dilation[1];
    const parts = [...zeros(before), g, ...zeros(pitch - grid[1] - before)];
    return parts.length === 1 ? g : emit('Concat', parts, { axis: 3 });
  });
  const run = grid[0] * pitch;
  const joined = shifted.length === 1 ? g : emit('Concat', shifted, { axis: 1 });
  const rows = emit('Reshape', [joined, ints([n, kernel[1] * o, run])]);
  const products = Array.from({ length: kernel[0] }, (_, a) => {
    const start = a * attrs.dilation[0] * pitch;
    const pixelRun = emit('Slice', [pixels, ints([start]), ints([start + run]), ints([1]), ints([1])]);
    const total = emit('ReduceSum', [emit('MatMul', [rows, pixelRun]), ints([0])], { keepdims: 0 });
    return emit('Reshape', [total, ints([1, kernel[1], o, c])]);
  });
  const all = products.length === 1 ? products[0]! : emit('Concat', products, { axis: 0 });
  return emit('Transpose', [all], { perm: [2, 3, 0, 1] });
}

/** One group: a Gather writes the windows of all taps, channels innermost, for one product over all items and places. */
function byGather(problem: Problem): string {
  const { ctx, g, n, c, o, grid, kernel, taps } = problem;
  const { emit, ints, attrs, constant } = ctx;
  const [height, width] = paddedSize(problem);
  const [sr, sc] = attrs.stride;
  const places = grid[0] * grid[1];
  const index = new Int32Array(places * taps.length);
  let next = 0;
  for (let i = 0; i < grid[0]; i++) {
    for (let j = 0; j < grid[1]; j++) for (const [a, b] of taps) index[next++] = (i * sr + a) * width + j * sc + b;
  }
  const innermost = emit('Transpose', [paddedImage(problem)], { perm: [0, 2, 3, 1] });
  const pixels = emit('Reshape', [innermost, ints([n, height * width, c])]);
  const everyPixel = index.length === height * width && taps.length === 1;
  const gathered = everyPixel ? pixels : emit('Gather', [pixels, constant(index, [index.length])], { axis: 1 });
  const cols = emit('Reshape', [gathered, ints([n * places, taps.length * c])]);
  const rows = emit('Reshape', [emit('Transpose', [g], { perm: [1, 0, 2, 3] }), ints([o, n * places])]);
  const product = emit('Reshape', [emit('MatMul', [rows, cols]), ints([o, ...kernel, c])]);
  return emit('Transpose', [product], { perm: [0, 3, 1, 2] });
}

/** A convolution of x by g, with items and channels exchanged, and stride and dilation likewise. */
function asConvolution({ ctx, x, g, n, groups, c, image, grid, kernel }: Problem): string {
  const { emit, ints, attrs } = ctx;
  const { stride, dilation, padding } = attrs;
  const split = emit('Reshape', [x, ints([n, groups, c, ...image])]);
  const items = emit('Reshape', [
    emit('Transpose', [split], { perm: [2, 1, 0, 3, 4] }),
    ints([c, groups * n, ...image]),
  ]);
  const kernels = emit('Transpose', [g], { perm: [1, 0, 2, 3] });
  // Behind the last tap there may be rows that no window reached: the padding at the end is cut so that they do not count.
  const ends = ([0, 1] as const).map(
    (i) => (grid[i] - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1 - image[i] - padding[i][0],
  ) as [number, number];
  const spare = ends.map((end) => Math.max(0, -end)) as [number, number];
  const y = emit('Conv', [items, kernels], {
    group: groups,
    strides: dilation,
    dilations: stride,
    pads: [padding[0][0], padding[1][0], ends[0] + spare[0], ends[1] + spare[1]],
  });
  const kept =
    spare[0] + spare[1] === 0 ? y : emit('Slice', [y, ints([0, 0]), ints([...kernel]), ints([2, 3]), ints([1, 1])]);
  return emit('Transpose', [kept], { perm: [1, 0, 2, 3] });
}
