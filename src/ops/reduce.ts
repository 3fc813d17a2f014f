/** Reductions over axes besides the sum. `axes` defaults to all; `keepDims` keeps reduced axes with size 1. */
import { ShapeError } from '../core/errors.js';
import { formatShape, normalizeAxes, reducedShape, sizeOf } from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { add, div, equal, log, mul, sub, where } from './arithmetic.js';
import { full, type ReduceOptions, sum } from './broadcast.js';
import { expectKind } from './expect.js';
import { concat, narrow } from './joining.js';
import { abs, exp, sqrt } from './math.js';
import { cast, reshape, stopGradient, transpose } from './movement.js';

type Axes = number | readonly number[] | undefined;
interface ReduceAttrs {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** (1/n) Σ x */
export function mean(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  expectKind('mean', 'float32', x);
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
    infer: ([x], { axes, keepDims }) => {
      expectKind(name, 'number', x!);
      if (axes.some((axis) => x!.shape[axis] === 0)) {
        throw new ShapeError({ operation: name, expected: 'at least one element', got: formatShape(x!.shape) });
      }
      return [{ shape: reducedShape(x!.shape, axes, keepDims), dtype: x!.dtype }];
    },
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

/** ∏ x, as a balanced tree of products: so the gradients of every order are right where factors are zero, too. */
export function prod(x: Tensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  expectKind('prod', 'number', x);
  const list = normalizeAxes('prod', axes, x.rank);
  const kept = x.shape.flatMap((_, axis) => (list.includes(axis) ? [] : [axis]));
  const rest = kept.map((axis) => x.shape[axis]!);
  let n = sizeOf(list.map((axis) => x.shape[axis]!));
  let level = n === 0 ? full([1, ...rest], 1, x.dtype) : reshape(transpose(x, [...list, ...kept]), [n, ...rest]);
  while (n > 1) {
    const half = n >> 1;
    const product = mul(narrow(level, 0, 0, half), narrow(level, 0, half, half));
    level = n % 2 === 0 ? product : concat([product, narrow(level, 0, n - 1, 1)]);
    n -= half;
  }
  return reshape(level, reducedShape(x.shape, list, keepDims));
}

/** ln Σ eˣ, shifted by the maximum so that it cannot overflow; −∞ where all x are −∞. */
export function logSumExp(x: Tensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  const list = normalizeAxes('logSumExp', axes, x.rank);
  const largest = stopGradient(max(x, list, { keepDims: true }));
  const shift = where(equal(abs(largest), Infinity), 0, largest);
  const kept = add(log(sum(exp(sub(x, shift)), list, { keepDims: true })), shift);
  return reshape(kept, reducedShape(x.shape, list, keepDims));
}

/** √Σx²; the gradient at 0 is undefined */
export function norm(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return sqrt(sum(mul(x, x), axes, options));
}
