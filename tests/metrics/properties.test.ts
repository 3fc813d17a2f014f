/** What metrics must do whatever the numbers: distances of a set to itself, scaling, known values, broken input. */
import { describe, expect, test } from 'vitest';
import { NonFiniteError, ShapeError, UsageError } from '../../src/core/errors.js';
import { bitsPerDim, bitsPerDimOfDensity } from '../../src/metrics/bits-per-dim.js';
import { calibration } from '../../src/metrics/calibration.js';
import { classificationReport } from '../../src/metrics/classification-report.js';
import { frechetDistance } from '../../src/metrics/frechet.js';
import { inceptionScore } from '../../src/metrics/inception-score.js';
import { kernelDistance } from '../../src/metrics/kernel-distance.js';
import { maximumMeanDiscrepancy } from '../../src/metrics/mmd.js';
import { neighbourFigures } from '../../src/metrics/neighbours.js';
import { type Rows, rowsOf } from '../../src/metrics/rows.js';
import { slicedWasserstein } from '../../src/metrics/sliced-wasserstein.js';
import { RandomSequence } from '../../src/random/sequence.js';

function normal(count: number, width: number, { seed = 1, mean = 0, deviation = 1 } = {}): Rows {
  const random = new RandomSequence({ seed, site: 7 });
  return { count, width, values: Float64Array.from({ length: count * width }, () => random.normal(mean, deviation)) };
}

const distances = {
  'Fréchet distance': frechetDistance,
  'kernel distance': (a: Rows, b: Rows) => kernelDistance(a, b).mean,
  MMD: maximumMeanDiscrepancy,
  'sliced Wasserstein distance': slicedWasserstein,
  'metrics of nearest neighbours': (a: Rows, b: Rows) => neighbourFigures(a, b).precision,
} as const;

describe.each(Object.entries(distances))('%s', (_, distance) => {
  test('refuses sets of different width', () => {
    expect(() => distance(normal(20, 3), normal(20, 4))).toThrow(ShapeError);
    expect(() => distance(normal(20, 3), normal(20, 4))).toThrow(/3 numbers a row.*4 numbers a row.*same extractor/);
  });

  test.each([Number.NaN, Infinity])('names the row of %s', (value) => {
    const broken = normal(20, 3);
    (broken.values as Float64Array)[17] = value;
    expect(() => distance(normal(20, 3), broken)).toThrow(NonFiniteError);
    expect(() => distance(normal(20, 3), broken)).toThrow(/generated.*row 5/);
    expect(() => distance(broken, normal(20, 3))).toThrow(/real.*row 5/);
  });

  test('refuses an empty set', () => {
    expect(() => distance(normal(20, 3), normal(0, 3))).toThrow(UsageError);
  });
});

test('a set has no distance to itself', () => {
  const set = normal(300, 20, { deviation: 5 });
  expect(frechetDistance(set, set)).toBeLessThan(1e-9);
  expect(slicedWasserstein(set, set)).toBe(0);
  expect(neighbourFigures(set, set)).toMatchObject({ precision: 1, recall: 1, coverage: 1 });
  // Also where the covariance has far less than full rank.
  const few = normal(5, 40);
  expect(frechetDistance(few, few)).toBeLessThan(1e-6);
});

test('Fréchet distance of known normals: a shift counts squared, a scale by (σ₁ − σ₂)² a dimension', () => {
  const set = normal(20_000, 4);
  const moved: Rows = { ...set, values: Float64Array.from(set.values, (v) => v * 3 + 2) };
  const shift = Float64Array.from({ length: 4 }, (_, j) => {
    let mean = 0;
    for (let i = 0; i < set.count; i++) mean += set.values[i * 4 + j]! / set.count;
    return mean;
  });
  const expected = shift.reduce((sum, m) => sum + (2 * m + 2) ** 2, 0);
  const variance = Array.from({ length: 4 }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < set.count; i++) sum += (set.values[i * 4 + j]! - shift[j]!) ** 2 / (set.count - 1);
    return sum;
  });
  // Covariances Σ and 9Σ: tr(Σ + 9Σ − 2·3Σ) = 4 tr Σ.
  expect(frechetDistance(set, moved)).toBeCloseTo(expected + 4 * variance.reduce((a, b) => a + b, 0), 8);
});

test('unbiased distances of equal distributions scatter around 0', () => {
  const values = Array.from({ length: 40 }, (_, s) => {
    const [a, b] = [normal(60, 3, { seed: 2 * s + 1 }), normal(60, 3, { seed: 2 * s + 2 })];
    return { kid: kernelDistance(a, b).mean, mmd: maximumMeanDiscrepancy(a, b, { bandwidth: 1 }) };
  });
  for (const name of ['kid', 'mmd'] as const) {
    const mean = values.reduce((sum, v) => sum + v[name], 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v[name] - mean) ** 2, 0) / values.length);
    expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(values.length));
    expect(values.some((v) => v[name] < 0)).toBe(true);
  }
});

test('kernel distance over subsets is near that of the whole sets, and repeats for a seed', () => {
  const [a, b] = [normal(500, 6), normal(400, 6, { seed: 2, mean: 0.5 })];
  const options = { subsets: 20, subsetSize: 200, seed: 3 };
  const { mean, deviation } = kernelDistance(a, b, options);
  const whole = kernelDistance({ ...a, count: 400, values: Array.from(a.values).slice(0, 2400) }, b).mean;
  expect(Math.abs(mean - whole)).toBeLessThan(deviation);
  expect(deviation).toBeGreaterThan(0);
  expect(kernelDistance(a, b, options)).toEqual({ mean, deviation });
  expect(kernelDistance(a, b, { ...options, seed: 4 }).mean).not.toBe(mean);
});

test('sliced Wasserstein distance of a shift is the mean length of its projections', () => {
  const set = normal(400, 2);
  const moved: Rows = { ...set, values: Float64Array.from(set.values, (v, i) => v + (i % 2 === 0 ? 3 : 4)) };
  // E (5 cos φ)² = 25/2 over directions in the plane.
  expect(slicedWasserstein(set, moved, { directions: 4000 })).toBeCloseTo(Math.sqrt(12.5), 1);
});

test('a collapsed generator has precision without recall; a wide one the reverse', () => {
  const real = normal(400, 2);
  const narrow = normal(400, 2, { seed: 5, deviation: 0.05 });
  const wide = normal(400, 2, { seed: 6, deviation: 8 });
  expect(neighbourFigures(real, narrow).precision).toBeGreaterThan(0.95);
  expect(neighbourFigures(real, narrow).recall).toBeLessThan(0.05);
  expect(neighbourFigures(real, narrow).coverage).toBeLessThan(0.1);
  expect(neighbourFigures(real, wide).precision).toBeLessThan(0.2);
  expect(neighbourFigures(real, wide).recall).toBeGreaterThan(0.9);
});

test('inception score is the number of classes at best and 1 at worst', () => {
  const sure = Float64Array.from({ length: 40 * 4 }, (_, i) => (i % 4 === Math.floor(i / 4) % 4 ? 1 : 0));
  expect(inceptionScore({ count: 40, width: 4, values: sure }).mean).toBeCloseTo(4, 12);
  const unsure = new Float64Array(160).fill(0.25);
  expect(inceptionScore({ count: 40, width: 4, values: unsure }).mean).toBeCloseTo(1, 12);
  expect(() => inceptionScore({ count: 5, width: 4, values: unsure.subarray(0, 20) })).toThrow(/at least 10 rows/);
});

test('units of likelihood', () => {
  expect(bitsPerDim(784 * Math.LN2, 784)).toBeCloseTo(1, 12);
  // The uniform density on 0…1 says nothing of the 256 levels: 8 bits.
  expect(bitsPerDimOfDensity(0, 784)).toBe(8);
});

test('a classifier that is right as often as it is sure is calibrated', () => {
  const values = Float64Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 0.8 : 0.2));
  const labels = [0, 0, 0, 0, 1, 0, 0, 0, 0, 1]; // 8 of 10 right
  const { ece, mce } = calibration({ count: 10, width: 2, values }, labels);
  expect(ece).toBeCloseTo(0, 12);
  expect(mce).toBeCloseTo(0, 12);
  expect(() => calibration({ count: 10, width: 2, values }, [1])).toThrow(/10 labels/);
});

test('classes out of range are refused; a class that never occurs does not count in the mean', () => {
  expect(() => classificationReport([0, 3], [0, 0], { classes: 3 })).toThrow(/0…2.*3 and 0 at item 1/);
  expect(classificationReport([0, 1], [0, 1], { classes: 3 }).macro.f1).toBe(1);
});

test('items of any shape become rows', () => {
  const { count, width } = rowsOf({ shape: [3, 2, 4], dtype: 'float32', data: new Float32Array(24) });
  expect([count, width]).toEqual([3, 8]);
});
