/** Changing the size of images: interpolation, and trading channels for pixels. */
import { ShapeError, UsageError } from '../core/errors.js';
import { constant } from '../core/leaves.js';
import { formatShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { checkWhole, type Pair, type PairOption, pair } from './convolution-geometry.js';
import { gather } from './indexing.js';
import { slice } from './joining.js';
import { matmul } from './linalg.js';
import { reshape, transpose } from './movement.js';
import { upsampleNearest } from './pooling.js';

export interface ResizeOptions {
  /** Rows and columns of the result; or give `scale`. */
  readonly size?: Pair;
  /** Factor of the rows and columns; the result has ⌊n·scale⌋ of them. */
  readonly scale?: number | Pair;
  readonly mode: 'nearest' | 'bilinear';
  /** Bilinear: the corner pixels keep their places, instead of the corners of the image. */
  readonly alignCorners?: boolean;
}

/** One axis: sizes before and after, and the step in the source from one result to the next. */
interface Axis {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/**
 * Interpolates images as PyTorch's `interpolate` does.
 *
 * nearest: result i is source ⌊i·step⌋. bilinear: result i lies at (i + ½)·step − ½ of the source, held at its borders, or at
 * i·(n − 1)/(n' − 1) with `alignCorners`, and mixes the two pixels beside it in each direction. step is n/n' for `size` and
 * 1/scale for `scale`.
 * Shapes: x [N, C, H, W] → [N, C, H', W'].
 * @throws UsageError unless exactly one of size and scale is given
 */
export function resize(x: Tensor, { size, scale, mode, alignCorners = false }: ResizeOptions): Tensor {
  if (x.rank !== 4) {
    throw new ShapeError({ operation: 'resize', expected: 'images [N, C, H, W]', got: formatShape(x.shape) });
  }
  if ((size === undefined) === (scale === undefined)) {
    throw new UsageError({
      operation: 'resize',
      expected: 'either size or scale',
      got: size === undefined ? 'neither' : 'both',
      remedy: 'Write { size: [rows, columns] } or { scale: 2 }.',
    });
  }
  if (mode !== 'nearest' && mode !== 'bilinear') {
    throw new UsageError({ operation: 'resize', expected: "mode 'nearest' or 'bilinear'", got: `'${String(mode)}'` });
  }
  const factors = typeof scale === 'number' ? ([scale, scale] as const) : scale;
  const axes = ([0, 1] as const).map((i): Axis => {
    const from = x.shape[i + 2]!;
    const to = size?.[i] ?? Math.floor(from * factors![i]);
    return { from, to, step: factors === undefined ? from / to : 1 / factors[i] };
  }) as [Axis, Axis];
  checkWhole(
    'resize',
    'size',
    axes.map((axis) => axis.to),
    1,
  );
  return mode === 'nearest' ? nearest(x, axes) : bilinear(x, axes, alignCorners);
}

function nearest(x: Tensor, [rows, columns]: readonly [Axis, Axis]): Tensor {
  const up = ({ step }: Axis): number => Math.round(1 / step);
  const enlarges = (axis: Axis): boolean => axis.to === axis.from * up(axis) && up(axis) * axis.step === 1;
  if (enlarges(rows) && enlarges(columns)) return upsampleNearest(x, [up(rows), up(columns)]);
  const thins = ({ from, to, step }: Axis): boolean => Number.isInteger(step) && to * step === from;
  if (thins(rows) && thins(columns)) return slice(x, null, null, [0, null, rows.step], [0, null, columns.step]);
  const pick = (t: Tensor, axis: number, { from, to, step }: Axis): Tensor => {
    const indices = Int32Array.from({ length: to }, (_, i) => Math.min(Math.floor(i * step), from - 1));
    return gather(t, constant({ shape: [to], dtype: 'int32', data: indices }), axis);
  };
  return pick(pick(x, 2, rows), 3, columns);
}

/** Interpolation is linear along each axis: one small matrix from the left, one from the right. */
function bilinear(x: Tensor, [rows, columns]: readonly [Axis, Axis], alignCorners: boolean): Tensor {
  const fromLeft = rows.step === 1 ? x : matmul(interpolation(rows, alignCorners), x);
  return columns.step === 1 ? fromLeft : matmul(fromLeft, transpose(interpolation(columns, alignCorners)));
}

/** [to, from]: the weights of the source pixels in each result. */
function interpolation({ from, to, step }: Axis, alignCorners: boolean): Tensor {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const place = alignCorners ? (to === 1 ? 0 : (i * (from - 1)) / (to - 1)) : Math.max(0, (i + 0.5) * step - 0.5);
    const low = Math.min(Math.floor(place), from - 1);
    const high = Math.min(low + 1, from - 1);
    const share = Math.min(place - low, 1);
    data[i * from + low]! += 1 - share;
    data[i * from + high]! += share;
  }
  return constant({ shape: [to, from], dtype: 'float32', data });
}

function factorOf(operation: string, x: Tensor, factor: PairOption, fits: (r: Pair) => boolean, what: string): Pair {
  const [rows, columns] = pair(operation, 'factor', factor, 1);
  if (x.rank === 4 && fits([rows, columns])) return [rows, columns];
  throw new ShapeError({
    operation,
    expected: `images [N, C, H, W] with ${what} that ${rows} × ${columns} divides`,
    got: formatShape(x.shape),
  });
}

/**
 * Channels become pixels (Shi et al. 2016): y[n, c, i·r + a, j·r + b] = x[n, (c·r + a)·r + b, i, j].
 * Shapes: x [N, C·r², H, W] → [N, C, H·r, W·r].
 */
export function pixelShuffle(x: Tensor, factor: PairOption): Tensor {
  const [r, s] = factorOf('pixelShuffle', x, factor, ([a, b]) => x.shape[1]! % (a * b) === 0, 'channels');
  const [n, channels, rows, columns] = x.shape as readonly [number, number, number, number];
  const c = channels / (r * s);
  const apart = reshape(x, [n, c, r, s, rows, columns]);
  return reshape(transpose(apart, [0, 1, 4, 2, 5, 3]), [n, c, rows * r, columns * s]);
}

/**
 * The inverse of pixelShuffle: pixels become channels.
 * Shapes: x [N, C, H·r, W·r] → [N, C·r², H, W].
 */
export function pixelUnshuffle(x: Tensor, factor: PairOption): Tensor {
  const divides = ([a, b]: Pair): boolean => x.shape[2]! % a === 0 && x.shape[3]! % b === 0;
  const [r, s] = factorOf('pixelUnshuffle', x, factor, divides, 'rows and columns');
  const [n, c, height, width] = x.shape as readonly [number, number, number, number];
  const apart = reshape(x, [n, c, height / r, r, width / s, s]);
  return reshape(transpose(apart, [0, 1, 3, 5, 2, 4]), [n, c * r * s, height / r, width / s]);
}
