/** Sets of points as plain rows of numbers, and the checks that metrics of two sets begin with. */
import { NonFiniteError, ShapeError, UsageError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';

/** Rows of numbers: value j of row i at [i · width + j]. */
export interface Rows {
  readonly count: number;
  readonly width: number;
  readonly values: ArrayLike<number>;
}

/** Items [N, …] as N rows. */
export function rowsOf({ shape, data }: HostTensor): Rows {
  const [count = 1] = shape;
  return { count, width: count === 0 ? 0 : data.length / count, values: data as unknown as ArrayLike<number> };
}

/** Rows that can be computed with: finite numbers in float64. */
export interface Points extends Rows {
  readonly values: Float64Array;
}

/**
 * Two sets in one space.
 * @param least rows that the metric needs of each
 * @throws ShapeError where their widths differ, NonFiniteError where a value is NaN or infinite, UsageError where there
 * are too few rows
 */
export function pointsOfBoth(operation: string, real: Rows, generated: Rows, { least = 1 } = {}): [Points, Points] {
  if (real.width !== generated.width) {
    throw new ShapeError({
      operation,
      expected: `sets of one width, ${real.width} numbers a row as the real ones have`,
      got: `${generated.width} numbers a row in the generated ones`,
      remedy: 'Take the features of both from the same extractor.',
    });
  }
  return [pointsOf(`${operation}, real`, real, { least }), pointsOf(`${operation}, generated`, generated, { least })];
}

/** One set; see `pointsOfBoth`. */
export function pointsOf(operation: string, { count, width, values }: Rows, { least = 1 } = {}): Points {
  if (count < least) {
    throw new UsageError({
      operation,
      expected: `at least ${least} rows`,
      got: `${count}`,
      remedy: 'Use more samples.',
    });
  }
  const numbers = values instanceof Float64Array ? values : Float64Array.from(values);
  const wrong = numbers.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return { count, width, values: numbers };
  const row = Math.floor(wrong / width);
  throw new NonFiniteError({
    operation,
    expected: 'finite values',
    got: `${numbers[wrong]} in row ${row}`,
    remedy: 'The model draws broken items: use an earlier checkpoint, or train it with a smaller learning rate.',
  });
}

/** The chosen rows, in this order. */
export function takeRows({ width, values }: Points, indices: ArrayLike<number>): Points {
  const out = new Float64Array(indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * width;
    out.set(values.subarray(from, from + width), i * width);
  }
  return { count: indices.length, width, values: out };
}
