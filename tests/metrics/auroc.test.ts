import { describe, expect, test } from 'vitest';
import { areaUnderRoc } from '../../src/metrics/auroc.js';

describe('areaUnderRoc', () => {
  test('is 1 for a clean cut, 0 for the reverse, ½ for equal scores', () => {
    expect(areaUnderRoc([1, 2, 3], [4, 5])).toBe(1);
    expect(areaUnderRoc([4, 5], [1, 2, 3])).toBe(0);
    expect(areaUnderRoc([7, 7, 7], [7, 7])).toBe(0.5);
  });

  test("gives scikit-learn's roc_auc_score of its documentation's example", () => {
    // y_true [0, 0, 1, 1], y_score [0.1, 0.4, 0.35, 0.8] → 0.75
    expect(areaUnderRoc([0.1, 0.4], [0.35, 0.8])).toBe(0.75);
  });

  test('counts pairs, ties by half', () => {
    const [items, outliers] = [
      [1, 2, 2, 5, 3, 3],
      [2, 3, 4, 1, 3],
    ];
    let pairs = 0;
    for (const o of outliers) for (const i of items) pairs += o > i ? 1 : o === i ? 0.5 : 0;
    expect(areaUnderRoc(items, outliers)).toBeCloseTo(pairs / 30, 12);
  });

  test('orders infinities, refuses NaN and empty sides', () => {
    expect(areaUnderRoc([0, -Infinity], [Infinity, Infinity])).toBe(1);
    expect(() => areaUnderRoc([0, Number.NaN], [1])).toThrow(/auroc: .*NaN/);
    expect(() => areaUnderRoc([], [1])).toThrow(/both sides/);
  });
});
