/**
 * Convolutions and their gradients in blocked images (see blocks.ts), all three of them as the one kernel that ONNX
 * Runtime has for it. Each function gives a tensor of the value and type of the plain op, or null where that is faster.
 *
 * One core of a Zen 4 multiplies matrices at about 107 GFLOP/s. Measured there, in GFLOP/s, before the change of order:
 *
 *                                        plain   blocked
 *   3×3, 32 → 32, 28 × 28                   57       106
 *   3×3, 64 → 64, 14 × 14                   65       111
 *   4×4 stride 2, 64 → 128, 16 × 16         56        95
 *   weight gradient 3×3, 32 → 32, 28 × 28   52       107
 */
import { at, type Shape, sizeOf } from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { blockedDomain, fromBlocks, toBlocks } from './blocks.js';
import { zeros } from './broadcast.js';
import { convolvedSize, type Geometry, type Padding, type Pair } from './convolution-geometry.js';
import { concat, type Range, slice } from './joining.js';
import { reshape, transpose } from './movement.js';

interface BlockedAttrs extends Omit<Geometry, 'groups'> {
  readonly activation?: 'Relu';
}

/**
 * Inputs: image [N, C/b, H, W, b], or plain [N, C, H, W] with C < b; filter [O/b, C/b, kh, kw, b, b] (input channels, then
 * output channels, innermost), or [O/b, C, kh, kw, b] for a plain image; and a bias [O]. Output: [N, O/b, H′, W′, b].
 */
const blockedConvolutionOp: Op<BlockedAttrs> = {
  name: 'blockedConvolution',
  infer: ([x, filter], attrs) => {
    const [o, , kh, kw] = filter!.shape as readonly [number, number, number, number];
    const size = convolvedSize('blockedConvolution', x!.shape, [kh, kw], attrs);
    return [{ shape: [x!.shape[0]!, o, ...size, at(filter!.shape, -1)], dtype: 'float32' }];
  },
  lower: ({ inputs: [x, filter, ...bias], types, outputs: [out], attrs, emit, ints }) => {
    const [image, weights] = types.map((t) => t.shape) as [Shape, Shape];
    const b = at(weights, -1);
    const channels = image.length === 5 ? image[1]! * b : image[1]!;
    const [kh, kw] = [weights[2]!, weights[3]!];
    const {
      stride,
      dilation,
      padding: [[top, bottom], [left, right]],
      activation,
    } = attrs;
    const result = emit(
      `${blockedDomain}:Conv`,
      [
        image.length === 5 ? emit('Reshape', [x!, ints([image[0]!, channels, image[2]!, image[3]!])]) : x!,
        emit('Reshape', [filter!, ints([weights[0]! * b, channels, kh, kw])]),
        ...bias,
      ],
      {
        kernel_shape: [kh, kw],
        strides: stride,
        dilations: dilation,
        pads: [top, left, bottom, right],
        ...(activation === undefined ? {} : { activation }),
      },
    );
    return [emit('Reshape', [result, ints(out!.shape)])];
  },
};

function blockedConvolution(image: Tensor, filter: Tensor, attrs: BlockedAttrs, bias?: Tensor): Tensor {
  return apply(blockedConvolutionOp, bias === undefined ? [image, filter] : [image, filter, bias], attrs);
}

/** The axis filled up with zeros to a multiple of `multiple`. */
function fill(x: Tensor, axis: number, multiple: number): Tensor {
  const missing = (multiple - (x.shape[axis]! % multiple)) % multiple;
  return missing === 0 ? x : concat([x, zeros(x.shape.with(axis, missing))], axis);
}

const blocked = (x: Tensor, block: number): Tensor => toBlocks(fill(x, 1, 4), block);

/** Whether the kernel takes this many channels of input in blocks; fewer, it takes unblocked. */
const manyChannels = (channels: number, block: number): boolean => channels >= block;

/** w [O, C, kh, kw] as the filter of a convolution from C to O channels. */
function forwardFilter(w: Tensor, b: number): Tensor {
  const [o, c, kh, kw] = w.shape as readonly [number, number, number, number];
  const outer = Math.ceil(o / b);
  // Output channels innermost: [1, O, C·kh·kw, 1] → [O/b, C, kh, kw, b]
  const inner = reshape(blocked(reshape(w, [1, o, c * kh * kw, 1]), b), [outer, c, kh, kw, b]);
  if (!manyChannels(c, b)) return inner;
  const filled = fill(inner, 1, b);
  const apart = reshape(filled, [outer, filled.shape[1]! / b, b, kh * kw, b]);
  return reshape(transpose(apart, [0, 1, 3, 2, 4]), [outer, filled.shape[1]! / b, kh, kw, b, b]);
}

/** Taps [rows, columns] of w [O, C, kh, kw] as the filter of a convolution from O to C channels. */
function backwardFilter(w: Tensor, b: number, taps: readonly [Range, Range] = [null, null]): Tensor {
  const [o, c] = w.shape as readonly [number, number];
  const inner = slice(blocked(w, b), null, null, ...taps); // [O, C/b, kh, kw, b]
  const [kh, kw] = [inner.shape[2]!, inner.shape[3]!];
  const outer = Math.ceil(c / b);
  if (!manyChannels(o, b)) return transpose(inner, [1, 0, 2, 3, 4]);
  const filled = fill(inner, 0, b);
  const apart = reshape(filled, [filled.shape[0]! / b, b, outer, kh * kw, b]);
  return reshape(transpose(apart, [2, 0, 3, 1, 4]), [outer, filled.shape[0]! / b, kh, kw, b, b]);
}

const imageOf = (x: Tensor, b: number): Tensor => (manyChannels(x.shape[1]!, b) ? blocked(x, b) : x);
const biasOf = (bias: Tensor | undefined, b: number): Tensor | undefined => bias && fill(bias, 0, b);

/** conv(x, w) + bias. */
export function blockedForward(x: Tensor, w: Tensor, bias: Tensor | undefined, geometry: Geometry, b: number) {
  const [o] = w.shape as readonly [number];
  if (geometry.groups > 1 || o < b) return null;
  return fromBlocks(blockedConvolution(imageOf(x, b), forwardFilter(w, b), geometry, biasOf(bias, b)), o);
}

/**
 * The image's gradient (plus a bias: then it is a transposed convolution). With stride s, rows and columns of the result
 * fall into s² classes that see taps of their own; each class is a convolution with stride 1, and they are dovetailed.
 */
export function blockedInput(
  g: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  { size, stride, padding, dilation, groups }: Geometry & { readonly size: Pair },
  b: number,
): Tensor | null {
  const [, c, kh, kw] = w.shape as readonly [number, number, number, number];
  const kernel = [kh, kw] as const;
  if (groups > 1 || c < b) return null;
  const axes = [0, 1] as const;
  if (axes.some((i) => stride[i] > 1 && (dilation[i] > 1 || kernel[i] < stride[i] || size[i] < stride[i]))) return null;
  /** Taps that the class of a row (or column) sees, backwards, and the zeros around g. */
  const classOf = (i: 0 | 1, first: number): { taps: Range; pads: Pair } => {
    const s = stride[i];
    const tap = (first + padding[i][0]) % s;
    const count = Math.ceil((kernel[i] - tap) / s);
    const before = (count - 1) * dilation[i] - (first + padding[i][0] - tap) / s;
    const places = Math.ceil((size[i] - first) / s);
    const after = places + (count - 1) * dilation[i] - before - at(g.shape, i + 2);
    return { taps: [tap + (count - 1) * s, tap - 1 < 0 ? null : tap - 1, -s], pads: [before, after] };
  };
  const classes = axes.map((i) => Array.from({ length: stride[i] }, (_, first) => classOf(i, first)));
  if (classes.flat().some(({ pads }) => pads.some((n) => n < 0))) return null;
  const image = imageOf(g, b);
  const bias_ = biasOf(bias, b);
  const rows = classes[0]!.map((row) => {
    const columns = classes[1]!.map((column) =>
      blockedConvolution(
        image,
        backwardFilter(w, b, [row.taps, column.taps]),
        { stride: [1, 1], padding: [row.pads, column.pads], dilation },
        bias_,
      ),
    );
    return dovetail(columns, 3);
  });
  return fromBlocks(dovetail(rows, 2), c);
}

/**
 * Rows (axis 2) or columns (axis 3) of blocked images in turn: 0 of the first, 0 of the second, …, 1 of the first, … The
 * last images may have one fewer.
 */
function dovetail(images: readonly Tensor[], axis: 2 | 3): Tensor {
  const [first] = images as readonly [Tensor];
  if (images.length === 1) return first;
  const shape = first.shape;
  const length = shape[axis]!;
  const flat = [...shape.slice(0, axis + 1), sizeOf(shape.slice(axis + 1))];
  const joined = concat(
    images.map((t) => reshape(fill(t, axis, length), flat)),
    axis + 1,
  );
  const all = reshape(joined, shape.with(axis, length * images.length));
  const total = images.reduce((n, t) => n + t.shape[axis]!, 0);
  return total === all.shape[axis] ? all : slice(all, ...shape.slice(0, axis).map(() => null), [0, total]);
}

/**
 * The weight's gradient: gw[o, c] is the convolution of x's channel c with the kernel g's channel o, summed over items. So
 * channels are the items of this convolution and items its channels; its strides are the dilations of the other.
 */
export function blockedWeight(
  x: Tensor,
  g: Tensor,
  { size: [kh, kw], stride, padding, dilation, groups }: Geometry & { readonly size: Pair },
  b: number,
): Tensor | null {
  const [n, c] = x.shape as readonly [number, number];
  const [, o, rows, columns] = g.shape as readonly [number, number, number, number];
  // A row of the result should have a few columns, which the kernel computes at once; one alone leaves it waiting.
  if (groups > 1 || o < b || n < b || kw < 2) return null;
  const outer = Math.ceil(n / b);
  // What no tap reaches is cut off; zeros around the columns are written out, since the kernel computes columns that
  // see zeros one at a time.
  const needed = [
    (rows - 1) * stride[0] + (kh - 1) * dilation[0] + 1,
    (columns - 1) * stride[1] + (kw - 1) * dilation[1] + 1,
  ];
  const [before, after] = [0, 1].map((i) => {
    const first = padding[i]![0];
    return [first, needed[i]! - first - x.shape[i + 2]!] as Pair;
  }) as [Pair, Pair];
  const keep = (i: number, pad: number): Range => (pad < 0 ? [0, x.shape[i]! + pad] : null);
  const whole = slice(x, null, null, keep(2, before[1]), keep(3, after[1]));
  const [height, width] = [whole.shape[2]!, whole.shape[3]!];
  // [N, C, H, W] → [N/b, C, H, W, b] → [C, N/b, H, W, b]
  const items = reshape(blocked(reshape(whole, [1, n, c * height, width]), b), [outer, c, height, width, b]);
  const zerosBeside = (k: number): Tensor[] => (k > 0 ? [zeros([c, outer, height, k, b])] : []);
  const image = concat([...zerosBeside(after[0]), transpose(items, [1, 0, 2, 3, 4]), ...zerosBeside(after[1])], 3);
  // [N, O/b, H′, W′, b] → [O/b, N/b, H′, W′, b of N, b of O]
  const blocks = fill(blocked(g, b), 0, b);
  const across = Math.ceil(o / b);
  const filter = reshape(transpose(reshape(blocks, [outer, b, across, rows * columns, b]), [2, 0, 3, 1, 4]), [
    across,
    outer,
    rows,
    columns,
    b,
    b,
  ]);
  const pads: Padding = [
    [before[0], Math.max(0, before[1])],
    [0, 0],
  ];
  const result = blockedConvolution(image, filter, { stride: dilation, padding: pads, dilation: stride }); // [C, O/b, kh, kw, b]
  const plain = fromBlocks(reshape(transpose(result, [1, 0, 2, 3, 4]), [1, across, c * kh, kw, b]), o);
  return reshape(plain, [o, c, kh, kw]);
}
