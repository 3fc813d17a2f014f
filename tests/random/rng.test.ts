import { expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.js';
import { type FeedAttrs, type FeedContext, traceCall } from '../../src/core/leaves.js';
import type { Tensor } from '../../src/core/tensor.js';
import { Rng } from '../../src/random/rng.js';

/** The values that the runtime would feed for a draw. */
function fed(t: Tensor, context: Partial<FeedContext> = {}): number[] {
  const { type, fill } = t.node.attrs as FeedAttrs;
  const size = type.shape.reduce((a, b) => a * b, 1);
  const out = type.dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
  fill(out, { seed: 0, step: 0, firstRow: 0, ...context });
  return Array.from(out);
}

/** The draws of a function, as they are when it is traced. */
const traced = <R>(fn: () => R): R => traceCall(fn).result;

test('tracing a function again gives the same noise, from the same or a new source', () => {
  const draw = (rng: Rng) => traced(() => [rng.normal([2, 3]), rng.fork('a').uniform([4])] as const);
  const rng = new Rng();
  const [normal, uniform] = draw(rng);
  for (const again of [draw(rng), draw(new Rng())]) {
    expect(fed(again[0])).toEqual(fed(normal));
    expect(fed(again[1])).toEqual(fed(uniform));
  }
});

test('every draw of a trace has a site of its own', () => {
  const rng = new Rng();
  const draws = traced(() => {
    const [a, b] = [rng.fork('a'), rng.fork('b')];
    // Two objects of one stream share its count.
    return [rng, rng, a, a, b, b.fork('a'), rng.fork('a'), new Rng()].map((r) => r.normal([4]));
  });
  const values = draws.map((t) => fed(t).join());
  expect(new Set(values).size).toBe(draws.length);
});

test('a fork does not move its parent', () => {
  const alone = traced(() => new Rng().normal([4]));
  const after = traced(() => {
    const rng = new Rng();
    rng.fork('a').normal([4]);
    return rng.normal([4]);
  });
  expect(fed(after)).toEqual(fed(alone));
});

test('outside a trace, successive draws differ', () => {
  const rng = new Rng({ seed: 3 });
  expect(fed(rng.normal([4]))).not.toEqual(fed(rng.normal([4])));
  expect(fed(rng.fork('a').normal([4]))).not.toEqual(fed(rng.fork('a').normal([4])));
});

test('seed and step of the run change the noise; a seed of its own holds', () => {
  const own = traced(() => new Rng({ seed: 5 }).normal([4]));
  const free = traced(() => new Rng().normal([4]));
  expect(fed(free, { seed: 1 })).not.toEqual(fed(free, { seed: 2 }));
  expect(fed(free, { step: 1 })).not.toEqual(fed(free, { step: 2 }));
  expect(fed(own, { seed: 1 })).toEqual(fed(own, { seed: 2 }));
  expect(fed(own, { step: 1 })).not.toEqual(fed(own, { step: 2 }));
  expect(fed(free, { seed: 5 })).toEqual(fed(own));
});

const kinds: [string, (rng: Rng, shape: number[]) => Tensor][] = [
  ['normal', (rng, shape) => rng.normal(shape)],
  ['scaled normal', (rng, shape) => rng.normal(shape, { mean: 2, std: 3 })],
  ['uniform', (rng, shape) => rng.uniform(shape)],
  ['scaled uniform', (rng, shape) => rng.uniform(shape, { low: -2, high: 5 })],
  ['exponential', (rng, shape) => rng.exponential(shape)],
  ['integers', (rng, shape) => rng.integers(shape, 10)],
];

test.each(kinds)('%s: an item has the same noise in every batch', (_, draw) => {
  const of = (n: number) => traced(() => draw(new Rng(), [n, 3]));
  const whole = fed(of(10), { seed: 1, step: 7 });
  const parts = [of(4), of(4), of(2)].flatMap((t, i) => fed(t, { seed: 1, step: 7, firstRow: 4 * i }));
  expect(parts).toEqual(whole);
  expect(fed(of(3), { seed: 1, step: 7 })).toEqual(whole.slice(0, 9));
  expect(fed(of(10), { seed: 1, step: 7, firstRow: 1 })).not.toEqual(whole);
});

test('scalars, and draws that are not per item, are shared by all items', () => {
  const scalar = traced(() => new Rng().normal([]));
  const shared = traced(() => new Rng().normal([4, 2], { perItem: false }));
  expect(fed(scalar, { firstRow: 8 })).toEqual(fed(scalar));
  expect(fed(shared, { firstRow: 8 })).toEqual(fed(shared));
});

/** Sample mean and variance of n values lie within five deviations of the expected ones. */
function expectMoments(values: number[], mean: number, variance: number, kurtosis: number): void {
  const n = values.length;
  const m = values.reduce((a, b) => a + b, 0) / n;
  const v = values.reduce((a, b) => a + (b - m) ** 2, 0) / n;
  expect(Math.abs(m - mean)).toBeLessThan(5 * Math.sqrt(variance / n));
  expect(Math.abs(v - variance)).toBeLessThan(5 * variance * Math.sqrt((kurtosis - 1) / n));
}

const N = 20_000;

test('moments', () => {
  const rng = new Rng();
  expectMoments(fed(rng.normal([N], { mean: 2, std: 3 })), 2, 9, 3);
  const uniform = fed(rng.uniform([N], { low: -2, high: 5 }));
  expectMoments(uniform, 1.5, 49 / 12, 1.8);
  expect(Math.min(...uniform)).toBeGreaterThanOrEqual(-2);
  expect(Math.max(...uniform)).toBeLessThanOrEqual(5);
  const exponential = fed(rng.exponential([N]));
  expectMoments(exponential, 1, 1, 9);
  expect(Math.min(...exponential)).toBeGreaterThan(0);
});

test('integers are whole, in range and equally likely', () => {
  const counts = new Array<number>(7).fill(0);
  for (const k of fed(new Rng().integers([N], 7))) counts[k] = counts[k]! + 1;
  expect(counts.reduce((a, b) => a + b)).toBe(N);
  // χ² with 6 degrees of freedom exceeds 22.5 once in a thousand.
  const chi2 = counts.reduce((sum, n) => sum + (n - N / 7) ** 2 / (N / 7), 0);
  expect(chi2).toBeLessThan(22.5);
});

test('places of initial values: by seed and order, without regard to the trace', () => {
  const take = (rng: Rng) => [rng.host(), rng.host(), rng.fork('a').host()];
  const sites = take(new Rng({ seed: 1 }));
  expect(traced(() => take(new Rng({ seed: 1 })))).toEqual(sites);
  expect(new Set(sites.map(({ site }) => site)).size).toBe(3);
  expect(sites.every(({ seed }) => seed === 1)).toBe(true);
  expect(new Rng().host().seed).toBe(0);
});

test('wrong settings', () => {
  const rng = new Rng();
  expect(() => rng.bernoulli(1.5, [2])).toThrow(UsageError);
  expect(() => rng.bernoulli(0.5)).toThrow(/shape/);
  expect(() => rng.integers([2], 0)).toThrow(/from 1 to 2\^31/);
  expect(() => fed(rng.normal([2]), { seed: -1 })).toThrow(UsageError);
});
