import { expect, test } from 'vitest';
import { tensor } from '../../src/core/leaves.js';
import { leavesOf, mapTree } from '../../src/core/tree.js';

test('mapTree keeps lists, records and order, and names paths', () => {
  const paths: string[] = [];
  const tree = { b: [1, { c: 2 }], a: 3, empty: [], none: {} };
  const mapped = mapTree(tree, (leaf: number, path) => {
    paths.push(path);
    return leaf * 10;
  });
  expect(mapped).toEqual({ b: [10, { c: 20 }], a: 30, empty: [], none: {} });
  expect(paths).toEqual(['b.0', 'b.1.c', 'a']);
  expect(leavesOf<number>(tree)).toEqual([1, 2, 3]);
});

test('a leaf alone is a tree', () => {
  expect(mapTree(2, (leaf: number, path) => `${path}:${leaf}`)).toBe(':2');
  expect(leavesOf(2)).toEqual([2]);
});

test('undefined stays and is no leaf', () => {
  expect(mapTree<number | undefined, number>({ a: undefined, b: 1 }, (n) => n! + 1)).toEqual({
    a: undefined,
    b: 2,
  });
  expect(leavesOf([undefined, 1] as number[])).toEqual([1]);
});

test('tensors, their types and host tensors are leaves', () => {
  const t = tensor([1, 2]);
  const type = { shape: [2], dtype: 'float32' as const };
  const host = { ...type, data: new Float32Array(2) };
  expect(leavesOf<unknown>([t, type, host, new Date(0)])).toEqual([t, type, host, new Date(0)]);
});
