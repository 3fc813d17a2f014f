/** Reductions over axes besides the sum. `axes` defaults to all; `keepDims` keeps reduced axes with size 1. */
import type { Op } from '../core/op.js';
import { normalizeAxes, reducedShape, sizeOf } from '../core/shape.js';
import { apply, type Tensor } from '../core/tensor.js';
import { add, div, equal, greater, log, logicalAnd, mul, sub, where } from './arithmetic.js';
import { type ReduceOptions, sum } from './broadcast.js';
import { exp, sqrt } from './math.js';
import { cast, reshape, stopGradient } from './movement.js';

type Axes = number | readonly number[] | undefined;
interface ReduceAttrs {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** (1/n) Σ x */
export function mean(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  const n = sizeOf(normalizeAxes('mean', axes, x.rank).map((axis) => x.shape[axis]!));
  return mul(sum(x, axes, options), 1 / n);
}

/** Σ (x − mean)² / (n − correction); correction 1 gives the unbiased estimate, 0 the population's variance. */
export function variance(
  x: Tensor,
  axes?: Axes,
  { keepDims = false, correction = 1 }: ReduceOptions & { correction?: number } = {},
): Tensor {
  const n = sizeOf(normalizeAxes('variance', axes, x.rank).map((axis) => x.shape[axis]!));
  const centred = sub(x, mean(x, axes, { keepDims: true }));
  return mul(sum(mul(centred, centred), axes, { keepDims }), 1 / (n - correction));
}

/** √variance */
export function std(x: Tensor, axes?: Axes, options?: ReduceOptions & { correction?: number }): Tensor {
  return sqrt(variance(x, axes, options));
}

function extremum(name: 'max' | 'min', onnx: string): Op<ReduceAttrs> {
  return {
    name,
    infer: ([x], { axes, keepDims }) => [{ shape: reducedShape(x!.shape, axes, keepDims), dtype: x!.dtype }],
    // The gradient is shared evenly among equal extrema, as PyTorch's amax and amin do.
    vjp: ({ inputs: [x], outputs: [y], attrs: { axes }, grads: [g] }) => {
      const kept = reducedShape(x!.shape, axes, true);
      const hit = cast(equal(x!, reshape(y!, kept)), 'float32');
      return [mul(hit, div(reshape(g!, kept), sum(hit, axes, { keepDims: true })))];
    },
    lower: ({ inputs, attrs: { axes, keepDims }, emit }) => [emit(onnx, inputs, { axes, keepdims: keepDims ? 1 : 0 })],
  };
}
const maxOp = extremum('max', 'ReduceMax');
const minOp = extremum('min', 'ReduceMin');

function reducer(op: Op<ReduceAttrs>) {
  return (x: Tensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor => {
    const list = normalizeAxes(op.name, axes, x.rank);
    return list.length === 0 ? x : apply(op, [x], { axes: list, keepDims });
  };
}
/** Largest element */
export const max = reducer(maxOp);
/** Smallest element */
export const min = reducer(minOp);

const prodOp: Op<ReduceAttrs> = {
  name: 'prod',
  infer: ([x], { axes, keepDims }) => [{ shape: reducedShape(x!.shape, axes, keepDims), dtype: x!.dtype }],
  // ∂∏/∂xᵢ is the product of the others: ∏/xᵢ, or, where xᵢ is the only zero, the product of the nonzero ones.
  vjp: ({ inputs: [x], attrs: { axes }, grads: [g] }) => {
    const zero = equal(x!, 0);
    const filled = where(zero, 1, x!);
    const nonzero = prod(filled, axes, { keepDims: true });
    const count = sum(cast(zero, 'float32'), axes, { keepDims: true });
    const others = where(logicalAnd(zero, equal(count, 1)), nonzero, where(greater(count, 0), 0, div(nonzero, filled)));
    return [mul(others, reshape(g!, reducedShape(x!.shape, axes, true)))];
  },
  lower: ({ inputs, attrs: { axes, keepDims }, emit }) => [
    emit('ReduceProd', inputs, { axes, keepdims: keepDims ? 1 : 0 }),
  ],
};
/** ∏ x */
export const prod = reducer(prodOp);

/** ln Σ eˣ, shifted by the maximum so that it cannot overflow */
export function logSumExp(x: Tensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  const list = normalizeAxes('logSumExp', axes, x.rank);
  const shift = stopGradient(max(x, list, { keepDims: true }));
  const kept = add(log(sum(exp(sub(x, shift)), list, { keepDims: true })), shift);
  return keepDims ? kept : reshape(kept, reducedShape(x.shape, list, false));
}

/** √Σx²; the gradient at 0 is undefined */
export function norm(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return sqrt(sum(mul(x, x), axes, options));
}
