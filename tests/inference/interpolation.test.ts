import { expect, test } from 'vitest';
import { interpolateCodes } from '../../src/inference/latent.js';

const codes = (...rows: number[][]) => ({
  shape: [rows.length, rows[0]!.length],
  dtype: 'float32' as const,
  data: Float32Array.from(rows.flat()),
});
const lengths = (t: { data: ArrayLike<number | bigint> }, width: number): number[] =>
  Array.from({ length: t.data.length / width }, (_, i) =>
    Math.hypot(...Array.from({ length: width }, (__, k) => Number(t.data[i * width + k]))),
  );

test('lerp takes equal steps on a straight line, row by row, ends included', () => {
  const { shape, data } = interpolateCodes(codes([0, 2], [1, 1]), codes([4, 0], [1, 5]), { steps: 3, mode: 'lerp' });
  expect(shape).toEqual([6, 2]);
  expect([...data]).toEqual([0, 2, 2, 1, 4, 0, 1, 1, 1, 3, 1, 5]);
});

test('slerp keeps the length of codes of one length, and turns by equal angles', () => {
  const between = interpolateCodes(codes([3, 0, 0]), codes([0, 0, 3]), { steps: 4, mode: 'slerp' });
  for (const length of lengths(between, 3)) expect(length).toBeCloseTo(3, 5);
  expect(Number(between.data[3])).toBeCloseTo(3 * Math.cos(Math.PI / 6), 5);
  expect(Number(between.data[5])).toBeCloseTo(3 * Math.sin(Math.PI / 6), 5);
});

test('slerp goes straight where the arc is not defined', () => {
  const same = interpolateCodes(codes([1, 2]), codes([2, 4]), { steps: 3, mode: 'slerp' });
  expect(Number(same.data[2])).toBeCloseTo(1.5, 6);
  const opposite = interpolateCodes(codes([1, 0]), codes([-1, 0]), { steps: 3, mode: 'slerp' });
  expect([...opposite.data].every((v) => Number.isFinite(Number(v)))).toBe(true);
});

test('a way has at least two steps', () => {
  expect(() => interpolateCodes(codes([1]), codes([2]), { steps: 1, mode: 'lerp' })).toThrow(/at least 2 steps, got 1/);
});
