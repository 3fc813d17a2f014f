/** Reading and writing by index. Gathering and scatter-adding are each other's gradient. */
import { allocate, type DType } from '../core/dtype.js';
import { DTypeError, ShapeError } from '../core/errors.js';
import { constant } from '../core/leaves.js';
import type { Op, TensorType } from '../core/op.js';
import { formatShape, normalizeAxis, sameShape, type Shape } from '../core/shape.js';
import { apply, type Tensor } from '../core/tensor.js';
import { equal, where } from './arithmetic.js';
import { arange, expand } from './broadcast.js';
import { cast, reshape, transpose, unsqueeze } from './movement.js';

function checkIndices(operation: string, indices: TensorType): void {
  if (indices.dtype === 'int32' || indices.dtype === 'int64') return;
  throw new DTypeError({ operation, expected: 'int32 or int64 indices', got: indices.dtype, remedy: "Use indices.cast('int32')." });
}

const gatherOp: Op<{ axis: number }> = {
  name: 'gather',
  infer: ([x, indices], { axis }) => {
    checkIndices('gather', indices!);
    return [{ shape: x!.shape.toSpliced(axis, 1, ...indices!.shape), dtype: x!.dtype }];
  },
  vjp: ({ inputs: [x, indices], attrs: { axis }, grads: [g] }) => [
    scatterAdd(g!, indices!, { axis, size: x!.shape[axis]! }),
    null,
  ],
  lower: ({ inputs, attrs: { axis }, emit }) => [emit('Gather', inputs, { axis })],
};

/**
 * Whole slices of one axis, by index: for axis 0, result[i, …] = x[indices[i], …].
 * Shapes: x [a, n, b], indices [s…] → [a, s…, b].
 */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  return apply(gatherOp, [x, indices], { axis: normalizeAxis('gather', axis, x.rank) });
}

const scatterAddOp: Op<{ size: number }> = {
  name: 'scatterAdd',
  infer: ([updates, indices], { size }) => [
    { shape: [size, ...updates!.shape.slice(indices!.shape.length)], dtype: updates!.dtype },
  ],
  vjp: ({ inputs: [, indices], grads: [g] }) => [gather(g!, indices!), null],
  lower: ({ inputs: [updates, indices], types: [, type], outputs: [out], emit, constant: constantOf, ints }) => {
    const wide = type!.dtype === 'int64' ? indices! : emit('Cast', [indices!], { to: 7 });
    const rows = emit('Reshape', [wide, ints([...type!.shape, 1])]);
    const zero = emit('Expand', [constantOf(allocate(out!.dtype, 1), []), ints(out!.shape)]);
    return [emit('ScatterND', [zero, rows, updates!], { reduction: 'add' })];
  },
};

/**
 * Zeros to which the slices of `updates` are added at `indices` of an axis of the given size: the transpose of gather.
 * Shapes: updates [a, s…, b], indices [s…] → [a, size, b].
 */
export function scatterAdd(updates: Tensor, indices: Tensor, { axis = 0, size }: { axis?: number; size: number }): Tensor {
  checkIndices('scatterAdd', indices);
  const s = indices.rank;
  const found = updates.shape.slice(axis, axis + s);
  if (!sameShape(found, indices.shape)) {
    throw new ShapeError({
      operation: 'scatterAdd',
      expected: `updates with the axes ${formatShape(indices.shape)} of the indices at axis ${axis}`,
      got: formatShape(updates.shape),
    });
  }
  if (axis === 0) return apply(scatterAddOp, [updates, indices], { size });
  // Bring the indexed axes to the front, scatter there, and put the axis back.
  const axes = updates.shape.map((_, i) => i);
  const front = transpose(updates, [...axes.slice(axis, axis + s), ...axes.slice(0, axis), ...axes.slice(axis + s)]);
  const scattered = apply(scatterAddOp, [front, indices], { size });
  const back = scattered.shape.map((_, i) => i);
  return transpose(scattered, [...back.slice(1, axis + 1), 0, ...back.slice(axis + 1)]);
}

const gatherElementsOp: Op<{ axis: number }> = {
  name: 'gatherElements',
  infer: ([x, indices]) => {
    checkIndices('gatherElements', indices!);
    return [{ shape: indices!.shape, dtype: x!.dtype }];
  },
  vjp: ({ inputs: [x, indices], attrs, grads: [g] }) => [
    apply(scatterElementsOp, [g!, indices!], { ...attrs, shape: x!.shape }),
    null,
  ],
  lower: ({ inputs, attrs: { axis }, emit }) => [emit('GatherElements', inputs, { axis })],
};

const scatterElementsOp: Op<{ axis: number; shape: Shape }> = {
  name: 'scatterElementsAdd',
  infer: ([updates], { shape }) => [{ shape, dtype: updates!.dtype }],
  vjp: ({ inputs: [, indices], attrs: { axis }, grads: [g] }) => [gatherElements(g!, indices!, axis), null],
  lower: ({ inputs: [updates, indices], attrs: { axis, shape }, outputs: [out], emit, constant: constantOf, ints }) => {
    const zero = emit('Expand', [constantOf(allocate(out!.dtype, 1), []), ints(shape)]);
    return [emit('ScatterElements', [zero, indices!, updates!], { axis, reduction: 'add' })];
  },
};

/**
 * One element per index along an axis (PyTorch's gather): for axis 1 of a matrix, result[i, j] = x[i, indices[i, j]].
 * `indices` has x's rank and, but for the axis, sizes no larger than x's.
 */
export function gatherElements(x: Tensor, indices: Tensor, axis = -1): Tensor {
  const a = normalizeAxis('gatherElements', axis, x.rank);
  if (indices.rank !== x.rank || indices.shape.some((n, i) => i !== a && n > x.shape[i]!)) {
    throw new ShapeError({
      operation: 'gatherElements',
      expected: `indices of rank ${x.rank}, no larger than ${formatShape(x.shape)} but for axis ${a}`,
      got: formatShape(indices.shape),
    });
  }
  return apply(gatherElementsOp, [x, indices], { axis: a });
}

/** The element at `labels` of the last axis: x […, n], labels […] → […]. */
export function pick(x: Tensor, labels: Tensor): Tensor {
  return reshape(gatherElements(x, unsqueeze(labels, labels.rank), -1), labels.shape);
}

/** 1 at the index and 0 elsewhere, on a new last axis: [s…] → [s…, classes]. Indices out of range give all zeros. */
export function oneHot(indices: Tensor, classes: number): Tensor {
  checkIndices('oneHot', indices);
  return cast(equal(unsqueeze(indices, indices.rank), arange(classes, { dtype: indices.dtype })), 'float32');
}

/** A constant mask [rows, columns], true on and below the given diagonal: what position i may attend to. */
export function triangularMask(rows: number, columns = rows, diagonal = 0): Tensor {
  const data = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[i * columns + j] = j <= i + diagonal ? 1 : 0;
  return constant({ shape: [rows, columns], dtype: 'bool' satisfies DType, data });
}

/** The lower triangle of the last two axes, zeros above. */
export function tril(x: Tensor, diagonal = 0): Tensor {
  return where(expand(triangularMask(x.shape.at(-2)!, x.shape.at(-1)!, diagonal), x.shape), x, 0);
}

/** The upper triangle of the last two axes, zeros below. */
export function triu(x: Tensor, diagonal = 0): Tensor {
  return where(expand(triangularMask(x.shape.at(-2)!, x.shape.at(-1)!, diagonal - 1), x.shape), 0, x);
}
