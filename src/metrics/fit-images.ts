/** Images in the channels and size that a network takes. */
import { UsageError } from '../core/errors.js';

type ImageShape = readonly [channels: number, rows: number, columns: number];

/**
 * Grey becomes three equal channels; other sizes are reached by bilinear interpolation between pixel centres.
 * @param images values of [N, C, H, W]
 * @param count images in the result: those beyond N are zero
 * @returns values of [count, ...target]
 * @throws UsageError for colour where grey is wanted
 */
export function fitImages(
  images: Float32Array,
  [N, C, H, W]: readonly [number, number, number, number],
  target: ImageShape,
  count: number,
): Float32Array {
  const [channels, rows, columns] = target;
  if (C !== channels && C !== 1) {
    throw new UsageError({
      operation: 'feature extractor',
      expected: `images of ${channels} channel${channels === 1 ? '' : 's'}`,
      got: `${C} channels`,
      remedy: 'Choose an extractor for such images.',
    });
  }
  const out = new Float32Array(count * channels * rows * columns);
  if (C === channels && H === rows && W === columns) {
    out.set(images);
    return out;
  }
  const [ys, xs] = [places(H, rows), places(W, columns)];
  for (let plane = 0; plane < N * channels; plane++) {
    const from = (C === channels ? plane : Math.floor(plane / channels)) * H * W;
    for (let y = 0, to = plane * rows * columns; y < rows; y++) {
      const [top, bottom, v] = ys[y]!;
      for (let x = 0; x < columns; x++, to++) {
        const [left, right, u] = xs[x]!;
        const at = (row: number, column: number): number => images[from + row * W + column]!;
        const above = at(top, left) * (1 - u) + at(top, right) * u;
        const below = at(bottom, left) * (1 - u) + at(bottom, right) * u;
        out[to] = above * (1 - v) + below * v;
      }
    }
  }
  return out;
}

/** For each new pixel the two old ones around its centre, and the weight of the second. */
function places(from: number, to: number): (readonly [number, number, number])[] {
  return Array.from({ length: to }, (_, i) => {
    const centre = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const first = Math.floor(centre);
    return [first, Math.min(first + 1, from - 1), centre - first] as const;
  });
}
