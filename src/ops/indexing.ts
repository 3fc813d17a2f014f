/** Reading and writing by index. Gathering and scatter-adding are each other's gradient. */
import { allocate, fromNumbers } from '../core/dtype.js';
import { ShapeError } from '../core/errors.js';
import { constant } from '../core/leaves.js';
import { at, checkShape, formatShape, normalizeAxis, type Shape, sameShape, sizeOf } from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { onnxType } from '../onnx/proto.js';
import { equal, where } from './arithmetic.js';
import { arange } from './broadcast.js';
import { expectKind } from './expect.js';
import { cast, reshape, transpose, unsqueeze } from './movement.js';

const gatherOp: Op<{ axis: number }> = {
  name: 'gather',
  infer: ([x, indices], { axis }) => {
    expectKind('gather', 'index', indices!);
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

/** Up to this many rows, adding by a product with the one-hot matrix is faster than row by row. */
const fewRows = 256;

// updates [n, c], indices [n] → [size, c]
const scatterAddOp: Op<{ size: number }> = {
  name: 'scatterAdd',
  infer: ([updates, indices], { size }) => {
    expectKind('scatterAdd', 'number', updates!);
    expectKind('scatterAdd', 'index', indices!);
    return [{ shape: [size, updates!.shape[1]!], dtype: updates!.dtype }];
  },
  vjp: ({ inputs: [, indices], grads: [g] }) => [gather(g!, indices!), null],
  // Not ScatterND: ONNX Runtime adds its slices from several threads without a lock, and loses some where indices repeat
  // (https://github.com/microsoft/onnxruntime/issues/18048).
  lower: ({ inputs, types: [type, indexType], attrs: { size }, outputs: [out], emit, constant: constantOf, ints }) => {
    const [updates, indices] = inputs as [string, string];
    const integers = (values: number[]): string => constantOf(fromNumbers(indexType!.dtype, values), [values.length]);
    if (out!.dtype === 'float32' && size <= fewRows) {
      const negative = emit('Less', [indices, integers([0])]);
      const row = emit('Where', [negative, emit('Add', [indices, integers([size])]), indices]);
      const rows = emit('Unsqueeze', [integers(Array.from({ length: size }, (_, i) => i)), ints([1])]);
      const oneHots = emit('Cast', [emit('Equal', [rows, row])], { to: onnxType.float32 });
      return [emit('MatMul', [oneHots, updates])];
    }
    const zero = emit('Expand', [constantOf(allocate(out!.dtype, 1), []), ints(out!.shape)]);
    if (sizeOf(type!.shape) === 0) return [zero];
    const elements = emit('Expand', [emit('Unsqueeze', [indices, ints([1])]), ints(type!.shape)]);
    return [emit('ScatterElements', [zero, elements, updates], { axis: 0, reduction: 'add' })];
  },
};

/**
 * Zeros to which the slices of `updates` are added at `indices` of an axis of the given size: the transpose of gather.
 * Indices may repeat.
 * Shapes: updates [a, s…, b], indices [s…] → [a, size, b].
 */
export function scatterAdd(
  updates: Tensor,
  indices: Tensor,
  { axis = 0, size }: { axis?: number; size: number },
): Tensor {
  checkShape('scatterAdd', [size]);
  const s = indices.rank;
  const a = normalizeAxis('scatterAdd', axis, updates.rank - s + 1);
  const found = updates.shape.slice(a, a + s);
  if (!sameShape(found, indices.shape)) {
    throw new ShapeError({
      operation: 'scatterAdd',
      expected: `updates with the axes ${formatShape(indices.shape)} of the indices at axis ${axis}`,
      got: formatShape(updates.shape),
    });
  }
  // Bring the indexed axes to the front, scatter rows there, and put the axis back.
  const axes = updates.shape.map((_, i) => i);
  const front = transpose(updates, [...axes.slice(a, a + s), ...axes.slice(0, a), ...axes.slice(a + s)]);
  const rest = front.shape.slice(s);
  const rows = reshape(front, [indices.size, sizeOf(rest)]);
  const scattered = reshape(apply(scatterAddOp, [rows, reshape(indices, [indices.size])], { size }), [size, ...rest]);
  const back = scattered.shape.map((_, i) => i);
  return transpose(scattered, [...back.slice(1, a + 1), 0, ...back.slice(a + 1)]);
}

const gatherElementsOp: Op<{ axis: number }> = {
  name: 'gatherElements',
  infer: ([x, indices]) => {
    expectKind('gatherElements', 'index', indices!);
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
  if (x.rank === 0 || !sameShape(labels.shape, x.shape.slice(0, -1))) {
    throw new ShapeError({
      operation: 'pick',
      expected: `one label for each row of ${formatShape(x.shape)}`,
      got: formatShape(labels.shape),
    });
  }
  return reshape(gatherElements(x, unsqueeze(labels, labels.rank), -1), labels.shape);
}

/** 1 at the index and 0 elsewhere, on a new last axis: [s…] → [s…, classes]. Indices out of range give all zeros. */
export function oneHot(indices: Tensor, classes: number): Tensor {
  expectKind('oneHot', 'index', indices);
  return cast(equal(unsqueeze(indices, indices.rank), arange(classes, { dtype: indices.dtype })), 'float32');
}

/** A constant mask [rows, columns], true on and below the given diagonal: what position i may attend to. */
export function triangularMask(rows: number, columns = rows, diagonal = 0): Tensor {
  const data = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[i * columns + j] = j <= i + diagonal ? 1 : 0;
  return constant({ shape: [rows, columns], dtype: 'bool', data });
}

/** The lower triangle of the last two axes, zeros above. */
export function tril(x: Tensor, diagonal = 0): Tensor {
  return where(triangularMask(at(x.shape, -2), at(x.shape, -1), diagonal), x, 0);
}

/** The upper triangle of the last two axes, zeros below. */
export function triu(x: Tensor, diagonal = 0): Tensor {
  return where(triangularMask(at(x.shape, -2), at(x.shape, -1), diagonal - 1), 0, x);
}
