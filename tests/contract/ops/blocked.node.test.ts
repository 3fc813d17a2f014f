/** Blocked convolutions give what ONNX Runtime's standard ones give, in value and in all gradients. */
import { expect, test } from 'vitest';
import {
  type Backend,
  compile,
  conv2d,
  convTranspose2d,
  cpuBackend,
  grad,
  type HostTensor,
  type Tensor,
} from '../../../src/node/index.js';

const { target, ...standard } = cpuBackend({ threads: 1 });
const blocked: Backend = { ...standard, target: target! };
const { block } = await blocked.target!();

function noise(shape: readonly number[], seed: number): HostTensor {
  let state = seed;
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
  return { shape, dtype: 'float32', data };
}

const cases = [
  { n: 16, c: 16, o: 16, size: [9, 9], kernel: [3, 3], options: { padding: 1 } },
  { n: 20, c: 3, o: 32, size: [12, 10], kernel: [4, 4], options: { stride: 2, padding: 1 } },
  { n: 16, c: 32, o: 3, size: [8, 8], kernel: [4, 4], options: { stride: 2, padding: 1 } },
  { n: 17, c: 37, o: 19, size: [8, 9], kernel: [3, 3], options: { dilation: 2, padding: 2 } },
  { n: 18, c: 20, o: 24, size: [10, 10], kernel: [3, 3], options: { stride: 2, padding: 1 } },
  { n: 4, c: 16, o: 16, size: [9, 9], kernel: [3, 3], options: { stride: 3 } },
  { n: 16, c: 32, o: 48, size: [7, 5], kernel: [4, 4], options: { stride: 2, padding: 1 } },
  { n: 16, c: 16, o: 16, size: [8, 7], kernel: [5, 4], options: { stride: 3, padding: 1 } },
  { n: 16, c: 16, o: 48, size: [7, 7], kernel: [1, 1], options: {} },
  { n: 16, c: 1, o: 16, size: [8, 8], kernel: [5, 5], options: { padding: 2 } },
  { n: 16, c: 16, o: 16, size: [9, 8], kernel: [3, 2], options: { stride: [1, 2], padding: [1, 0] } },
] as const;

for (const transposed of [false, true]) {
  for (const { n, c, o, size, kernel, options } of cases) {
    const name = `${transposed ? 'convTranspose2d' : 'conv2d'} ${c} → ${o}, ${kernel.join('×')} ${JSON.stringify(options)}`;
    test.skipIf(block === 1)(name, async () => {
      const convolve = transposed ? convTranspose2d : conv2d;
      const fn = (x: Tensor, w: Tensor, bias: Tensor): Tensor[] => {
        const y = convolve(x, w, { ...options, bias });
        return [y, ...grad(y.mul(y.sin()).sum(), [x, w, bias])];
      };
      const w = transposed ? [c, o, ...kernel] : [o, c, ...kernel];
      const args: [HostTensor, HostTensor, HostTensor] = [noise([n, c, ...size], 3), noise(w, 5), noise([o], 7)];
      const expected = await compile(fn, { backend: standard }).run(args);
      const got = await compile(fn, { backend: blocked }).run(args);
      got.forEach(({ shape, data }, i) => {
        expect(shape).toEqual(expected[i]!.shape);
        const [a, b] = [data as Float32Array, expected[i]!.data as Float32Array];
        const largest = b.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
        const apart = a.reduce((m, v, j) => Math.max(m, Math.abs(v - b[j]!)), 0);
        expect(apart).toBeLessThan(1e-4 * largest);
      });
    });
  }
}
