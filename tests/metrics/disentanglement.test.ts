import { describe, expect, test } from 'vitest';
import { columnVariances } from '../../src/metrics/codes.js';
import { factorVaeScore } from '../../src/metrics/factor-vae.js';
import { mutualInformation, mutualInformationGap } from '../../src/metrics/mutual-information-gap.js';
import type { Rows } from '../../src/metrics/rows.js';
import { RandomSequence } from '../../src/random/sequence.js';

/** Causes of 3, 4 and 2 values, every combination equally often, and a source of noise. */
const lengths = [3, 4, 2];
const names = ['a', 'b', 'c'];
const count = 24 * 20;
const codes = Int32Array.from({ length: count * 3 }, (_, k) => {
  const [i, f] = [Math.floor(k / 3), k % 3];
  return [i % 3, Math.floor(i / 3) % 4, Math.floor(i / 12) % 2][f]!;
});
const values = lengths.map((n) => Array.from({ length: n }, (_, v) => v));
const factors = { names, values, codes };
const random = new RandomSequence({ seed: 1, site: 1 });
const cause = (i: number, f: number): number => codes[i * 3 + f]!;
const rows = (width: number, at: (i: number, j: number) => number): Rows => ({
  count,
  width,
  values: Float64Array.from({ length: count * width }, (_, k) => at(Math.floor(k / width), k % width)),
});
const perfect = rows(4, (i, j) => (j < 3 ? 2 * cause(i, j) - 1 : 0));
const noise = rows(4, () => random.normal());

describe('FactorVAE score', () => {
  test('is 1 where each cause has a dimension, whatever its scale, order and sign', () => {
    expect(factorVaeScore(perfect, factors)).toBe(1);
    expect(
      factorVaeScore(
        rows(3, (i, j) => (j + 1) * -5 * cause(i, 2 - j)),
        factors,
      ),
    ).toBe(1);
  });

  test('is chance for noise and for one dimension, and 0 for a code that is not used', () => {
    expect(factorVaeScore(noise, factors)).toBeGreaterThan(0.2);
    expect(factorVaeScore(noise, factors)).toBeLessThan(0.5);
    expect(
      factorVaeScore(
        rows(1, (i) => cause(i, 0) + cause(i, 1)),
        factors,
      ),
    ).toBeLessThan(0.5);
    expect(
      factorVaeScore(
        rows(2, () => 0.1 * random.normal()),
        factors,
      ),
    ).toBe(0);
  });

  test('is lower where two causes share their dimensions', () => {
    const mixed = rows(3, (i, j) => {
      if (j === 2) return 3 * cause(i, 2);
      return j === 0 ? cause(i, 0) + cause(i, 1) : cause(i, 0) - cause(i, 1);
    });
    const score = factorVaeScore(mixed, factors);
    expect(score).toBeGreaterThan(0.5);
    expect(score).toBeLessThan(0.95);
  });

  test('depends on the seed alone', () => {
    expect(factorVaeScore(noise, factors, { seed: 3 })).toBe(factorVaeScore(noise, factors, { seed: 3 }));
  });

  test('refuses codes without causes', () => {
    expect(() => factorVaeScore({ count: 2, width: 1, values: [1, 2] }, factors)).toThrow(/disentanglement: expected/);
  });
});

describe('mutual information gap', () => {
  test("mutual information: scikit-learn's mutual_info_score", () => {
    // mutual_info_score([0, 0, 1, 1, 2], [0, 0, 1, 2, 2]) by hand: Σ p ln p/(pa pb)
    const expected =
      0.4 * Math.log(0.4 / (0.4 * 0.4)) +
      0.2 * Math.log(0.2 / (0.4 * 0.2)) +
      0.2 * Math.log(0.2 / (0.4 * 0.4)) +
      0.2 * Math.log(0.2 / (0.2 * 0.4));
    expect(mutualInformation([0, 0, 1, 1, 2], [0, 0, 1, 2, 2])).toBeCloseTo(expected, 12);
    expect(mutualInformation([0, 0, 1, 1], [0, 1, 0, 1])).toBeCloseTo(0, 12);
    expect(mutualInformation([0, 1], [5, 7])).toBeCloseTo(Math.LN2, 12);
  });

  test('is 1 for a dimension to each cause, 0 where two tell the same', () => {
    expect(mutualInformationGap(perfect, factors)).toBeCloseTo(1, 10);
    expect(
      mutualInformationGap(
        rows(6, (i, j) => cause(i, j % 3)),
        factors,
      ),
    ).toBeCloseTo(0, 10);
    expect(
      mutualInformationGap(
        rows(2, () => 1),
        factors,
      ),
    ).toBe(0);
  });

  test('is the share of the causes that are known', () => {
    expect(
      mutualInformationGap(
        rows(1, (i) => cause(i, 1)),
        factors,
      ),
    ).toBeCloseTo(1 / 3, 10);
  });
});

test('columnVariances divides by the number of rows', () => {
  const table = { count: 3, width: 2, values: [1, 10, 2, 10, 3, 40] };
  expect([...columnVariances(table)]).toEqual([expect.closeTo(2 / 3, 12), expect.closeTo(200, 10)]);
  expect([...columnVariances(table, [0, 1])]).toEqual([0.25, 0]);
});
