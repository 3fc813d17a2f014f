/** Expanding along axes and summing over axes: each is the other's gradient. */

import { allocate, type DType, fromNumbers } from '../core/dtype.js';
import { ShapeError } from '../core/errors.js';
import { constant } from '../core/leaves.js';
import {
  broadcastAxes,
  broadcastShapes,
  checkShape,
  formatShape,
  normalizeAxes,
  reducedShape,
  type Shape,
  sameShape,
  sizeOf,
} from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { expectKind } from './expect.js';
import { isFrom, reshape, reshapeOp } from './movement.js';

const expandOp: Op<{ shape: Shape }> = {
  name: 'expand',
  infer: ([x], { shape }) => [{ shape, dtype: x!.dtype }],
  vjp: ({ inputs: [x], grads: [g] }) => [sumTo(g!, x!.shape)],
  // An expansion of an expansion, or of a reshaped single value, is one expansion.
  simplify: (y) => {
    const x = y.node.inputs[0]!;
    const source = expandedFrom(x);
    if (source !== null) return expand(source, y.shape);
    return x.size === 1 && x.rank > 0 ? expand(reshape(x, []), y.shape) : null;
  },
  // An axis that stays is written as 1, which keeps whatever size it has at run time.
  lower: ({ inputs: [x], types: [type], attrs: { shape }, emit, ints }) => {
    const lead = shape.length - type!.shape.length;
    return [emit('Expand', [x!, ints(shape.map((n, i) => (i >= lead && type!.shape[i - lead] === n ? 1 : n)))])];
  },
};

/**
 * Repeats axes of size 1 (and adds leading axes) to reach `shape`.
 * @throws ShapeError where x does not broadcast to `shape`
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  checkShape('expand', shape);
  if (sameShape(shape, x.shape)) return x;
  if (!sameShape(broadcastShapes('expand', x.shape, shape), shape)) {
    throw new ShapeError({
      operation: 'expand',
      expected: `a shape that ${formatShape(x.shape)} broadcasts to`,
      got: formatShape(shape),
      remedy: 'Only axes of size 1 can be repeated.',
    });
  }
  return apply(expandOp, [x], { shape });
}

/** What an expanded tensor was expanded from, if it is one; a single value also when it was reshaped since. */
function expandedFrom(t: Tensor): Tensor | null {
  if (isFrom(expandOp, t)) return t.node.inputs[0]!;
  const from = isFrom(reshapeOp, t) ? expandedFrom(t.node.inputs[0]!) : null;
  return from?.size === 1 ? reshape(from, []) : null;
}

/**
 * The rule of elementwise ops: f(expand(x), y) is f(x, y) where that has the same shape, and expand(f(x, y)) where it is
 * smaller.
 */
export function liftExpansion(result: Tensor): Tensor | null {
  const { op, inputs, attrs } = result.node;
  const sources = inputs.map((t) => expandedFrom(t) ?? t);
  if (sources.every((t, i) => t === inputs[i])) return null;
  return expand(apply(op, sources, attrs), result.shape);
}

interface ReduceAttrs {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}
export interface ReduceOptions {
  /** Keep the reduced axes with size 1. */
  readonly keepDims?: boolean;
}

const sumOp: Op<ReduceAttrs> = {
  name: 'sum',
  infer: ([x], { axes, keepDims }) => [{ shape: reducedShape(x!.shape, axes, keepDims), dtype: x!.dtype }],
  vjp: ({ inputs: [x], attrs: { axes }, grads: [g] }) => [
    expand(reshape(g!, reducedShape(x!.shape, axes, true)), x!.shape),
  ],
  lower: ({ inputs: [x], attrs: { axes, keepDims }, emit, ints }) => [
    emit('ReduceSum', [x!, ints(axes)], { keepdims: keepDims ? 1 : 0 }),
  ],
};

/** Σ x over `axes` (all by default). */
export function sum(x: Tensor, axes?: number | readonly number[], { keepDims = false }: ReduceOptions = {}): Tensor {
  expectKind('sum', 'number', x);
  const list = normalizeAxes('sum', axes, x.rank);
  if (list.length === 0) return x;
  if (list.every((axis) => x.shape[axis] === 1)) return reshape(x, reducedShape(x.shape, list, keepDims));
  return apply(sumOp, [x], { axes: list, keepDims });
}

/** Sums x over the axes along which `shape` was broadcast to x's shape. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return reshape(sum(x, broadcastAxes(shape, x.shape), { keepDims: true }), shape);
}

/** A tensor filled with one value. */
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  checkShape('full', shape);
  return expand(constant({ shape: [], dtype, data: fromNumbers(dtype, [value]) }), shape);
}

export function zeros(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 0, dtype);
}

export function ones(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 1, dtype);
}

/** [start, start + step, …], `count` values. */
export function arange(count: number, { start = 0, step = 1, dtype = 'float32' as DType } = {}): Tensor {
  return constant({
    shape: [count],
    dtype,
    data: fromNumbers(
      dtype,
      Array.from({ length: count }, (_, i) => start + i * step),
    ),
  });
}

/** The n×n identity matrix. */
export function eye(n: number): Tensor {
  const data = allocate('float32', sizeOf([n, n]));
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return constant({ shape: [n, n], dtype: 'float32', data });
}
