/** Strides, paddings, dilations and groups: how users write them, what they become, and the sizes that follow. */
import { ShapeError, UsageError } from '../core/errors.js';
import { at, formatShape, type Shape } from '../core/shape.js';

/** [rows, columns] */
export type Pair = readonly [number, number];
/** [[top, bottom], [left, right]] */
export type Padding = readonly [Pair, Pair];

/** A number for both axes, or one each. */
export type PairOption = number | Pair;
/** Zeros around the image: the same on both sides of each axis, or [[top, bottom], [left, right]]. */
export type PaddingOption = PairOption | Padding;

export interface Geometry {
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation: Pair;
  readonly groups: number;
}

export function pair(operation: string, name: string, option: PairOption, least: number): Pair {
  const [rows, columns] = typeof option === 'number' ? [option, option] : option;
  checkWhole(operation, name, [rows, columns], least);
  return [rows, columns];
}

export function paddingOf(operation: string, option: PaddingOption): Padding {
  const [rows, columns] = typeof option === 'number' ? [option, option] : option;
  const both = (side: number | Pair): Pair => (typeof side === 'number' ? [side, side] : side);
  const padding: Padding = [both(rows), both(columns)];
  checkWhole(operation, 'padding', padding.flat(), 0);
  return padding;
}

/** Checks a setting that counts something: whole and no smaller than `least`. */
export function checkWhole(operation: string, name: string, values: readonly number[], least: number): void {
  if (values.every((v) => Number.isInteger(v) && v >= least)) return;
  throw new UsageError({ operation, expected: `${name} of whole numbers ≥ ${least}`, got: `${values.join(', ')}` });
}

/** Positions that windows of `kernel` taps take on rows and columns of `x`: ⌊(n + pads − d(k − 1) − 1)/s⌋ + 1. */
export function convolvedSize(
  operation: string,
  x: Shape,
  kernel: Pair,
  { stride, padding, dilation }: Omit<Geometry, 'groups'>,
): Pair {
  const reach = ([0, 1] as const).map((i) => dilation[i] * (kernel[i] - 1) + 1);
  const padded = ([0, 1] as const).map((i) => at(x, i + 2) + padding[i][0] + padding[i][1]);
  const [rows, columns] = padded.map((n, i) => Math.floor((n - reach[i]!) / stride[i]!) + 1) as [number, number];
  if (rows >= 1 && columns >= 1) return [rows, columns];
  throw new ShapeError({
    operation,
    expected: `an image that with its padding is at least as large as the kernel's reach, ${reach.join(' × ')}`,
    got: `${padded.join(' × ')} from ${formatShape(x)}`,
    remedy: 'Use more padding, a smaller kernel, or fewer steps down before this one.',
  });
}
