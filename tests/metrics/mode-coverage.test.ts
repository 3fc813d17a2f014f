import { expect, test } from 'vitest';
import { gaussianCentres, gaussianDeviation } from '../../src/data/points.js';
import { findDataSet } from '../../src/data/registry.js';
import { modesFound, samplesOfModes } from '../../src/metrics/mode-coverage.js';

const rows = (points: readonly (readonly number[])[]) => ({ count: points.length, width: 2, values: points.flat() });

test('a sample belongs to the nearest middle, within three deviations', () => {
  const centres = [
    [0, 0],
    [4, 0],
  ] as const;
  const points = [
    [0, 2.99],
    [0, 3.01],
    [4.5, 0],
    [2.01, 0],
    [-3, 0],
    [Number.NaN, 0],
    [Infinity, 0],
  ];
  expect([...samplesOfModes(rows(points), centres, 1)]).toEqual([2, 2]);
});

test('a stray sample does not make a mode', () => {
  expect(modesFound(Int32Array.of(0, 9, 10, 500), 1000)).toBe(2);
});

test('the data themselves: eight modes, 98.9 % of high quality, evenly', async () => {
  const { items } = await findDataSet('gaussians').load('train');
  const count = items.length / 2;
  const counts = samplesOfModes({ count, width: 2, values: items }, gaussianCentres, gaussianDeviation);
  expect(modesFound(counts, count)).toBe(8);
  expect(counts.reduce((a, b) => a + b, 0) / count).toBeCloseTo(1 - Math.exp(-4.5), 2);
  for (const n of counts) expect(n / count).toBeCloseTo(0.989 / 8, 1);
});

test('one mode only', () => {
  const points = Array.from({ length: 100 }, () => gaussianCentres[3]!);
  const counts = samplesOfModes(rows(points), gaussianCentres, gaussianDeviation);
  expect(modesFound(counts, 100)).toBe(1);
  expect(counts[3]).toBe(100);
});
