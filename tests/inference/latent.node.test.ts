import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../src/contract/index.js';
import type { DataSet } from '../../src/data/data-set.js';
import { hostBatch } from '../../src/data/host-batches.js';
import { findDataSet } from '../../src/data/registry.js';
import { latentArithmetic, parseTerms } from '../../src/inference/arithmetic.js';
import { describeDimensions, latentManifold, normalQuantile, traverseItem } from '../../src/inference/dimensions.js';
import { dataSpecOf, instantiate } from '../../src/inference/instance.js';
import { decodeCodes, encodeItems, interpolateItems, reconstructItems } from '../../src/inference/latent.js';
import { drawSamples } from '../../src/inference/sampling.js';
import { findModel } from '../../src/models/index.js';
import '../../src/node/index.js';

const digits = await findDataSet('synthetic-digits').load('test', { count: 40 });
const scenes = await findDataSet('shapes').load('test', { count: 60 });

function tiny(id: string, data: DataSet, given: Record<string, unknown> = {}) {
  const model = findModel(id);
  const settings = resolveSettings(model, given, { preset: 'tiny' });
  return instantiate(model, settings, dataSpecOf(data), { seed: 1, totalSteps: 10 });
}

const all = (data: DataSet) =>
  hostBatch(
    data,
    Array.from({ length: data.count }, (_, i) => i),
  );
const row = (t: { data: ArrayLike<number | bigint> }, i: number, size: number): number[] =>
  Array.from({ length: size }, (_, k) => Number(t.data[i * size + k]));

describe('dimensions of the code', () => {
  const vae = tiny('vae', digits);

  test('KL, mean and variance are those of the codes, the largest KL first', async () => {
    const dimensions = await describeDimensions(vae, all(digits));
    const { mean, logVariance } = await encodeItems(vae, all(digits));
    expect(dimensions.map(({ dimension }) => dimension).sort()).toEqual([0, 1, 2, 3]);
    expect(dimensions.map(({ kl }) => kl)).toEqual([...dimensions.map(({ kl }) => kl!)].sort((a, b) => b - a));
    for (const { dimension, kl, mean: average, variance } of dimensions) {
      const column = (t: typeof mean): number[] => row({ data: t.data }, 0, 160).filter((_, k) => k % 4 === dimension);
      const [m, l] = [column(mean), column(logVariance!)];
      const over = (fn: (i: number) => number): number => m.reduce((sum, _, i) => sum + fn(i), 0) / 40;
      expect(average).toBeCloseTo(
        over((i) => m[i]!),
        6,
      );
      expect(variance).toBeCloseTo(
        over((i) => (m[i]! - average) ** 2),
        6,
      );
      expect(kl).toBeCloseTo(
        over((i) => (m[i]! ** 2 + Math.exp(l[i]!) - l[i]! - 1) / 2),
        5,
      );
    }
  });

  test('a traversal moves one dimension of the code and no other', async () => {
    const item = hostBatch(digits, [3]);
    const { items, dimensions } = await traverseItem(vae, item, all(digits), { steps: 5, range: 2 });
    expect(items.shape).toEqual([20, 1, 28, 28]);
    const { mean: code } = await encodeItems(vae, item);
    const moved = Float32Array.from(code.data as Float32Array);
    moved[dimensions[1]!.dimension] = -1; // second of five steps from −2 to 2
    const expected = await decodeCodes(vae, { ...code, data: moved });
    expect(row(items, 5 + 1, 784)).toEqual(row(expected, 0, 784));
  });

  test('of an autoencoder is around the mean of the codes, in their standard deviations', async () => {
    const ae = tiny('ae', digits);
    const item = hostBatch(digits, [0]);
    const { items, dimensions } = await traverseItem(ae, item, all(digits), { steps: 3, range: 1, dimensions: [2] });
    expect(items.shape).toEqual([3, 1, 28, 28]);
    expect(dimensions[0]).toMatchObject({ dimension: 2 });
    expect(dimensions[0]!.kl).toBeUndefined();
    const { mean: code } = await encodeItems(ae, item);
    const moved = Float32Array.from(code.data as Float32Array);
    moved[2] = dimensions[0]!.mean + Math.sqrt(dimensions[0]!.variance);
    expect(row(items, 2, 784)).toEqual(row(await decodeCodes(ae, { ...code, data: moved }), 0, 784));
  });

  test('a dimension out of range is refused', async () => {
    const options = { steps: 3, range: 1, dimensions: [4] };
    const asked = traverseItem(vae, hostBatch(digits, [0]), all(digits), options);
    await expect(asked).rejects.toThrow(/latent dimension: expected a position in 0…3.*got 4/);
  });
});

describe('manifold', () => {
  test('places codes at the quantiles of the prior', async () => {
    const vae = tiny('vae', digits, { latent: 2 });
    const items = await latentManifold(vae, all(digits), { steps: 3 });
    expect(items.shape).toEqual([9, 1, 28, 28]);
    const corner = Float32Array.of(normalQuantile(5 / 6), normalQuantile(1 / 6));
    const expected = await decodeCodes(vae, { shape: [1, 2], dtype: 'float32', data: corner });
    expect(row(items, 2, 784)).toEqual(row(expected, 0, 784));
  });

  test('needs two dimensions, or two of more', async () => {
    const vae = tiny('vae', digits);
    await expect(latentManifold(vae, all(digits), { steps: 3 })).rejects.toThrow(/two dimensions, got one of 4/);
    const plane = await latentManifold(vae, all(digits), { steps: 2, dimensions: [1, 3] });
    expect(plane.shape[0]).toBe(4);
  });

  test('quantiles of the normal distribution', () => {
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(0.975)).toBeCloseTo(1.95996, 3);
    expect(normalQuantile(0.1)).toBeCloseTo(-1.28155, 3);
  });
});

describe('arithmetic', () => {
  test('reads groups by label and by cause', () => {
    const terms = parseTerms('star - background=white + colour=red', scenes);
    expect(terms.map(({ sign, name }) => `${sign}${name}`)).toEqual(['1star', '-1background=white', '1colour=red']);
    const star = scenes.labelNames!.indexOf('star');
    expect(terms[0]!.members).toEqual([...scenes.labels!.keys()].filter((i) => scenes.labels![i] === star));
  });

  test('refuses groups that are not there, with the nearest names', () => {
    expect(() => parseTerms('star - sqare', scenes)).toThrow(/got 'sqare'. Did you mean square/);
    expect(() => parseTerms('hue=red', scenes)).toThrow(/groups of items of shapes, got 'hue=red'/);
    expect(() => parseTerms('', digits)).toThrow(/groups of items of synthetic-digits/);
  });

  test('the sum of a group with another and without it is the group', async () => {
    const vae = tiny('vae', scenes);
    const pictures = await latentArithmetic(vae, scenes, parseTerms('star + circle - circle', scenes), { count: 2 });
    expect(pictures.shape).toEqual([12, 3, 32, 32]);
    for (const r of [0, 1, 2]) {
      const [first, sum] = [row(pictures, r * 4, 3072), row(pictures, r * 4 + 3, 3072)];
      expect(Math.max(...first.map((v, i) => Math.abs(v - sum[i]!)))).toBeLessThan(1e-5);
    }
  });
});

describe('conditional models', () => {
  const cvae = tiny('cvae', digits);
  const { x } = hostBatch(digits, [0, 1]);

  test('need labels for everything', async () => {
    await expect(encodeItems(cvae, { x })).rejects.toThrow(/encode: expected labels, since the model is conditional/);
    await expect(reconstructItems(cvae, { x }, { seed: 0 })).rejects.toThrow(/expected labels/);
    await expect(latentManifold(tiny('cvae', digits, { latent: 2 }), { x }, { steps: 2 })).rejects.toThrow(/labels/);
  });

  test('what they are told changes what they make', async () => {
    const { mean } = await encodeItems(cvae, hostBatch(digits, [0, 0]));
    const told = { shape: [2], dtype: 'int32', data: Int32Array.of(1, 7) } as const;
    const items = await decodeCodes(cvae, mean, told);
    expect(row(items, 0, 784)).not.toEqual(row(items, 1, 784));
  });

  test('samples are of the classes asked for, by default of each in turn', async () => {
    const mixed = await drawSamples(cvae, { count: 12, seed: 4 });
    const named = await drawSamples(cvae, { count: 12, seed: 4, labels: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] });
    expect(mixed.data).toEqual(named.data);
    const threes = await drawSamples(cvae, { count: 4, seed: 4, labels: [3] });
    expect(row(threes, 3, 784)).toEqual(row(mixed, 3, 784));
    expect(row(threes, 2, 784)).not.toEqual(row(mixed, 2, 784));
  });

  test('refuse labels that they have not, and others refuse any', async () => {
    await expect(drawSamples(cvae, { count: 1, seed: 0, labels: [10] })).rejects.toThrow(/labels in 0…9, got 10/);
    const plain = drawSamples(tiny('vae', digits), { count: 1, seed: 0, labels: [1] });
    await expect(plain).rejects.toThrow(/not conditional, got 1/);
  });

  test('are not made for data without labels', () => {
    const { labelNames: _, ...unlabelled } = digits;
    expect(() => tiny('cvae', unlabelled)).toThrow(/model cvae: expected a data set with labels/);
  });

  test('interpolation keeps the class of the first item', async () => {
    const rows = await interpolateItems(cvae, digits, [[0, 1]], { steps: 3, mode: 'lerp' });
    const { mean } = await encodeItems(cvae, hostBatch(digits, [1]));
    const label = { shape: [1], dtype: 'int32', data: Int32Array.of(digits.labels![0]!) } as const;
    const expected = row(await decodeCodes(cvae, mean, label), 0, 784);
    expect(Math.max(...expected.map((v, i) => Math.abs(v - row(rows, 2, 784)[i]!)))).toBeLessThan(1e-5);
  });
});
