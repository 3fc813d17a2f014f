/** Padding with a constant, a mirror image, or copies of the border. */
import { ShapeError, UsageError } from '../core/errors.js';
import { formatShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { expand } from './broadcast.js';
import { checkWhole, type Pair } from './convolution-geometry.js';
import { concat, flip, narrow, padConstant } from './joining.js';

export interface PadOptions {
  /** constant: `value`; reflect: mirrored at the first and last element, which is not repeated; replicate: that element. */
  readonly mode?: 'constant' | 'reflect' | 'replicate';
  readonly value?: number;
}

/**
 * Puts [before, after] elements around each of the last `pads.length` axes; for images, [[top, bottom], [left, right]].
 * Each axis grows by before + after.
 * @throws ShapeError where a mirror would be longer than its axis less one
 */
export function pad(x: Tensor, pads: readonly Pair[], { mode = 'constant', value = 0 }: PadOptions = {}): Tensor {
  if (pads.length > x.rank) {
    throw new ShapeError({
      operation: 'pad',
      expected: `at most ${x.rank} pairs, one for each of the last axes of ${formatShape(x.shape)}`,
      got: `${pads.length}`,
    });
  }
  checkWhole('pad', 'pads', pads.flat(), 0);
  const lead = x.rank - pads.length;
  switch (mode) {
    case 'constant':
      return padConstant(x, [...Array.from({ length: lead }, (): Pair => [0, 0]), ...pads], value);
    case 'reflect':
      return pads.reduce((t, sides, i) => around(t, lead + i, sides, mirror), x);
    case 'replicate':
      return pads.reduce((t, sides, i) => around(t, lead + i, sides, repeat), x);
    default:
      throw new UsageError({
        operation: 'pad',
        expected: "mode 'constant', 'reflect' or 'replicate'",
        got: `'${String(mode)}'`,
      });
  }
}

/** What lies beyond one end of an axis. */
type Border = (x: Tensor, axis: number, size: number, end: 'first' | 'last') => Tensor;

/** Made of slices, so that the gradient is made of slices and sums, not of scattering. */
function around(x: Tensor, axis: number, [before, after]: Pair, border: Border): Tensor {
  const first = before === 0 ? [] : [border(x, axis, before, 'first')];
  const last = after === 0 ? [] : [border(x, axis, after, 'last')];
  return concat([...first, x, ...last], axis);
}

const mirror: Border = (x, axis, size, end) => {
  const n = x.shape[axis]!;
  if (size >= n) {
    throw new ShapeError({
      operation: 'pad (reflect)',
      expected: `fewer than ${n} elements on axis ${axis} of ${formatShape(x.shape)}`,
      got: `${size}`,
      remedy: "Pad less, or with mode 'replicate'.",
    });
  }
  return flip(narrow(x, axis, end === 'first' ? 1 : n - 1 - size, size), axis);
};

const repeat: Border = (x, axis, size, end) => {
  const n = x.shape[axis]!;
  if (n === 0) {
    throw new ShapeError({ operation: 'pad (replicate)', expected: 'an element to repeat', got: formatShape(x.shape) });
  }
  return expand(narrow(x, axis, end === 'first' ? 0 : n - 1, 1), x.shape.with(axis, size));
};
