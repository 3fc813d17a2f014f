import { expect, test } from 'vitest';
import { attention, MultiHeadAttention } from '../../src/nn/attention.js';
import { compile, evaluate, ShapeError, type Tensor, tensor } from '../../src/node/index.js';
import { Rng } from '../../src/random/rng.js';

const rng = new Rng({ seed: 1 });

async function values(t: Tensor): Promise<number[]> {
  return Array.from(await t.data(), Number);
}

/** Largest difference of two lists. */
function distance(a: number[], b: number[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((v, i) => Math.abs(v - b[i]!)));
}

test('causal: a position does not see later ones', async () => {
  const layer = new MultiHeadAttention(8, 2, { rng });
  const x = rng.normal([2, 5, 8]);
  const changed = x.add(tensor([0, 0, 0, 1, 1]).reshape([1, 5, 1]));
  const [a, b] = await evaluate([x, changed].map((t) => layer.forward(t, { causal: true })));
  const [before, after] = [a!, b!].map(({ data }) => Array.from(data, Number)) as [number[], number[]];
  for (const [i, v] of before.entries()) {
    const position = Math.floor(i / 8) % 5;
    if (position < 3) expect(after[i]).toBe(v);
  }
  expect(distance(before, after)).toBeGreaterThan(0.01);
});

test('causal with fewer queries than keys: the last query sees every key', async () => {
  const [q, k, v] = [rng.normal([1, 4, 3]), rng.normal([1, 4, 3]), rng.normal([1, 4, 2])];
  const whole = await values(attention(q, k, v, { causal: true }));
  const last = await values(attention(q.narrow(1, 2, 2), k, v, { causal: true }));
  expect(distance(last, whole.slice(4))).toBeLessThan(1e-6);
});

test('a query that may see nothing gets the mean, not NaN', async () => {
  const v = rng.normal([1, 3, 2]);
  const mask = tensor([
    [true, false, false],
    [false, false, false],
  ]);
  const y = await values(attention(rng.normal([1, 2, 4]), rng.normal([1, 3, 4]), v, { mask }));
  expect(distance(y, [...(await values(v.narrow(1, 0, 1))), ...(await values(v.mean(1)))])).toBeLessThan(1e-6);
});

test('mask and causal hold together', async () => {
  const [q, k, v] = [rng.normal([1, 3, 4]), rng.normal([1, 3, 4]), rng.normal([1, 3, 4])];
  const mask = tensor([true, false, true]);
  const y = await values(attention(q, k, v, { mask, causal: true }));
  const both = tensor([
    [true, false, false],
    [true, false, false],
    [true, false, true],
  ]);
  expect(distance(y, await values(attention(q, k, v, { mask: both })))).toBe(0);
});

test('dropout: while training only, and each item by itself', async () => {
  const layer = new MultiHeadAttention(4, 2, { rng, dropout: 0.5 });
  const x = {
    shape: [6, 3, 4],
    dtype: 'float32' as const,
    data: Float32Array.from({ length: 72 }, (_, i) => Math.sin(i)),
  };
  const noise = new Rng();
  const program = (train: boolean) => compile((t: Tensor) => layer.forward(t, { train, rng: noise }));
  const [training, still] = [program(true), program(false)];
  const run = async (p: typeof training, n: number, first: number) => {
    const part = { ...x, shape: [n, 3, 4], data: x.data.slice(first * 12, (first + n) * 12) };
    return Array.from((await p.run([part], { seed: 1, step: 1, firstRow: first })).data, Number);
  };
  const whole = await run(training, 6, 0);
  expect(distance(whole, await run(still, 6, 0))).toBeGreaterThan(0.01);
  const parts = [...(await run(training, 4, 0)), ...(await run(training, 2, 4))];
  expect(distance(parts, whole)).toBeLessThan(1e-6);
});

test('wrong sizes', () => {
  expect(() => new MultiHeadAttention(8, 3, { rng })).toThrow(/multiple of the number of heads/);
  const layer = new MultiHeadAttention(8, 2, { rng });
  expect(() => layer.forward(rng.normal([5, 8]))).toThrow(ShapeError);
  expect(() => layer.forward(rng.normal([2, 5, 8]), { key: rng.normal([3, 5, 8]) })).toThrow(/of one batch/);
  expect(() => layer.forward(rng.normal([2, 5, 6]))).toThrow(ShapeError);
});
