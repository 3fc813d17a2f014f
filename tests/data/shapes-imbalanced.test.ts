import { expect, test } from 'vitest';
import { imbalancedShapes, shapes } from '../../src/data/shapes.js';

const shareOfRare = async (split: 'train' | 'test', count: number): Promise<number> => {
  const { factors } = await imbalancedShapes.load(split, { count });
  const { codes, names, rare } = factors!;
  let found = 0;
  for (let i = 0; i < count; i++) if (codes[i * names.length + rare!.factor] === rare!.code) found++;
  return found / count;
};

test('white grounds are a hundredth of the training items and a third of the test items', async () => {
  expect(await shareOfRare('train', 4000)).toBeGreaterThan(0.005);
  expect(await shareOfRare('train', 4000)).toBeLessThan(0.015);
  expect(await shareOfRare('test', 1200)).toBeGreaterThan(0.28);
  expect(await shareOfRare('test', 1200)).toBeLessThan(0.38);
});

test('all else is as in the even set: kinds, places, test items', async () => {
  const [uneven, even] = [
    await imbalancedShapes.load('train', { count: 50 }),
    await shapes.load('train', { count: 50 }),
  ];
  expect(uneven.labels).toEqual(even.labels);
  expect(uneven.factors!.names[uneven.factors!.rare!.factor]).toBe('background');
  expect(uneven.factors!.values[uneven.factors!.rare!.factor]![uneven.factors!.rare!.code]).toBe('white');
  const tests = [await imbalancedShapes.load('test', { count: 20 }), await shapes.load('test', { count: 20 })];
  expect(tests[0]!.items).toEqual(tests[1]!.items);
});
