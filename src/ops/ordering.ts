/** Order along an axis: largest and smallest, sorting, running sums. */
import { DTypeError, ShapeError } from '../core/errors.js';
import { at, normalizeAxis, reducedShape } from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import type { ReduceOptions } from './broadcast.js';
import { gatherElements } from './indexing.js';
import { cast } from './movement.js';

interface TopKAttrs {
  readonly k: number;
  readonly axis: number;
  readonly largest: boolean;
}

const topKIndicesOp: Op<TopKAttrs> = {
  name: 'topKIndices',
  infer: ([x], { k, axis }) => [{ shape: x!.shape.with(axis, k), dtype: 'int64' }],
  lower: ({ inputs: [x], attrs: { k, axis, largest }, emitMany, ints }) => [
    emitMany('TopK', [x!, ints([k])], 2, { axis, largest: largest ? 1 : 0, sorted: 1 })[1]!,
  ],
};

/** Values in order, and the positions on the axis that they came from (int32). Gradients pass through the values. */
export interface Ordered {
  readonly values: Tensor;
  readonly indices: Tensor;
}

function checkNumbers(operation: string, x: Tensor): void {
  if (x.dtype === 'float32' || x.dtype === 'int32') return;
  throw new DTypeError({
    operation,
    expected: 'float32 or int32',
    got: x.dtype,
    remedy: "Cast first: x.cast('float32').",
  });
}

/**
 * The k largest (or smallest) elements of an axis, in falling (rising) order, equal ones in the order they stand in.
 * Shapes: x […, n, …] → […, k, …].
 */
export function topK(x: Tensor, k: number, { axis = -1, largest = true } = {}): Ordered {
  checkNumbers('topK', x);
  const a = normalizeAxis('topK', axis, x.rank);
  if (!(Number.isInteger(k) && k >= 0 && k <= at(x.shape, a))) {
    throw new ShapeError({
      operation: 'topK',
      expected: `k in 0…${at(x.shape, a)}, the size of axis ${axis}`,
      got: `${k}`,
    });
  }
  const indices = cast(apply(topKIndicesOp, [x], { k, axis: a, largest }), 'int32');
  return { values: gatherElements(x, indices, a), indices };
}

/** All elements of an axis in rising (or falling) order, equal ones in the order they stand in. */
export function sort(x: Tensor, { axis = -1, descending = false } = {}): Ordered {
  return topK(x, at(x.shape, normalizeAxis('sort', axis, x.rank)), { axis, largest: descending });
}

interface ArgAttrs {
  readonly axis: number;
  readonly keepDims: boolean;
}

function position(name: string, onnx: string): (x: Tensor, axis?: number, options?: ReduceOptions) => Tensor {
  const op: Op<ArgAttrs> = {
    name,
    infer: ([x], { axis, keepDims }) => [{ shape: reducedShape(x!.shape, [axis], keepDims), dtype: 'int64' }],
    lower: ({ inputs, attrs: { axis, keepDims }, emit }) => [emit(onnx, inputs, { axis, keepdims: keepDims ? 1 : 0 })],
  };
  return (x, axis = -1, { keepDims = false } = {}) => {
    checkNumbers(name, x);
    return cast(apply(op, [x], { axis: normalizeAxis(name, axis, x.rank), keepDims }), 'int32');
  };
}
/** Position of the largest element of an axis (the last by default), the first of equal ones, as int32. */
export const argmax = position('argmax', 'ArgMax');
/** Position of the smallest element of an axis (the last by default), the first of equal ones, as int32. */
export const argmin = position('argmin', 'ArgMin');

const cumsumOp: Op<{ axis: number; reverse: boolean }> = {
  name: 'cumsum',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  // An element counts in all later sums, so its gradient is the sum of theirs.
  vjp: ({ attrs: { axis, reverse }, grads: [g] }) => [apply(cumsumOp, [g!], { axis, reverse: !reverse })],
  lower: ({ inputs: [x], attrs: { axis, reverse }, emit, constant }) => [
    emit('CumSum', [x!, constant(BigInt64Array.of(BigInt(axis)), [])], { reverse: reverse ? 1 : 0 }),
  ],
};

/** Running sums along an axis: y₀ = x₀, yᵢ = yᵢ₋₁ + xᵢ; `reverse` adds from the end. */
export function cumsum(x: Tensor, axis = -1, { reverse = false } = {}): Tensor {
  checkNumbers('cumsum', x);
  return apply(cumsumOp, [x], { axis: normalizeAxis('cumsum', axis, x.rank), reverse });
}
