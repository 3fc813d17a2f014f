/** What the layers do beyond the values that the contract compares with PyTorch. */
import { describe, expect, test } from 'vitest';
import { BatchNorm1d, BatchNorm2d } from '../../src/nn/batch-norm.js';
import { Conv2d, ConvTranspose2d } from '../../src/nn/convolution.js';
import { Dropout } from '../../src/nn/dropout.js';
import { Embedding } from '../../src/nn/embedding.js';
import { Linear } from '../../src/nn/linear.js';
import { GroupNorm, InstanceNorm2d, LayerNorm, RMSNorm } from '../../src/nn/normalization.js';
import { Sequential } from '../../src/nn/sequential.js';
import { spectralNorm } from '../../src/nn/spectral-norm.js';
import { weightNorm } from '../../src/nn/weight-norm.js';
import {
  compile,
  evaluate,
  GraphError,
  grad,
  readVariables,
  ShapeError,
  type Tensor,
  tensor,
  UsageError,
} from '../../src/node/index.js';
import { Rng } from '../../src/random/rng.js';

const rng = new Rng({ seed: 1 });
const values = async (t: Tensor): Promise<number[]> => Array.from(await t.data(), Number);

describe('dropout', () => {
  const x = tensor([[1, 2, 3, 4]]).expand([5000, 4]);

  test('keeps the share 1 − p and the expectation; the gradient goes where the value went', async () => {
    const layer = new Dropout(0.2);
    const y = layer.forward(x, { train: true, rng });
    const [out, gradient] = await evaluate([y, grad(y.sum(), x)]);
    const data = Array.from(out!.data, Number);
    const dropped = data.filter((v) => v === 0).length;
    expect(Math.abs(dropped / 20_000 - 0.2)).toBeLessThan(5 * Math.sqrt(0.16 / 20_000));
    for (const [i, v] of data.entries()) {
      if (v !== 0) expect(v).toBeCloseTo(((i % 4) + 1) / 0.8, 5);
      expect(Number(gradient!.data[i])).toBeCloseTo(v === 0 ? 0 : 1.25, 6);
    }
  });

  test('passes everything in evaluation, and needs noise in training', () => {
    const layer = new Dropout(0.2);
    expect(layer.forward(x)).toBe(x);
    expect(new Dropout(0).forward(x, { train: true })).toBe(x);
    expect(() => layer.forward(x, { train: true })).toThrow(/random source/);
    expect(() => new Dropout(1)).toThrow(UsageError);
  });

  test('Sequential hands the context on', async () => {
    const net = new Sequential(new Linear(4, 8, { rng }), new Sequential(new Dropout(0.5)));
    const [still, training] = await evaluate([
      net.forward(x.slice([0, 1])),
      net.forward(x.slice([0, 1]), { train: true, rng }),
    ]);
    expect(training!.data).not.toEqual(still!.data);
  });
});

describe('spectral norm', () => {
  /** Largest singular value of a matrix, by many power iterations in float64. */
  function largestSingularValue(matrix: number[], columns: number): number {
    let v = Array.from({ length: columns }, (_, i) => Math.cos(i));
    let sigma = 0;
    for (let k = 0; k < 500; k++) {
      const u = Array.from({ length: matrix.length / columns }, (_, i) =>
        v.reduce((sum, x, j) => sum + x * matrix[i * columns + j]!, 0),
      );
      v = v.map((_, j) => u.reduce((sum, x, i) => sum + x * matrix[i * columns + j]!, 0));
      const length = Math.hypot(...v);
      sigma = Math.sqrt(length);
      v = v.map((x) => x / length);
    }
    return sigma;
  }

  const noise = new Rng({ seed: 8 });
  test.each([
    ['linear', spectralNorm(new Linear(6, 5, { rng: noise, bias: false }), { rng: noise }), [6, 6]],
    ['conv2d', spectralNorm(new Conv2d(4, 6, 3, { rng: noise, bias: false }), { rng: noise }), [1, 4, 5, 5]],
  ])('%s: after many passes the largest singular value is 1', async (_, layer, shape) => {
    const weight = layer.weight_orig;
    const program = compile(() => layer.forward(tensor(0).expand(shape), { train: true }));
    for (let i = 0; i < 150; i++) await program.run([]);
    // The weight that the layer uses, from its results on the unit vectors or from the state.
    const state = await readVariables(layer.variables());
    const get = (name: string) => Array.from(state.get(name)!.data, Number);
    const [w, u, v] = [get('weight_orig'), get('weight_u'), get('weight_v')];
    const sigma = u.reduce((sum, x, i) => sum + x * v.reduce((s, y, j) => s + y * w[i * v.length + j]!, 0), 0);
    expect(
      largestSingularValue(
        w.map((x) => x / sigma),
        v.length,
      ),
    ).toBeCloseTo(1, 4);
    if (weight.rank === 2) {
      const identity = tensor(
        Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => Number(i === j))),
      );
      const used = await values(layer.forward(identity)); // Wᵀ/σ
      for (let i = 0; i < 5; i++)
        for (let j = 0; j < 6; j++) expect(used[j * 5 + i]).toBeCloseTo(w[i * 6 + j]! / sigma, 5);
    }
  });

  test('evaluation leaves the vectors alone; training needs a compiled function', async () => {
    const layer = spectralNorm(new Linear(3, 2, { rng }), { rng });
    const x = rng.normal([4, 3]);
    const before = await readVariables(layer.variables());
    await compile((): Tensor => layer.forward(x)).run([]);
    expect(await readVariables(layer.variables())).toEqual(before);
    expect(() => layer.forward(x, { train: true })).toThrow(GraphError);
  });
});

describe('weight norm', () => {
  test.each([
    ['linear', new Linear(4, 3, { rng }), 0],
    ['conv2d', new Conv2d(2, 3, 3, { rng }), 0],
    ['convTranspose2d', new ConvTranspose2d(2, 3, 3, { rng }), 1],
  ] as const)('%s: starts with the layer’s own weight', async (_, layer, axis) => {
    const x = layer.weight.rank === 2 ? rng.normal([2, 4]) : rng.normal([2, 2, 4, 4]);
    const normed = weightNorm(layer, { axis });
    expect([...normed.namedVariables().keys()]).toEqual(['weight_g', 'weight_v', 'bias']);
    const [plain, result] = await evaluate([layer.forward(x), normed.forward(x)]);
    for (const [i, v] of Array.from(plain!.data, Number).entries()) expect(Number(result!.data[i])).toBeCloseTo(v, 5);
  });
});

describe('batch norm', () => {
  test('evaluation in training’s own program uses the statistics just assigned', async () => {
    const layer = new BatchNorm1d(2, { momentum: 1 });
    const x = tensor([
      [1, 10],
      [3, 30],
    ]);
    const program = compile(() => {
      layer.forward(x, { train: true });
      return layer.forward(x);
    });
    // Mean [2, 20], unbiased variance [2, 200].
    const y = Array.from((await program.run([])).data, Number);
    for (const [i, v] of [-1, -1, 1, 1].entries()) expect(y[i]).toBeCloseTo(v * Math.SQRT1_2, 4);
  });

  test('a rejected run leaves the statistics as they were', async () => {
    const layer = new BatchNorm2d(2);
    const program = compile((): Tensor => layer.forward(rng.normal([4, 2, 3, 3]), { train: true }));
    const before = await readVariables(layer.variables());
    await program.run([], { accept: () => false });
    expect(await readVariables(layer.variables())).toEqual(before);
    await program.run([]);
    expect((await readVariables(layer.variables())).get('num_batches_tracked')!.data).toEqual(BigInt64Array.of(1n));
  });

  test('wrong use', () => {
    const layer = new BatchNorm2d(3);
    expect(() => layer.forward(rng.normal([2, 4, 5, 5]))).toThrow(/\[N, 3, …\]/);
    expect(() => layer.forward(rng.normal([2, 3]))).toThrow(/rank 4/);
    expect(() => layer.forward(rng.normal([1, 3, 1, 1]), { train: true })).toThrow(/more than one value per channel/);
    expect(() => layer.forward(rng.normal([2, 3, 5, 5]), { train: true })).toThrow(GraphError);
  });
});

test('wrong shapes name the layer', () => {
  const x = rng.normal([2, 3, 4, 4]);
  expect(() => new Linear(5, 2, { rng }).forward(x)).toThrow(ShapeError);
  expect(() => new LayerNorm([3, 4]).forward(x)).toThrow(/LayerNorm.*ends in the axes \[3, 4\]/);
  expect(() => new RMSNorm(5).forward(x)).toThrow(/RMSNorm/);
  expect(() => new GroupNorm(2, 4).forward(x)).toThrow(/GroupNorm/);
  expect(() => new GroupNorm(2, 3)).toThrow(UsageError);
  expect(() => new InstanceNorm2d(4).forward(x)).toThrow(/InstanceNorm2d/);
  expect(() => new Conv2d(4, 2, 3, { rng }).forward(x)).toThrow(ShapeError);
  expect(() => new Conv2d(3, 4, 3, { rng, groups: 2 })).toThrow(UsageError);
  expect(() => new Embedding(4, 2, { rng, paddingIndex: 4 })).toThrow(UsageError);
  expect(() => new Embedding(4, 2, { rng }).forward(x)).toThrow(/int32 or int64/);
});
