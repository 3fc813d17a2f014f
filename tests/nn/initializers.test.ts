import { describe, expect, test } from 'vitest';
import { ShapeError, UsageError } from '../../src/core/errors.js';
import { MultiHeadAttention } from '../../src/nn/attention.js';
import { Conv1d, Conv2d, ConvTranspose2d } from '../../src/nn/convolution.js';
import { Embedding } from '../../src/nn/embedding.js';
import { initializers } from '../../src/nn/index.js';
import { Linear } from '../../src/nn/linear.js';
import type { Module } from '../../src/nn/module.js';
import { LSTM } from '../../src/nn/recurrent.js';
import { Rng } from '../../src/random/rng.js';

const stream = { seed: 4, site: 9 };

interface Distribution {
  readonly mean?: number;
  readonly variance: number;
  /** E[(x − mean)⁴]/variance² */
  readonly kurtosis: number;
  readonly bounds?: readonly [low: number, high: number];
}

const uniform = (low: number, high: number): Distribution => ({
  mean: (low + high) / 2,
  variance: (high - low) ** 2 / 12,
  kurtosis: 1.8,
  bounds: [low, high],
});
const normal = (std: number, mean = 0): Distribution => ({ mean, variance: std ** 2, kurtosis: 3 });

/** Mean and variance within five deviations of theory, all values in bounds, and the bounds nearly reached. */
function expectDistribution(values: Float32Array, { mean = 0, variance, kurtosis, bounds }: Distribution): void {
  const n = values.length;
  const m = values.reduce((a, b) => a + b, 0) / n;
  const v = values.reduce((a, b) => a + (b - m) ** 2, 0) / n;
  expect(Math.abs(m - mean)).toBeLessThan(5 * Math.sqrt(variance / n));
  expect(Math.abs(v / variance - 1)).toBeLessThan(5 * Math.sqrt((kurtosis - 1) / n));
  if (bounds === undefined) return;
  const [low, high] = bounds.map(Math.fround) as [number, number];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  expect(least).toBeGreaterThanOrEqual(low);
  expect(most).toBeLessThanOrEqual(high);
  const slack = (20 / n) * (high - low);
  expect(least).toBeLessThan(low + slack);
  expect(most).toBeGreaterThan(high - slack);
}

const { gain } = initializers;

describe('initializers', () => {
  // [64, 32, 3, 3]: fanIn 288, fanOut 576
  const shape = [64, 32, 3, 3];
  const cases: [string, initializers.Initializer, Distribution][] = [
    ['normal', initializers.normal({ mean: 1, std: 0.02 }), normal(0.02, 1)],
    ['uniform', initializers.uniform({ low: -1, high: 3 }), uniform(-1, 3)],
    [
      'xavierUniform',
      initializers.xavierUniform({ gain: 2 }),
      uniform(-2 * Math.sqrt(6 / 864), 2 * Math.sqrt(6 / 864)),
    ],
    ['xavierNormal', initializers.xavierNormal(), normal(Math.sqrt(2 / 864))],
    ['kaimingUniform', initializers.kaimingUniform(), uniform(-Math.sqrt(6 / 288), Math.sqrt(6 / 288))],
    [
      'kaimingUniform, fanOut, tanh',
      initializers.kaimingUniform({ mode: 'fanOut', nonlinearity: 'tanh' }),
      uniform((-5 / 3) * Math.sqrt(3 / 576), (5 / 3) * Math.sqrt(3 / 576)),
    ],
    ['kaimingNormal', initializers.kaimingNormal({ nonlinearity: 'relu' }), normal(Math.sqrt(2 / 288))],
    ['kaimingNormal, slope', initializers.kaimingNormal({ a: 0.2 }), normal(Math.sqrt(2 / 1.04 / 288))],
    // Variance and kurtosis of N(0, 1) cut at ±2.
    ['truncatedNormal', initializers.truncatedNormal(), { variance: 0.77374, kurtosis: 2.0626, bounds: [-2, 2] }],
  ];
  test.each(cases)('%s', (_, initializer, distribution) => {
    const values = initializer(shape, stream);
    expect(values.length).toBe(64 * 288);
    expectDistribution(values, distribution);
    expect(initializer(shape, stream)).toEqual(values);
    expect(initializer(shape, { ...stream, site: 10 })).not.toEqual(values);
    expect(initializer(shape, { ...stream, seed: 5 })).not.toEqual(values);
  });

  test('truncatedNormal: bounds off the mean', () => {
    const values = initializers.truncatedNormal({ mean: 1, std: 0.5, low: 2, high: 4 })([20_000], stream);
    // A normal beyond two deviations has the mean 1 + 0.5·φ(2)/(1 − Φ(2)).
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(Math.abs(mean - 2.18661)).toBeLessThan(0.006);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(2);
    expect(() => initializers.truncatedNormal({ low: 1, high: 1 })).toThrow(UsageError);
  });

  test('constants', () => {
    expect(initializers.zeros([2, 1], stream)).toEqual(new Float32Array(2));
    expect(initializers.ones([2], stream)).toEqual(Float32Array.of(1, 1));
    expect(initializers.constant(0.5)([1], stream)).toEqual(Float32Array.of(0.5));
  });

  test.each([[[5, 12]], [[12, 5]], [[6, 2, 3]], [[64, 64]]])('orthogonal %j', (shapeOf) => {
    const values = initializers.orthogonal({ gain: 2 })(shapeOf, stream);
    const rows = shapeOf[0]!;
    const columns = values.length / rows;
    const vectors = Math.min(rows, columns);
    const at = (i: number, j: number) => (rows > columns ? values[j * columns + i]! : values[i * columns + j]!);
    for (let a = 0; a < vectors; a++) {
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let j = 0; j < Math.max(rows, columns); j++) product += at(a, j) * at(b, j);
        expect(product).toBeCloseTo(a === b ? 4 : 0, 5);
      }
    }
  });

  test('gains are those of PyTorch', () => {
    expect([gain('linear'), gain('sigmoid'), gain('tanh'), gain('relu')]).toEqual([1, 1, 5 / 3, Math.SQRT2]);
    expect([gain('leakyRelu', 0.2), gain('selu')]).toEqual([Math.sqrt(2 / 1.04), 0.75]);
  });

  test('fans need two axes', () => {
    expect(() => initializers.xavierUniform()([3], stream)).toThrow(ShapeError);
    expect(() => initializers.orthogonal()([3], stream)).toThrow(ShapeError);
  });
});

describe('layers start as in PyTorch', () => {
  const rng = new Rng({ seed: 2 });
  const within = (fan: number): Distribution => uniform(-1 / Math.sqrt(fan), 1 / Math.sqrt(fan));
  const cases: [string, Module, Record<string, Distribution | number>][] = [
    ['Linear', new Linear(50, 400, { rng }), { weight: within(50), bias: within(50) }],
    ['Conv1d', new Conv1d(8, 400, 5, { rng }), { weight: within(40), bias: within(40) }],
    ['Conv2d', new Conv2d(16, 400, 3, { rng, groups: 2 }), { weight: within(72), bias: within(72) }],
    // The fan counts axis 1, which holds the outputs of one group.
    ['ConvTranspose2d', new ConvTranspose2d(64, 400, 3, { rng }), { weight: within(3600), bias: within(3600) }],
    ['Embedding', new Embedding(100, 50, { rng }), { weight: normal(1) }],
    [
      'LSTM',
      new LSTM(30, 100, { rng }),
      { weight_ih_l0: within(100), weight_hh_l0: within(100), bias_hh_l0: within(100) },
    ],
    [
      'MultiHeadAttention',
      new MultiHeadAttention(64, 4, { rng }),
      {
        in_proj_weight: uniform(-Math.sqrt(6 / 256), Math.sqrt(6 / 256)),
        in_proj_bias: 0,
        'out_proj.weight': within(64),
        'out_proj.bias': 0,
      },
    ],
  ];
  test.each(cases)('%s', (_, module, expected) => {
    const variables = module.namedVariables();
    for (const [name, distribution] of Object.entries(expected)) {
      const values = variables.get(name)!.initial() as Float32Array;
      if (typeof distribution === 'number') expect(values.every((v) => v === distribution)).toBe(true);
      else expectDistribution(values, distribution);
    }
  });

  test('the row of the padding index starts at zero', () => {
    const values = new Embedding(4, 3, { rng, paddingIndex: 2 }).weight.initial() as Float32Array;
    expect(Array.from(values, (v) => v === 0)).toEqual(Array.from({ length: 12 }, (_, i) => i >= 6 && i < 9));
  });

  test('initializers of the user', () => {
    const weightInitializer = initializers.constant(2);
    const biasInitializer = initializers.zeros;
    for (const layer of [
      new Linear(3, 2, { rng, weightInitializer, biasInitializer }),
      new Conv2d(3, 2, 1, { rng, weightInitializer, biasInitializer }),
    ]) {
      expect(layer.weight.initial()).toEqual(new Float32Array(6).fill(2));
      expect(layer.bias!.initial()).toEqual(new Float32Array(2));
    }
  });
});
