/** Feature extractors, and metrics of images through genera's own: floor and ladder of spoilt images. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DataSet } from '../../src/data/data-set.js';
import { hostBatch } from '../../src/data/host-batches.js';
import { fitImages } from '../../src/metrics/fit-images.js';
import { extractorFor, loadExtractor, ownExtractor } from '../../src/node/extractors.js';
import {
  exportOnnx,
  findDataSet,
  frechetDistance,
  type HostTensor,
  kernelDistance,
  neighbourFigures,
  onnxExtractor,
  type Rows,
  type Tensor,
} from '../../src/node/index.js';

let digits: DataSet;
let images: HostTensor;
beforeAll(async () => {
  digits = await findDataSet('synthetic-digits').load('test', { count: 1200 });
  images = hostBatch(
    digits,
    Array.from({ length: digits.count }, (_, i) => i),
  ).x;
});

const rowsBetween = ({ width, values }: Rows, first: number, end: number): Rows => ({
  count: end - first,
  width,
  values: Float64Array.from(values).subarray(first * width, end * width),
});

function changed(change: (pixels: Float32Array, image: number) => Float32Array): HostTensor {
  const data = new Float32Array(images.data.length);
  const size = 28 * 28;
  for (let i = 0; i < digits.count; i++) {
    data.set(change((images.data as Float32Array).subarray(i * size, (i + 1) * size), i), i * size);
  }
  return { ...images, data };
}

/** Mean of the pixels within `reach`, those outside counting as 0. */
function blurred(pixels: Float32Array, reach: number): Float32Array {
  const at = (y: number, x: number): number => (y < 0 || x < 0 || y > 27 || x > 27 ? 0 : pixels[y * 28 + x]!);
  return pixels.map((_, p) => {
    let sum = 0;
    for (let dy = -reach; dy <= reach; dy++)
      for (let dx = -reach; dx <= reach; dx++) sum += at(Math.floor(p / 28) + dy, (p % 28) + dx);
    return sum / (2 * reach + 1) ** 2;
  });
}

describe(ownExtractor, () => {
  test('fits grey images of 28×28, is small, and knows the digits', async () => {
    const own = await loadExtractor(ownExtractor);
    expect([own.width, own.labels]).toEqual([64, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']]);
    expect(await extractorFor({ kind: 'image', shape: [1, 28, 28] })).toBe(own);
    expect(await extractorFor({ kind: 'image', shape: [3, 32, 32] })).toBeUndefined();
    expect(await extractorFor({ kind: 'points', shape: [2] })).toBeUndefined();
    expect(readFileSync(new URL('../../assets/genera-cnn-28.onnx', import.meta.url)).length).toBeLessThan(2_000_000);
    const { probabilities } = await own.extract(images);
    let right = 0;
    for (let i = 0; i < digits.count; i++) {
      const row = Array.from({ length: 10 }, (_, k) => probabilities!.values[i * 10 + k]!);
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
      if (row.indexOf(Math.max(...row)) === digits.labels![i]) right++;
    }
    expect(right / digits.count).toBeGreaterThan(0.7); // it was trained on MNIST, not on these
  });

  test('gives an image the same features whatever the batch', async () => {
    const own = await loadExtractor(ownExtractor);
    const few = await own.extract({ shape: [3, 1, 28, 28], dtype: 'float32', data: images.data.subarray(0, 3 * 784) });
    const all = await own.extract(images);
    expect([...Array.from(few.features.values)]).toEqual(Array.from(all.features.values).slice(0, 3 * 64));
  });

  test('distances order as they should: halves of the set, then blur and noise, each more with more', async () => {
    const own = await loadExtractor(ownExtractor);
    const featuresOf = async (items: HostTensor): Promise<Rows> => (await own.extract(items)).features;
    const real = await featuresOf(images);
    const noise = (i: number, p: number): number => Math.sin((i * 784 + p) * 12.9898) * 43758.5453;
    const noisy = (deviation: number): HostTensor =>
      changed((pixels, i) =>
        pixels.map((v, p) =>
          Math.min(1, Math.max(0, v + deviation * (2 * (noise(i, p) - Math.floor(noise(i, p))) - 1))),
        ),
      );
    const against = async (items: HostTensor): Promise<{ fid: number; kid: number; precision: number }> => {
      const other = await featuresOf(items);
      const half = rowsBetween(other, 600, 1200);
      const first = rowsBetween(real, 0, 600);
      return {
        fid: frechetDistance(first, half),
        kid: kernelDistance(first, half, { subsets: 5, subsetSize: 300 }).mean,
        precision: neighbourFigures(first, half).precision,
      };
    };
    const floor = await against(images);
    const ladder = {
      blur: [await against(changed((x) => blurred(x, 1))), await against(changed((x) => blurred(x, 2)))] as const,
      noise: [await against(noisy(0.3)), await against(noisy(0.9))] as const,
    };
    expect(frechetDistance(real, real)).toBeLessThan(1e-3);
    for (const [little, much] of Object.values(ladder)) {
      expect(little.fid).toBeGreaterThan(floor.fid);
      expect(much.fid).toBeGreaterThan(little.fid);
      expect(little.kid).toBeGreaterThan(floor.kid);
      expect(much.kid).toBeGreaterThan(little.kid);
      expect(much.precision).toBeLessThan(floor.precision);
    }
  });
});

describe('extractors of others', () => {
  const build = async (
    fn: (x: Tensor) => Record<string, Tensor>,
    shape: readonly number[] = [1, 3, 8, 8],
  ): Promise<Uint8Array> =>
    (
      await exportOnnx({
        name: 'other',
        inputs: { pixels: { shape, dtype: 'float32' } },
        fn: ({ pixels }) => fn(pixels!),
      })
    ).bytes;

  test('any ONNX file with images in and rows out; grey becomes colour, other sizes are resized', async () => {
    const bytes = await build((x) => ({ means: x.mean([2, 3]) }));
    const extractor = await onnxExtractor(bytes, 'means');
    expect([extractor.width, extractor.labels]).toEqual([3, undefined]);
    expect(extractor.takes([3, 8, 8])).toBe(true);
    expect(extractor.takes([1, 28, 28])).toBe(false);
    const data = new Float32Array(70 * 784);
    for (let i = 0; i < 70; i++) data.fill(i / 70, i * 784, (i + 1) * 784);
    const { features, probabilities } = await extractor.extract({ shape: [70, 1, 28, 28], dtype: 'float32', data });
    expect(probabilities).toBeUndefined();
    expect(features.count).toBe(70);
    for (const i of [0, 33, 69]) for (let k = 0; k < 3; k++) expect(features.values[i * 3 + k]).toBeCloseTo(i / 70, 6);
  });

  test('refuses what is no extractor', async () => {
    await expect(onnxExtractor(new Uint8Array([1, 2, 3]), 'x.onnx')).rejects.toThrow(/x\.onnx.*an ONNX model/);
    const flat = await build((x) => ({ y: x.mul(2) }), [1, 8]);
    await expect(onnxExtractor(flat, 'flat')).rejects.toThrow(
      /one input, float32 images \[N, C, H, W\].*pixels \[\?, 8\]/,
    );
    const colour = await onnxExtractor(await build((x) => ({ y: x.mean([2, 3]) }), [1, 1, 8, 8]), 'grey');
    const items: HostTensor = { shape: [1, 3, 8, 8], dtype: 'float32', data: new Float32Array(192) };
    await expect(colour.extract(items)).rejects.toThrow(/1 channel.*3 channels/);
  });
});

test('bilinear resizing keeps straight slopes, and a constant', () => {
  const slope = Float32Array.from({ length: 16 }, (_, i) => (i % 4) / 4 + 0.125);
  const out = fitImages(slope, [1, 1, 4, 4], [1, 8, 8], 1);
  for (let x = 1; x < 7; x++) expect(out[3 * 8 + x]).toBeCloseTo((x + 0.5) / 8, 6);
  const constant = fitImages(new Float32Array(9).fill(0.3), [1, 1, 3, 3], [3, 5, 7], 2);
  expect([...constant.subarray(0, 105)].every((v) => Math.abs(v - 0.3) < 1e-6)).toBe(true);
  expect([...constant.subarray(105)].every((v) => v === 0)).toBe(true);
});
