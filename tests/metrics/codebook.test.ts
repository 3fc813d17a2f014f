import { expect, test } from 'vitest';
import { perplexity, shareUsed } from '../../src/metrics/codebook.js';

test('share of the entries that are read', () => {
  expect(shareUsed(Float64Array.of(0, 3, 1, 0))).toBe(0.5);
  expect(shareUsed(Float64Array.of(0, 0))).toBe(0);
});

test('perplexity: the number of entries where they are read equally often, 1 for one', () => {
  expect(perplexity(Float64Array.of(5, 5, 0, 5))).toBeCloseTo(3, 12);
  expect(perplexity(Float64Array.of(0, 9))).toBeCloseTo(1, 12);
  expect(perplexity(Float64Array.of(1, 3))).toBeCloseTo(Math.exp(0.25 * Math.log(4) + 0.75 * Math.log(4 / 3)), 12);
});
