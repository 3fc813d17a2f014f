import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.js';
import type { DataSet } from '../../src/data/data-set.js';
import { batches, createLoader, gather, orderOf } from '../../src/data/loader.js';

/** Ten images of two pixels: image i is (25 i, 255 − i), its label i mod 3. */
const images: DataSet = {
  id: 'ten',
  split: 'train',
  kind: 'image',
  shape: [1, 1, 2],
  count: 10,
  items: Uint8Array.from({ length: 20 }, (_, k) => (k % 2 === 0 ? 25 * (k >> 1) : 255 - (k >> 1))),
  labels: Int32Array.from({ length: 10 }, (_, i) => i % 3),
  checksum: '',
};
const points: DataSet = {
  id: 'points',
  split: 'test',
  kind: 'points',
  shape: [2],
  count: 4,
  items: Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31),
  checksum: '',
};

describe('orderOf', () => {
  test('is a permutation that seed and epoch decide', () => {
    const order = orderOf(images, { seed: 1, epoch: 2 });
    expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(orderOf(images, { seed: 1, epoch: 2 })).toEqual(order);
    expect(orderOf(images, { seed: 1, epoch: 3 })).not.toEqual(order);
    expect(orderOf(images, { seed: 2, epoch: 2 })).not.toEqual(order);
    expect([...orderOf(images, { epoch: 5, shuffle: false })]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('gather', () => {
  test('scales bytes to 0 … 1 and takes labels along', () => {
    const { x, labels } = gather(images, [9, 0, 9]);
    expect(x).toEqual(Float32Array.of(225 / 255, 246 / 255, 0, 1, 225 / 255, 246 / 255));
    expect(labels).toEqual(Int32Array.of(0, 0, 0));
  });

  test('leaves points as they are, without labels', () => {
    expect(gather(points, [2, 1])).toEqual({ x: Float32Array.of(20, 21, 10, 11) });
  });

  test('fills memory it is given', () => {
    const out = { x: new Float32Array(4), labels: new Int32Array(2) };
    const filled = gather(images, [1, 2], { out });
    expect(filled.x).toBe(out.x);
    expect(filled.labels).toBe(out.labels);
    expect([...out.labels]).toEqual([1, 2]);
  });

  test('refuses positions outside and memory of another size', () => {
    for (const bad of [-1, 10, 0.5, Number.NaN]) expect(() => gather(images, [0, bad])).toThrow(UsageError);
    expect(() => gather(images, [1], { out: { x: new Float32Array(3) } })).toThrow(/memory for 1 items of 2 values/);
  });
});

describe('batches', () => {
  test('cover an epoch once; the last one is smaller, or left out', () => {
    const all = [...batches(images, { batchSize: 4, seed: 1 })];
    expect(all.map(({ size }) => size)).toEqual([4, 4, 2]);
    expect(all[2]).toMatchObject({ epoch: 0, index: 2, shape: [2, 1, 1, 2] });
    expect(all.flatMap(({ indices }) => [...indices]).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const { indices, x, labels } of all) {
      expect(x).toEqual(gather(images, indices).x);
      expect([...(labels ?? [])]).toEqual([...indices].map((i) => i % 3));
    }
    expect([...batches(images, { batchSize: 4, dropLast: true })].map(({ size }) => size)).toEqual([4, 4]);
  });

  test('begin anywhere: a resumed epoch gets the same batches', () => {
    const whole = [...batches(images, { batchSize: 3, seed: 7, epoch: 4 })];
    expect([...batches(images, { batchSize: 3, seed: 7, epoch: 4, first: 2 })]).toEqual(whole.slice(2));
  });

  test('createLoader gives the batch of any step, in any order', () => {
    const loader = createLoader(images, { batchSize: 4, seed: 1 });
    expect(loader.stepsPerEpoch).toBe(3);
    const forward = Array.from({ length: 9 }, (_, step) => loader.batch(step));
    expect(forward.map(({ epoch, index }) => [epoch, index])).toEqual(
      [0, 1, 2].flatMap((epoch) => [0, 1, 2].map((index) => [epoch, index])),
    );
    for (const step of [8, 0, 5, 3]) {
      expect(createLoader(images, { batchSize: 4, seed: 1 }).batch(step)).toEqual(forward[step]);
    }
    const epochs = [0, 1].map((e) => forward.slice(3 * e, 3 * e + 3).flatMap(({ indices }) => [...indices]));
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(epochs[1]).toEqual([...orderOf(images, { seed: 1, epoch: 1 })]);
  });

  test('refuses impossible batch sizes', () => {
    for (const batchSize of [0, -1, 2.5]) expect(() => createLoader(images, { batchSize })).toThrow(UsageError);
    expect(() => createLoader(images, { batchSize: 11, dropLast: true })).toThrow(/one full batch of 11, got 10 items/);
    expect(createLoader(images, { batchSize: 11 }).stepsPerEpoch).toBe(1);
  });
});
