import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/core/errors.js';
import {
  at,
  broadcastAxes,
  broadcastShapes,
  checkShape,
  normalizeAxes,
  normalizeAxis,
  reducedShape,
  sameShape,
  sizeOf,
  stridesOf,
} from '../../src/core/shape.js';

fc.configureGlobal({ seed: 1 });
const shapes = fc.array(fc.nat(4), { maxLength: 5 });

test('sizes, strides, axes from the end', () => {
  expect(sizeOf([])).toBe(1);
  expect(sizeOf([2, 3, 4])).toBe(24);
  expect(sizeOf([2, 0])).toBe(0);
  expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
  expect(stridesOf([])).toEqual([]);
  expect(at([2, 3, 4], -1)).toBe(4);
  expect(at([2, 3, 4], 0)).toBe(2);
  expect(() => at([2, 3], 2)).toThrow('shape: expected an axis in -2…1 of [2, 3], got axis 2.');
  expect(sameShape([2, 3], [2, 3])).toBe(true);
  expect(sameShape([2, 3], [2, 3, 1])).toBe(false);
});

test('a row-major position is the sum of index times stride', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), (shape) => {
      const strides = stridesOf(shape);
      for (let position = 0; position < sizeOf(shape); position++) {
        const index = shape.map((n, axis) => Math.floor(position / strides[axis]!) % n);
        expect(index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0)).toBe(position);
      }
    }),
  );
});

test('checkShape takes whole non-negative sizes only', () => {
  expect(() => checkShape('op', [0, 3])).not.toThrow();
  for (const bad of [[-1], [1.5], [Number.NaN], [2 ** 60]]) expect(() => checkShape('op', bad)).toThrow(ShapeError);
});

describe('axes', () => {
  test('one axis', () => {
    expect(normalizeAxis('op', -1, 3)).toBe(2);
    expect(normalizeAxis('op', 2, 3)).toBe(2);
    expect(() => normalizeAxis('op', 3, 3)).toThrow('op: expected an axis in -3…2, got axis 3.');
    expect(() => normalizeAxis('op', -4, 3)).toThrow(ShapeError);
    expect(() => normalizeAxis('op', 0.5, 3)).toThrow(ShapeError);
    expect(() => normalizeAxis('op', 0, 0)).toThrow('expected no axis, since the tensor is a scalar, got axis 0');
  });

  test('several are sorted and distinct; none given means all', () => {
    expect(normalizeAxes('op', undefined, 3)).toEqual([0, 1, 2]);
    expect(normalizeAxes('op', [-1, 0], 3)).toEqual([0, 2]);
    expect(normalizeAxes('op', [], 3)).toEqual([]);
    expect(normalizeAxes('op', 1, 3)).toEqual([1]);
    expect(() => normalizeAxes('op', [0, -3], 3)).toThrow('expected distinct axes, got [0,-3]. Name each axis once.');
  });

  test('reducedShape', () => {
    expect(reducedShape([2, 3, 4], [0, 2], false)).toEqual([3]);
    expect(reducedShape([2, 3, 4], [0, 2], true)).toEqual([1, 3, 1]);
  });
});

describe('broadcasting', () => {
  test('aligns at the last axis', () => {
    expect(broadcastShapes('op', [2, 1, 3], [4, 1])).toEqual([2, 4, 3]);
    expect(broadcastShapes('op', [], [2])).toEqual([2]);
    expect(broadcastShapes('op', [1], [0])).toEqual([0]);
    expect(broadcastShapes('op')).toEqual([]);
    expect(broadcastShapes('op', [2, 1], [1, 3], [4, 1, 1])).toEqual([4, 2, 3]);
  });

  test('says which axis differs', () => {
    expect(() => broadcastShapes('add', [2, 3], [2, 4])).toThrow(
      'add: expected shapes that broadcast (equal sizes, or 1, from the last axis on), got [2, 3] and [2, 4]. ' +
        'Axis -1 differs: reshape, expand or transpose one side.',
    );
    expect(() => broadcastShapes('add', [3, 2, 1], [2, 2, 5])).toThrow('Axis -3 differs');
    expect(() => broadcastShapes('add', [0], [2])).toThrow(ShapeError);
  });

  test('is symmetric, and takes what is made by leaving out and setting to 1', () => {
    fc.assert(
      fc.property(shapes, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), fc.nat(5), (shape, ones, drop) => {
        const part = shape.map((n, i) => (ones[i] ? 1 : n)).slice(Math.min(drop, shape.length));
        expect(broadcastShapes('op', shape, part)).toEqual(shape);
        expect(broadcastShapes('op', part, shape)).toEqual(shape);
        // Summing over the broadcast axes brings the part's shape back, with 1 for each missing axis.
        const lead = new Array<number>(shape.length - part.length).fill(1);
        expect(reducedShape(shape, broadcastAxes(part, shape), true)).toEqual([...lead, ...part]);
      }),
    );
  });
});
