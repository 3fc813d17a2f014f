/** Convolutions of random geometry against sums written out in float64, for the value and all gradients. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, conv2d, convTranspose2d, grad, type HostTensor, type Tensor } from '../../../src/node/index.js';

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

const whole = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

const anything = fc.record<Case>({
  n: whole(1, 3),
  groups: whole(1, 3),
  c: whole(1, 9),
  o: whole(1, 7),
  image: pairOf(1, 13),
  kernel: pairOf(1, 4),
  stride: fc.oneof(fc.constant<Pair>([1, 1]), pairOf(1, 3)),
  padding: fc.tuple(pairOf(0, 4), pairOf(0, 4)),
  dilation: fc.oneof(fc.constant<Pair>([1, 1]), pairOf(1, 2)),
});
/** What most layers are, for which the weight gradient has ways of its own: one group of several channels, stride 1. */
const usual = fc
  .tuple(anything, whole(5, 9))
  .map(([k, c]): Case => ({ ...k, c, groups: 1, stride: [1, 1], image: [k.image[0] + 5, k.image[1] + 5] }));

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

const host = (shape: number[], seed: number): HostTensor => ({
  shape,
  dtype: 'float32',
  data: Float32Array.from(values(sizeOfShape(shape), seed)),
});
const sizeOfShape = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);

async function check(list: readonly Case[]): Promise<void> {
  const inputs = list.map((k, seed) => ({
    x: host([k.n, k.c * k.groups, ...k.image], seed + 100),
    w: host([k.o * k.groups, k.c, ...k.kernel], seed + 200),
    g: host([k.n, k.o * k.groups, ...sizeOf(k)], seed + 300),
  }));
  const program = compile((operands: { x: Tensor; w: Tensor; g: Tensor }[]) =>
    operands.map(({ x, w, g }, n) => {
      const { stride, padding, dilation, groups, kernel, image } = list[n]!;
      const y = conv2d(x, w, { stride, padding, dilation, groups });
      const [gx, gw] = grad(y, [x, w], { cotangent: g }) as [Tensor, Tensor];
      // The transposed convolution to the size that the image has.
      const least = (i: 0 | 1): number =>
        (g.shape[i + 2]! - 1) * stride[i] - padding[i][0] - padding[i][1] + dilation[i] * (kernel[i] - 1) + 1;
      const outputPadding: Pair = [image[0] - least(0), image[1] - least(1)];
      // Each gradient is linear in g and in the other factor, so its own gradients are the same three sums again.
      const [yFromInput, gwFromInput] = grad(gx, [g, w], { cotangent: x }) as [Tensor, Tensor];
      const [gxFromWeight, yFromWeight] = grad(gw, [x, g], { cotangent: w }) as [Tensor, Tensor];
      return {
        y: { value: y, yFromInput, yFromWeight },
        gx: {
          gradient: gx,
          gxFromWeight,
          transposed: convTranspose2d(g, w, { stride, padding, dilation, groups, outputPadding }),
        },
        gw: { gradient: gw, gwFromInput },
      };
    }),
  );
  const found = await program.run([inputs]);
  list.forEach((k, n) => {
    const { x, w, g } = inputs[n]!;
    const expected = {
      y: new Float64Array(g.data.length),
      gx: new Float64Array(x.data.length),
      gw: new Float64Array(w.data.length),
    };
    const [xs, ws, gs] = [x, w, g].map((t) => t.data as Float32Array) as [Float32Array, Float32Array, Float32Array];
    products(k, (xi, wi, yi) => {
      expected.y[yi]! += xs[xi]! * ws[wi]!;
      expected.gx[xi]! += gs[yi]! * ws[wi]!;
      expected.gw[wi]! += gs[yi]! * xs[xi]!;
    });
    for (const [quantity, results] of Object.entries(found[n]!)) {
      for (const [name, result] of Object.entries(results as Record<string, HostTensor>)) {
        const what = `${quantity} ${name} of ${JSON.stringify(k)}`;
        close(result.data, expected[quantity as keyof typeof expected], what);
      }
    }
  });
}

describe('convolution', () => {
  it('equals the sum it stands for, in value and in all gradients', async () => {
    const all = [
      ...fc.sample(anything, { numRuns: 160, seed: 3 }),
      ...fc.sample(usual, { numRuns: 40, seed: 8 }),
    ].filter((k) => sizeOf(k).every((size) => size >= 1));
    // Building a session takes more than twice as long for twice the nodes.
    for (let start = 0; start < all.length; start += 25) await check(all.slice(start, start + 25));
  });
});
