import { describe, expect, test } from 'vitest';
import { DataError, UsageError } from '../../src/core/errors.js';
import { type DataSetContents, defineDataSet, itemSize, splitByPosition } from '../../src/data/data-set.js';
import { dataSets, findDataSet } from '../../src/data/registry.js';

function setOf(contents: DataSetContents) {
  return defineDataSet({
    id: 'small',
    title: 'Small',
    summary: '',
    kind: 'points',
    shape: [2],
    labels: ['a', 'b'],
    splits: { train: 3, validation: 1, test: 1 },
    load: () => contents,
  }).load('train');
}

const contents = {
  count: 3,
  items: Float32Array.of(1, 2, 3, 4, 5, 6),
  labels: Int32Array.of(0, 1, 0),
  factors: {
    names: ['p', 'q'],
    values: [
      ['x', 'y'],
      [1, 2],
    ],
    codes: Int32Array.of(0, 1, 1, 0, 1, 1),
  },
  captions: ['one', 'two', 'three'],
} as const;

describe('defineDataSet', () => {
  test('gives the contents their names and a checksum', async () => {
    const set = await setOf(contents);
    expect(set).toMatchObject({ ...contents, id: 'small', split: 'train', kind: 'points', shape: [2] });
    expect(set.labelNames).toEqual(['a', 'b']);
    expect(set.checksum).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await setOf(contents)).checksum).toBe(set.checksum);
  });

  test('the checksum changes with one item and with one label', async () => {
    const sums = await Promise.all(
      [
        contents,
        { ...contents, items: Float32Array.of(1, 2, 3, 4, 5, 6.5) },
        { ...contents, labels: Int32Array.of(0, 1, 1) },
      ].map(async (changed) => (await setOf(changed)).checksum),
    );
    expect(new Set(sums).size).toBe(3);
  });

  test('contents that do not fit the promise are refused', async () => {
    await expect(setOf({ ...contents, count: 4 })).rejects.toThrow(DataError);
    await expect(setOf({ ...contents, labels: Int32Array.of(0) })).rejects.toThrow(/3 labels, got 1/);
    await expect(setOf({ ...contents, captions: [] })).rejects.toThrow(/3 captions, got 0/);
  });
});

describe('splitByPosition', () => {
  test('cuts items, labels, factors and captions alike', async () => {
    const set = await setOf(contents);
    const [first, second] = splitByPosition(set, [1, 2]);
    expect(first).toMatchObject({ count: 1, captions: ['one'] });
    expect([...(second?.items ?? [])]).toEqual([3, 4, 5, 6]);
    expect([...(second?.labels ?? [])]).toEqual([1, 0]);
    expect([...(second?.factors?.codes ?? [])]).toEqual([1, 0, 1, 1]);
    expect(second?.captions).toEqual(['two', 'three']);
    expect(first?.checksum).not.toBe(second?.checksum);
    expect(splitByPosition(set, [3])[0]?.checksum).toBe(set.checksum);
  });

  test('refuses more than there is', async () => {
    const set = await setOf(contents);
    expect(() => splitByPosition(set, [2, 2])).toThrow(UsageError);
    expect(() => splitByPosition(set, [-1, 2])).toThrow(UsageError);
  });
});

describe('the list', () => {
  test('begins with the default and has every id once', () => {
    expect(dataSets[0]?.id).toBe('synthetic-digits');
    const ids = dataSets.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { title, summary, splits } of dataSets) {
      expect(title.length * summary.length * splits.train * splits.validation * splits.test).toBeGreaterThan(0);
    }
  });

  test('findDataSet finds, or names the nearest', () => {
    expect(findDataSet('kmnist').id).toBe('kmnist');
    expect(() => findDataSet('mnits')).toThrow(UsageError);
    expect(() => findDataSet('mnits')).toThrow(/Did you mean mnist or kmnist\?/);
    expect(() => findDataSet('imagenet')).toThrow(/one of synthetic-digits, shapes, .*genera list datasets/);
  });
});

describe('generated sets', () => {
  const generated = dataSets.filter(({ files }) => files.length === 0);

  test.each(generated)('$id: an item depends on seed, split and place alone', async (record) => {
    const size = itemSize(record.shape);
    const few = await record.load('train', { count: 5 });
    const more = await record.load('train', { count: 40 });
    expect(few.items).toEqual(more.items.slice(0, 5 * size));
    expect(few.labels).toEqual(more.labels?.slice(0, 5));
    expect(few.captions).toEqual(more.captions?.slice(0, 5));
    expect((await record.load('train', { count: 5 })).checksum).toBe(few.checksum);
    const others = [
      await record.load('test', { count: 5 }),
      await record.load('validation', { count: 5 }),
      await record.load('train', { count: 5, seed: 1 }),
    ];
    expect(new Set([few, ...others].map(({ checksum }) => checksum)).size).toBe(4);
  });

  test.each(generated)('$id: every label occurs about equally often', async (record) => {
    const { labels, labelNames, count, kind, items } = await record.load('train', { count: 2000 });
    expect(items).toBeInstanceOf(kind === 'points' ? Float32Array : Uint8Array);
    expect(labels === undefined).toBe(labelNames === undefined);
    if (labels === undefined || labelNames === undefined) return;
    for (let label = 0; label < labelNames.length; label++) {
      const share = labels.filter((other) => other === label).length / count;
      expect(Math.abs(share * labelNames.length - 1)).toBeLessThan(0.35);
    }
  });

  test('have the default sizes', async () => {
    const moons = findDataSet('moons');
    for (const split of ['train', 'validation', 'test'] as const) {
      expect((await moons.load(split)).count).toBe(moons.splits[split]);
    }
    expect(findDataSet('synthetic-digits').splits).toEqual({ train: 20000, validation: 2000, test: 2000 });
  });

  test('a seed that is none is refused', async () => {
    await expect(findDataSet('moons').load('train', { seed: -1 })).rejects.toThrow(/seed: expected an integer/);
  });
});
