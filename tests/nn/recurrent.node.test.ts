import { describe, expect, test } from 'vitest';
import { GRU, LSTM } from '../../src/nn/recurrent.js';
import { compile, evaluate, ShapeError, type Tensor, UsageError } from '../../src/node/index.js';
import { Rng } from '../../src/random/rng.js';

const rng = new Rng({ seed: 1 });

async function all(tensors: Tensor[]): Promise<number[][]> {
  return (await evaluate(tensors)).map(({ data }) => Array.from(data, Number));
}

function expectClose(actual: number[], expected: number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, v] of expected.entries()) expect(actual[i]).toBeCloseTo(v, 5);
}

describe('a sequence in two parts, the state passed on, equals the whole', () => {
  const x = rng.normal([2, 6, 3]);
  const [head, tail] = x.split([4, 2], 1) as [Tensor, Tensor];

  test('LSTM', async () => {
    const layer = new LSTM(3, 4, { rng, layers: 2 });
    const whole = layer.forward(x);
    const first = layer.forward(head);
    const second = layer.forward(tail, { state: first.state });
    expect(whole.output.shape).toEqual([2, 6, 4]);
    expect(whole.state.c.shape).toEqual([2, 2, 4]);
    const [y, c, end, endC] = await all([whole.output.narrow(1, 4, 2), whole.state.c, second.output, second.state.c]);
    expectClose(end!, y!);
    expectClose(endC!, c!);
  });

  test('GRU', async () => {
    const layer = new GRU(3, 4, { rng, layers: 2 });
    const whole = layer.forward(x);
    const second = layer.forward(tail, { state: layer.forward(head).state });
    const [y, h, end, endH] = await all([whole.output.narrow(1, 4, 2), whole.state, second.output, second.state]);
    expectClose(end!, y!);
    expectClose(endH!, h!);
  });
});

test('dropout: between layers, while training, each item by itself', async () => {
  const data = Float32Array.from({ length: 6 * 4 * 3 }, (_, i) => Math.sin(i));
  const run = async (layers: number, train: boolean, n = 6, first = 0) => {
    const layer = new GRU(3, 4, { rng: new Rng({ seed: 5 }), layers, dropout: 0.5 });
    const noise = new Rng();
    const program = compile((t: Tensor) => layer.forward(t, { train, rng: noise }).output);
    const part = { shape: [n, 4, 3], dtype: 'float32' as const, data: data.slice(first * 12, (first + n) * 12) };
    return Array.from((await program.run([part], { seed: 1, step: 1, firstRow: first })).data, Number);
  };
  const whole = await run(2, true);
  expect(await run(2, false)).not.toEqual(whole);
  expectClose([...(await run(2, true, 4)), ...(await run(2, true, 2, 4))], whole);
  // One layer has nothing between layers.
  expect(await run(1, true)).toEqual(await run(1, false));
});

test('wrong sizes', () => {
  const layer = new LSTM(3, 4, { rng, bidirectional: true });
  expect(() => layer.forward(rng.normal([2, 5, 4]))).toThrow(ShapeError);
  expect(() => layer.forward(rng.normal([5, 3]))).toThrow(/LSTM: expected an input \[batch, time, 3\]/);
  const h = rng.normal([1, 2, 4]);
  expect(() => layer.forward(rng.normal([2, 5, 3]), { state: { h, c: h } })).toThrow(/\[2, 2, 4\]/);
  expect(() => new GRU(3, 4, { rng, dropout: 1 })).toThrow(UsageError);
});
