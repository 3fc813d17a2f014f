/** Convolutions of random geometry against sums written out in float64, for the value and all gradients. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conv2d, convTranspose2d, evaluate, grad, mul, sum, type Tensor, tensor } from '../../../src/node/index.js';

type Pair = [number, number];
interface Case {
  n: number;
  groups: number;
  /** Channels per group, in and out. */
  c: number;
  o: number;
  image: Pair;
  kernel: Pair;
  stride: Pair;
  padding: [Pair, Pair];
  dilation: Pair;
}

const pairOf = (low: number, high: number): fc.Arbitrary<Pair> =>
  fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }));

const cases = fc
  .record<Case>({
    n: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 3 }),
    c: fc.integer({ min: 1, max: 9 }),
    o: fc.integer({ min: 1, max: 4 }),
    image: pairOf(1, 19),
    kernel: pairOf(1, 4),
    stride: fc.oneof(fc.constant<Pair>([1, 1]), pairOf(1, 3)),
    padding: fc.tuple(pairOf(0, 4), pairOf(0, 4)),
    dilation: fc.oneof(fc.constant<Pair>([1, 1]), pairOf(1, 2)),
  })
  .filter((k) => sizeOf(k).every((size) => size >= 1));

const sizeOf = ({ image, kernel, stride, padding, dilation }: Case): Pair =>
  [0, 1].map((i) =>
    Math.floor((image[i]! + padding[i]![0] + padding[i]![1] - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]! + 1),
  ) as Pair;

/** Numbers in −2…2 that float32 holds exactly. */
const values = (length: number, seed: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => (((i * 7919 + seed * 1049 + 13) % 2003) - 1001) / 512);

/** Calls `term` with the positions of x, w and y of every product in the convolution. */
function products(k: Case, term: (x: number, w: number, y: number) => void): void {
  const [rows, columns] = sizeOf(k);
  const channels = k.c * k.groups;
  for (let n = 0; n < k.n; n++) {
    for (let o = 0; o < k.o * k.groups; o++) {
      for (let c = 0; c < k.c; c++) {
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            for (let a = 0; a < k.kernel[0]; a++) {
              for (let b = 0; b < k.kernel[1]; b++) {
                const row = i * k.stride[0] + a * k.dilation[0] - k.padding[0][0];
                const column = j * k.stride[1] + b * k.dilation[1] - k.padding[1][0];
                if (row < 0 || row >= k.image[0] || column < 0 || column >= k.image[1]) continue;
                const channel = Math.floor(o / k.o) * k.c + c;
                term(
                  ((n * channels + channel) * k.image[0] + row) * k.image[1] + column,
                  ((o * k.c + c) * k.kernel[0] + a) * k.kernel[1] + b,
                  ((n * k.o * k.groups + o) * rows + i) * columns + j,
                );
              }
            }
          }
        }
      }
    }
  }
}

function close(found: ArrayLike<number | bigint>, expected: Float64Array, what: string): void {
  expect(found.length, what).toBe(expected.length);
  const scale = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
  let worst = 0;
  expected.forEach((v, i) => {
    worst = Math.max(worst, Math.abs(Number(found[i]) - v));
  });
  expect(worst / scale, what).toBeLessThan(1e-5);
}

describe('convolution', () => {
  it('equals the sum it stands for, in value and in all gradients', async () => {
    const wanted: { tensor: Tensor; expected: Float64Array; what: string }[] = [];
    for (const [seed, k] of fc.sample(cases, { numRuns: 60, seed: 7 }).entries()) {
      const [rows, columns] = sizeOf(k);
      const xShape = [k.n, k.c * k.groups, ...k.image];
      const wShape = [k.o * k.groups, k.c, ...k.kernel];
      const yShape = [k.n, k.o * k.groups, rows, columns];
      const make = (shape: number[], salt: number): [Float64Array, Tensor] => {
        const data = values(shape.reduce((a, b) => a * b, 1), seed + salt);
        return [data, tensor(Float32Array.from(data), shape)];
      };
      const [x, xt] = make(xShape, 100);
      const [w, wt] = make(wShape, 200);
      const [g, gt] = make(yShape, 300);
      const [y, gx, gw] = [g, x, w].map((t) => new Float64Array(t.length)) as [Float64Array, Float64Array, Float64Array];
      products(k, (xi, wi, yi) => {
        y[yi]! += x[xi]! * w[wi]!;
        gx[xi]! += g[yi]! * w[wi]!;
        gw[wi]! += g[yi]! * x[xi]!;
      });
      const { stride, padding, dilation, groups } = k;
      const yt = conv2d(xt, wt, { stride, padding, dilation, groups });
      const [gxt, gwt] = grad(yt, [xt, wt], { cotangent: gt }) as [Tensor, Tensor];
      // Each gradient is linear in g and in the other factor, so its own gradients are the same three sums again.
      const second = [
        ...grad(gxt, [gt, wt], { cotangent: xt }),
        ...grad(gwt, [xt, gt], { cotangent: wt }),
      ] as [Tensor, Tensor, Tensor, Tensor];
      const what = JSON.stringify(k);
      const add = (t: Tensor, expected: Float64Array, name: string): void => {
        wanted.push({ tensor: t, expected, what: `${name} of ${what}` });
      };
      add(yt, y, 'value');
      add(gxt, gx, 'input gradient');
      add(gwt, gw, 'weight gradient');
      add(second[0], y, 'output gradient of the input gradient');
      add(second[1], gw, 'weight gradient of the input gradient');
      add(second[2], gx, 'input gradient of the weight gradient');
      add(second[3], y, 'output gradient of the weight gradient');
      // The transposed convolution to the size that the image has.
      const outputPadding = k.image.map(
        (size, i) =>
          size - ((yShape[i + 2]! - 1) * stride[i]! - padding[i]![0] - padding[i]![1] + dilation[i]! * (k.kernel[i]! - 1) + 1),
      ) as Pair;
      add(convTranspose2d(gt, wt, { stride, padding, dilation, groups, outputPadding }), gx, 'transposed convolution');
    }
    const found = await evaluate(wanted.map((t) => t.tensor));
    wanted.forEach(({ expected, what }, i) => close(found[i]!.data, expected, what));
  });
});
