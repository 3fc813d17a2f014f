import { expect, test } from 'vitest';
import { compile, evaluate, tensor } from '../../src/node/index.js';
import { Rng } from '../../src/random/rng.js';

const N = 20_000;
const rng = new Rng({ seed: 11 });

/** A frequency of N draws lies within five deviations of its probability. */
function expectFrequency(count: number, p: number): void {
  expect(Math.abs(count / N - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / N) + 1e-12);
}

test('bernoulli: frequencies of a number, of a tensor, and the edges', async () => {
  const p = tensor([0.1, 0.5, 0.9]).expand([N, 3]);
  const draws = [rng.bernoulli(0.3, [N]), rng.bernoulli(p), rng.bernoulli(0, [N]), rng.bernoulli(1, [N])];
  const [number, each, never, always] = (await evaluate(draws)).map(({ data }) => Array.from(data, Number));
  const ones = (values: number[]) => values.filter((v) => v === 1).length;
  expect(number!.every((v) => v === 0 || v === 1)).toBe(true);
  expectFrequency(ones(number!), 0.3);
  for (const [i, q] of [0.1, 0.5, 0.9].entries()) expectFrequency(ones(each!.filter((_, k) => k % 3 === i)), q);
  expect(ones(never!)).toBe(0);
  expect(ones(always!)).toBe(N);
});

test('categorical: frequencies are softmax(logits), indices int32', async () => {
  const probabilities = [0.5, 0.2, 0.05, 0.25];
  const logits = tensor(probabilities.map((p) => Math.log(p) + 3)).expand([N, 4]);
  const classes = rng.categorical(logits);
  expect(classes.dtype).toBe('int32');
  expect(classes.shape).toEqual([N]);
  const values = Array.from(await classes.data(), Number);
  for (const [k, p] of probabilities.entries()) expectFrequency(values.filter((v) => v === k).length, p);
});

test('categorical: never a class of probability 0, and a draw for one vector', async () => {
  const logits = tensor([-Infinity, 0, -Infinity]).expand([N, 3]);
  expect((await rng.categorical(logits).data()).every((k) => k === 1)).toBe(true);
  const one = rng.categorical(tensor([-Infinity, 0]));
  expect(one.shape).toEqual([]);
  expect(await one.item()).toBe(1);
});

test('gumbel: mean γ and variance π²/6', async () => {
  const values = Array.from(await rng.gumbel([N]).data(), Number);
  const mean = values.reduce((a, b) => a + b) / N;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / N;
  expect(Math.abs(mean - 0.5772157)).toBeLessThan(5 * Math.sqrt(Math.PI ** 2 / 6 / N));
  // The kurtosis is 5.4.
  expect(Math.abs(variance - Math.PI ** 2 / 6)).toBeLessThan(5 * (Math.PI ** 2 / 6) * Math.sqrt(4.4 / N));
});

test('a compiled function draws anew at each step, the same at the same step, batch by batch', async () => {
  const draw = new Rng();
  const program = compile((x: ReturnType<typeof tensor>) => x.add(draw.normal(x.shape)));
  const zeros = (n: number) => ({ shape: [n, 2], dtype: 'float32' as const, data: new Float32Array(2 * n) });
  const run = async (n: number, options: object) => Array.from((await program.run([zeros(n)], options)).data, Number);
  const whole = await run(6, { seed: 1, step: 4 });
  expect(await run(6, { seed: 1, step: 4 })).toEqual(whole);
  expect(await run(6, { seed: 1, step: 5 })).not.toEqual(whole);
  const parts = [await run(4, { seed: 1, step: 4 }), await run(2, { seed: 1, step: 4, firstRow: 4 })];
  expect(parts.flat()).toEqual(whole);
});
