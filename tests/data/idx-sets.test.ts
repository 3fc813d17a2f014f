import { gzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { DataError, UsageError } from '../../src/core/errors.js';
import { fashionMnist, kmnist, mnist } from '../../src/data/idx-sets.js';
import { idxFile, smallIdxSet, sourceOf } from './idx-files.js';

const source = sourceOf(smallIdxSet('mnist', { train: 30, test: 12 }));

describe.each([mnist, fashionMnist, kmnist])('$id', (record) => {
  test('names four files with address, sha256 and size', () => {
    expect(record.files).toHaveLength(4);
    for (const file of record.files) {
      expect(file.path).toMatch(new RegExp(`^${record.id}/(train|t10k)-(images-idx3|labels-idx1)-ubyte\\.gz$`));
      expect(file.addresses[0]).toMatch(/^https?:.*\/(train|t10k)-(images-idx3|labels-idx1)-ubyte\.gz$/);
      expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(file.bytes).toBeGreaterThan(0);
    }
    expect(new Set(record.files.map(({ sha256 }) => sha256)).size).toBe(4);
  });

  test('reads its own files', async () => {
    const set = await record.load('test', { source: sourceOf(smallIdxSet(record.id, { train: 3, test: 5 })) });
    expect(set).toMatchObject({ id: record.id, split: 'test', kind: 'image', shape: [1, 28, 28], count: 5 });
    expect(set.labelNames).toHaveLength(10);
  });
});

describe('splits of the files', () => {
  const firstBytes = (set: { count: number; items: ArrayLike<number> }) =>
    Array.from({ length: set.count }, (_, i) => set.items[i * 784]);

  test('train is the whole training file, test the whole test file', async () => {
    const train = await mnist.load('train', { source });
    expect(firstBytes(train)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect([...(train.labels ?? [])].slice(8, 12)).toEqual([8, 9, 0, 1]);
    expect((await mnist.load('test', { source })).count).toBe(12);
  });

  test('validation items are the last of the training file, and gone from train when asked for', async () => {
    const train = await mnist.load('train', { source, validation: 10 });
    const validation = await mnist.load('validation', { source, validation: 10 });
    expect([...firstBytes(train), ...firstBytes(validation)]).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(validation.labels?.[0]).toBe(0);
    expect((await mnist.load('test', { source, validation: 10 })).count).toBe(12);
  });

  test('count takes the first items', async () => {
    expect(firstBytes(await mnist.load('validation', { source, validation: 10, count: 3 }))).toEqual([20, 21, 22]);
  });

  test('more items than there are is a usage error', async () => {
    await expect(mnist.load('test', { source, count: 13 })).rejects.toThrow(UsageError);
    await expect(mnist.load('train', { source, validation: 31 })).rejects.toThrow(/30 in the file, 31 are kept/);
    await expect(mnist.load('validation', { source })).rejects.toThrow(UsageError); // 5,000 of 30
  });
});

describe('faults', () => {
  test('no source, unknown split, bad numbers', async () => {
    await expect(mnist.load('train')).rejects.toThrow(/a source of files/);
    await expect(mnist.load('valid' as 'train', { source })).rejects.toThrow(/train, validation, test, got 'valid'/);
    for (const count of [0, -1, 1.5, Number.NaN]) {
      await expect(mnist.load('train', { source, count })).rejects.toThrow(UsageError);
    }
  });

  test('labels and images that do not belong together', async () => {
    const files = smallIdxSet('mnist', { train: 30, test: 12 });
    files.set('mnist/t10k-labels-idx1-ubyte.gz', gzipSync(idxFile(8, [11], new Uint8Array(11))));
    await expect(mnist.load('test', { source: sourceOf(files) })).rejects.toThrow(
      /reading memory\/mnist\/t10k-labels.*12 labels, one for each image.*got 11/,
    );
  });

  test.each([
    ['a truncated image file', 'images-idx3', (file: Uint8Array) => file.subarray(0, file.length >> 1)],
    ['a label out of range', 'labels-idx1', () => idxFile(8, [12], new Uint8Array(12).fill(10))],
    ['a wrong magic number', 'images-idx3', () => Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 0)],
  ])('%s names the file', async (_, part, damage) => {
    const files = smallIdxSet('mnist', { train: 30, test: 12 });
    const path = `mnist/t10k-${part}-ubyte.gz`;
    files.set(path, damage(files.get(path) as Uint8Array));
    const failure = mnist.load('test', { source: sourceOf(files) });
    await expect(failure).rejects.toThrow(DataError);
    await expect(failure).rejects.toThrow(`memory/${path}`);
  });
});
