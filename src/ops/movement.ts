/** Rearrangements that change no value: reshape, transpose, identity with a stopped gradient. */
import type { DType } from '../core/dtype.js';
import { ShapeError } from '../core/errors.js';
import { at, checkShape, formatShape, normalizeAxis, type Shape, sameShape, sizeOf } from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { onnxType } from '../onnx/proto.js';

/** Whether a tensor was made by the given op. */
export function isFrom<A>(op: Op<A>, x: Tensor): boolean {
  return (x.node.op as unknown) === op;
}

export const reshapeOp: Op<{ shape: Shape }> = {
  name: 'reshape',
  infer: ([x], { shape }) => [{ shape, dtype: x!.dtype }],
  vjp: ({ inputs: [x], grads: [g] }) => [reshape(g!, x!.shape)],
  // A reshape of a reshape is one reshape.
  simplify: ({
    shape,
    node: {
      inputs: [x],
    },
  }) => (isFrom(reshapeOp, x!) ? reshape(x!.node.inputs[0]!, shape) : null),
  // The leading size is left to the runtime: the graph then also runs at other batch sizes.
  lower: ({ inputs: [x], attrs: { shape }, emit, ints }) => [
    emit('Reshape', [x!, ints(shape.map((n, i) => (i === 0 ? -1 : n)))]),
  ],
};

/**
 * The same values, row-major, in another shape. One size may be −1: it is computed.
 * @throws ShapeError where the number of elements differs
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = sizeOf(shape.filter((n) => n !== -1));
  const resolved = shape.map((n) => (n === -1 ? x.size / known : n));
  if (shape.filter((n) => n === -1).length > 1 || sizeOf(resolved) !== x.size || !resolved.every(Number.isInteger)) {
    throw new ShapeError({
      operation: 'reshape',
      expected: `a shape of ${x.size} elements, as ${formatShape(x.shape)} has`,
      got: formatShape(shape),
      remedy: 'One size may be −1, and is then computed.',
    });
  }
  checkShape('reshape', resolved);
  if (sameShape(resolved, x.shape)) return x;
  return apply(reshapeOp, [x], { shape: resolved });
}

interface TransposeAttrs {
  readonly permutation: readonly number[];
}
export const transposeOp: Op<TransposeAttrs> = {
  name: 'transpose',
  infer: ([x], { permutation }) => [{ shape: permutation.map((axis) => at(x!.shape, axis)), dtype: x!.dtype }],
  vjp: ({ attrs: { permutation }, grads: [g] }) => [transpose(g!, invert(permutation))],
  // A transpose of a transpose is one transpose.
  simplify: ({
    node: {
      attrs,
      inputs: [x],
    },
  }) => {
    if (!isFrom(transposeOp, x!)) return null;
    const inner = (x!.node.attrs as TransposeAttrs).permutation;
    return transpose(
      x!.node.inputs[0]!,
      (attrs as TransposeAttrs).permutation.map((axis) => inner[axis]!),
    );
  },
  lower: ({ inputs: [x], attrs: { permutation }, emit }) => [emit('Transpose', [x!], { perm: permutation })],
};

function invert(permutation: readonly number[]): number[] {
  const inverse = new Array<number>(permutation.length);
  permutation.forEach((axis, i) => {
    inverse[axis] = i;
  });
  return inverse;
}

/** Reorders the axes: axis i of the result is axis `permutation[i]` of x. Without one, the order is reversed. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const order = (permutation ?? x.shape.map((_, i) => x.rank - 1 - i)).map((a) =>
    normalizeAxis('transpose', a, x.rank),
  );
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new ShapeError({
      operation: 'transpose',
      expected: `each of the ${x.rank} axes of ${formatShape(x.shape)} once`,
      got: formatShape(permutation ?? []),
    });
  }
  if (order.every((axis, i) => axis === i)) return x;
  return apply(transposeOp, [x], { permutation: order });
}

/** Exchanges two axes; by default the last two (the matrix transpose). */
export function swapAxes(x: Tensor, a = -1, b = -2): Tensor {
  const i = normalizeAxis('swapAxes', a, x.rank);
  const j = normalizeAxis('swapAxes', b, x.rank);
  return transpose(
    x,
    x.shape.map((_, axis) => (axis === i ? j : axis === j ? i : axis)),
  );
}

/** Adds an axis of size 1 at position `axis` of the result. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const position = normalizeAxis('unsqueeze', axis, x.rank + 1);
  return reshape(x, [...x.shape.slice(0, position), 1, ...x.shape.slice(position)]);
}

/** Removes an axis of size 1, or all of them. */
export function squeeze(x: Tensor, axis?: number): Tensor {
  if (axis === undefined)
    return reshape(
      x,
      x.shape.filter((n) => n !== 1),
    );
  const position = normalizeAxis('squeeze', axis, x.rank);
  if (x.shape[position] !== 1) {
    throw new ShapeError({ operation: 'squeeze', expected: `size 1 on axis ${axis}`, got: formatShape(x.shape) });
  }
  return reshape(x, x.shape.toSpliced(position, 1));
}

/** Joins the axes `start` to `end` (inclusive) into one. */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  if (x.rank === 0) return reshape(x, [1]);
  const from = normalizeAxis('flatten', start, x.rank);
  const to = normalizeAxis('flatten', end, x.rank);
  if (from > to) {
    throw new ShapeError({ operation: 'flatten', expected: `an end from axis ${from} on`, got: `axis ${end}` });
  }
  return reshape(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]);
}

const stopGradientOp: Op<null> = {
  name: 'stopGradient',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  lower: ({ inputs }) => inputs,
};

/** The value of x, treated as a constant by the gradient walk. */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopGradientOp, [x], null);
}

const castOp: Op<{ dtype: DType }> = {
  name: 'cast',
  infer: ([x], { dtype }) => [{ shape: x!.shape, dtype }],
  lower: ({ inputs: [x], attrs: { dtype }, emit }) => [emit('Cast', [x!], { to: onnxType[dtype] })],
};

/** Converts the element type; float32 to integer truncates towards zero. Carries no gradient. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : apply(castOp, [x], { dtype });
}
