/** What ops say when their arguments do not fit: operation, expected, got, and mostly a remedy. */
import { describe, expect, test } from 'vitest';
import { DTypeError, ShapeError } from '../../src/core/errors.js';
import {
  concat,
  einsum,
  expand,
  full,
  type GeneraError,
  gather,
  greater,
  matmul,
  mul,
  padConstant,
  scatterAdd,
  stack,
  straightThrough,
  type Tensor,
  tensor,
  where,
  zeros,
} from '../../src/index.js';

const [x, y] = [zeros([2, 3]), zeros([2, 4])];
const ints = tensor(Int32Array.of(1, 2));
const mask = tensor([true, false, true]);

type Kind = new (...args: never[]) => GeneraError;
const shapeErrors: Record<string, [() => unknown, string]> = {
  matmul: [
    () => x.matmul(y),
    'matmul: expected the columns of the left side to equal the rows of the right side, got [2, 3] · [2, 4]. ' +
      'Transpose one side if its axes are exchanged.',
  ],
  'matmul, batches': [
    () => matmul(zeros([2, 1, 3]), zeros([3, 3, 1])),
    'matmul: expected shapes that broadcast (equal sizes, or 1, from the last axis on), got [2] and [3]. ' +
      'Axis -1 differs: reshape, expand or transpose one side.',
  ],
  'matmul, scalar': [() => x.matmul(zeros([])), 'matmul: expected vectors or matrices, got a scalar. Use mul.'],
  add: [
    () => x.add(y),
    'add: expected shapes that broadcast (equal sizes, or 1, from the last axis on), got [2, 3] and [2, 4]. ' +
      'Axis -1 differs: reshape, expand or transpose one side.',
  ],
  where: [() => where(mask, x, y), 'where: expected shapes that broadcast'],
  reshape: [
    () => x.reshape([4, 2]),
    'reshape: expected a shape of 6 elements, as [2, 3] has, got [4, 2]. One size may be −1, and is then computed.',
  ],
  'reshape, not whole': [() => x.reshape([-1, 4]), 'got [-1, 4]'],
  'reshape, two −1': [() => x.reshape([-1, -1]), 'got [-1, -1]'],
  'reshape, negative': [() => x.reshape([-2, -3]), 'reshape: expected a shape of non-negative integers, got [-2, -3].'],
  'reshape of nothing by −1': [() => zeros([0, 3]).reshape([0, -1]), 'expected a shape of 0 elements'],
  expand: [
    () => expand(x, [4, 3]),
    'expand: expected shapes that broadcast (equal sizes, or 1, from the last axis on), got [2, 3] and [4, 3]. ' +
      'Axis -2 differs: reshape, expand or transpose one side.',
  ],
  'expand to less': [
    () => expand(x, [1, 3]),
    'expand: expected a shape that [2, 3] broadcasts to, got [1, 3]. Only axes of size 1 can be repeated.',
  ],
  full: [() => full([-1], 0), 'full: expected a shape of non-negative integers, got [-1].'],
  transpose: [() => x.transpose([0, 0]), 'transpose: expected each of the 2 axes of [2, 3] once, got [0, 0].'],
  squeeze: [() => x.squeeze(0), 'squeeze: expected size 1 on axis 0, got [2, 3].'],
  flatten: [() => x.flatten(1, 0), 'flatten: expected an end from axis 1 on, got axis 0.'],
  concat: [() => concat([x, y]), 'concat: expected tensors like float32[2, 3] but for axis 0, got float32[2, 4].'],
  'concat, none': [() => concat([]), 'concat: expected at least one tensor, got none.'],
  'concat, dtype': [() => concat([x, zeros([2, 3], 'int32')]), 'got int32[2, 3]'],
  stack: [() => stack([x, y]), 'concat: expected tensors like float32[1, 2, 3] but for axis 0, got float32[1, 2, 4].'],
  slice: [() => x.slice(null, null, null), 'slice: expected at most 2 ranges, got 3.'],
  'slice, position': [() => x.slice(null, 3), 'slice: expected a position in -3…2 of axis 1, got 3.'],
  'slice, half a position': [() => x.slice(0.5), 'got 0.5'],
  'slice, step': [
    () => x.slice([0, 2, 0]),
    'slice: expected whole numbers [start, stop, step], step not 0, got [0,2,0].',
  ],
  'slice, half a step': [() => x.slice([0, 1.5]), 'got [0,1.5]'],
  narrow: [
    () => x.narrow(1, 2, 2),
    'narrow: expected a start and a size within the 3 elements of axis 1, got start 2, size 2.',
  ],
  'narrow from the end': [() => x.narrow(1, -1, 1), 'got start -1, size 1'],
  split: [() => x.split(2, 1), 'split: expected a number of equal parts of 3, got 2.'],
  'split, sizes': [() => x.split([1, 1], 1), 'split: expected sizes that add up to 3, got [1, 1].'],
  'split, negative': [() => x.split([-1, 4], 1), 'got [-1, 4]'],
  padConstant: [
    () => padConstant(x, [[1, 0]], 0),
    'pad: expected 2 pairs of non-negative sizes for [2, 3], got [[1,0]].',
  ],
  tile: [() => x.tile([2]), 'tile: expected 2 whole repeats ≥ 1, got [2].'],
  sum: [() => x.sum(2), 'sum: expected an axis in -2…1, got axis 2.'],
  'sum, twice': [() => x.sum([0, -2]), 'sum: expected distinct axes, got [0,-2]. Name each axis once.'],
  softmax: [() => x.softmax(-3), 'softmax: expected an axis in -2…1, got axis -3.'],
  'max of nothing': [() => zeros([0]).max(), 'max: expected at least one element, got [0].'],
  einsum: [
    () => einsum('ij,jk->ik', x, y),
    "einsum 'ij,jk->ik': expected one size for the letter j, got [2, 3] and [2, 4].",
  ],
  'einsum, axes': [
    () => einsum('ijk->i', x),
    'expected one term of distinct letters per tensor, with a letter per axis',
  ],
  'einsum, result': [() => einsum('ij->k', x), 'expected a result of distinct letters that occur on the left'],
  gather: [() => gather(x, ints, 2), 'gather: expected an axis in -2…1, got axis 2.'],
  gatherElements: [
    () => x.gatherElements(ints),
    'gatherElements: expected indices of rank 2, no larger than [2, 3] but for axis 1, got [2].',
  ],
  scatterAdd: [
    () => scatterAdd(zeros([3, 2]), ints, { size: 4 }),
    'scatterAdd: expected updates with the axes [2] of the indices at axis 0, got [3, 2].',
  ],
  pick: [() => zeros([3, 4]).pick(ints), 'pick: expected one label for each row of [3, 4], got [2].'],
  tril: [() => zeros([3]).tril(), 'expected an axis in -1…0 of [3], got axis -2'],
};

const dtypeErrors: Record<string, [() => unknown, string]> = {
  'two dtypes': [
    () => x.add(zeros([3], 'int32')),
    "add: expected two sides of one dtype, got float32 and int32. Cast one side: x.cast('float32').",
  ],
  'half beside integers': [
    () => ints.mul(0.5),
    "mul: expected a whole number beside int32, got 0.5. Cast the tensor: x.cast('float32').",
  ],
  'infinity beside integers': [
    () => greater(ints, Number.POSITIVE_INFINITY),
    'greater: expected a whole number beside',
  ],
  'arithmetic of masks': [() => mul(mask, mask), "mul: expected numbers, got bool. Cast first: x.cast('float32')."],
  'order of masks': [() => mask.greater(mask), 'greater: expected numbers, got bool.'],
  'logic of numbers': [
    () => x.logicalAnd(x),
    'logicalAnd: expected a bool mask, got float32. Compare first: x.notEqual(0).',
  ],
  not: [() => x.logicalNot(), 'logicalNot: expected a bool mask, got float32.'],
  where: [() => where(x, x, x), 'where: expected a bool mask, got float32.'],
  exp: [() => ints.exp(), "exp: expected float32, got int32. Cast first: x.cast('float32')."],
  log: [() => ints.log(), 'log: expected float32, got int32.'],
  neg: [() => mask.neg(), 'neg: expected numbers, got bool.'],
  sum: [() => mask.sum(), 'sum: expected numbers, got bool.'],
  mean: [() => ints.mean(), 'mean: expected float32, got int32.'],
  max: [() => mask.max(), 'max: expected numbers, got bool.'],
  softmax: [() => ints.softmax(), 'softmax: expected float32, got int32.'],
  matmul: [() => ints.matmul(ints), 'matmul: expected float32 · float32, got int32 · int32.'],
  gather: [
    () => x.gather(zeros([2])),
    "gather: expected int32 or int64 indices, got float32. Cast first: x.cast('int32').",
  ],
  oneHot: [() => x.oneHot(3), 'oneHot: expected int32 or int64 indices, got float32.'],
  scatterAdd: [
    () => scatterAdd(mask, tensor(Int32Array.of(0, 0, 0)), { size: 1 }),
    'scatterAdd: expected numbers, got bool.',
  ],
  straightThrough: [() => straightThrough(ints, zeros([2])), 'straightThrough: expected two sides of one dtype'],
};

function check(kind: Kind, [call, message]: [() => unknown, string]): void {
  let thrown: unknown;
  try {
    thrown = (call() as Tensor | undefined)?.toString();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(kind);
  const text = (thrown as Error).message;
  expect(text).toContain(message);
  expect(text).toMatch(/^[a-zA-Z]+.*: expected .+, got .+\./s);
}

describe('shapes', () => {
  for (const [name, row] of Object.entries(shapeErrors)) test(name, () => check(ShapeError, row));
});

describe('dtypes', () => {
  for (const [name, row] of Object.entries(dtypeErrors)) test(name, () => check(DTypeError, row));
});
