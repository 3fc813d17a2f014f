import { describe, expect, test } from 'vitest';
import { DataError, UsageError } from '../../src/core/errors.js';
import { createLoader, gather } from '../../src/data/loader.js';
import { allTokens, packDocuments, splitDocuments, tokensInMemory, windowCount } from '../../src/data/text.js';
import { defineTextDataSet, sentences, textDataSet } from '../../src/data/text-sets.js';
import { ByteTokenizer, CharacterTokenizer, trainBpe } from '../../src/data/tokenizers/index.js';

/** Tokens 0, 1, 2, …, so that a window shows where it lies. */
const counting = (length: number, context: number, count?: number) =>
  textDataSet(
    {
      id: 'counting',
      split: 'train',
      tokens: tokensInMemory(Int32Array.from({ length }, (_, i) => i)),
      tokenizer: new ByteTokenizer(),
    },
    { text: { context }, ...(count === undefined ? {} : { count }) },
  );

const setOf = (...documents: string[]) =>
  defineTextDataSet({
    id: 'own',
    title: 'own',
    summary: '',
    characters: { train: 0, validation: 0, test: 0 },
    documents: async () => documents,
  });

describe('windows', () => {
  test('overlap by one token, and predict every token but the first once', () => {
    const data = counting(22, 4);
    expect(data.count).toBe(5);
    expect(data.shape).toEqual([5]);
    const { x } = gather(data, [0, 1, 4]);
    expect([...x]).toEqual([0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 16, 17, 18, 19, 20]);
    expect(x).toBeInstanceOf(Int32Array);
    expect(windowCount(5, 4)).toBe(1);
    expect(windowCount(4, 4)).toBe(0);
  });

  test('a shift moves them, the last one not beyond the end', () => {
    expect([...gather(counting(22, 4), [0, 4], { shift: 3 }).x]).toEqual([3, 4, 5, 6, 7, 17, 18, 19, 20, 21]);
  });

  test('an epoch has every window once; another epoch has other borders', () => {
    const data = counting(1001, 10);
    const loader = createLoader(data, { batchSize: 10, seed: 3 });
    const starts = (epoch: number) =>
      Array.from({ length: 10 }, (_, i) => loader.batch(epoch * 10 + i)).flatMap(({ x }) =>
        Array.from({ length: 10 }, (_, row) => x[row * 11]!),
      );
    const first = starts(0).sort((a, b) => a - b);
    const steps = first.slice(1, -1).map((start, i) => start - first[i]!);
    expect(new Set(steps)).toEqual(new Set([10]));
    const phases = new Set(Array.from({ length: 6 }, (_, epoch) => Math.min(...starts(epoch))));
    expect(phases.size).toBeGreaterThan(2);
    expect(starts(1)).toEqual(starts(1));
  });

  test('streams continue row by row', () => {
    const data = counting(1001, 10);
    const loader = createLoader(data, { batchSize: 4, streams: true, seed: 1 });
    expect(loader.stepsPerEpoch).toBe(25);
    let before = loader.batch(0);
    expect(before.continues).toBe(false);
    for (let step = 1; step < 24; step++) {
      const batch = loader.batch(step);
      expect(batch.continues).toBe(true);
      for (let row = 0; row < 4; row++) expect(batch.x[row * 11]).toBe(before.x[row * 11 + 10]);
      before = batch;
    }
    expect(loader.batch(25).continues).toBe(false);
  });

  test('a count takes the first ones; too many are refused', () => {
    expect(allTokens(counting(100, 4, 2).text!.tokens)).toEqual(Int32Array.from({ length: 9 }, (_, i) => i));
    expect(counting(100, 4, 2).checksum).not.toBe(counting(100, 4).checksum);
    expect(() => counting(100, 4, 25)).toThrow(UsageError);
    expect(() => counting(4, 4)).toThrow(/at least 5 tokens.*got 4 tokens/);
    expect(() => counting(0, 4)).toThrow(/an empty text/);
  });
});

describe('documents', () => {
  test('one is cut by position, not inside a character; several stay whole', () => {
    expect(splitDocuments(['0123456789'], 0.9)).toEqual([['012345678'], ['9']]);
    expect(splitDocuments(['😀😀'], 0.25)).toEqual([['😀'], ['😀']]);
    expect(splitDocuments(['aaaa', 'bbbb', 'cc'], 0.8)).toEqual([['aaaa', 'bbbb'], ['cc']]);
    expect(splitDocuments(['aaaaaaaaaa', 'b'], 0.5)).toEqual([['aaaaaaaaaa'], ['b']]);
  });

  test('are packed with what stands between texts', () => {
    const characters = CharacterTokenizer.of('\nab');
    expect(characters.decode(packDocuments(['a', 'b', 'ab'], characters))).toBe('a\nb\nab');
    const bpe = trainBpe('aaab', { size: 258 });
    expect([...packDocuments(['a', 'b'], bpe)]).toEqual([97, bpe.endOfText, 98]);
  });

  test('are split by position, with one alphabet', async () => {
    const own = setOf(`${'ab'.repeat(450)}${'xyz'.repeat(34)}`);
    const [train, held] = [await own.load('train'), await own.load('validation')];
    expect(train.text!.tokenizer.size).toBe(5);
    expect(held.text!.tokenizer.decode(allTokens(held.text!.tokens)).slice(-99)).toBe('xyz'.repeat(33));
    expect(train.text!.tokens.length + held.text!.tokens.length).toBe(1002);
  });

  test('an empty corpus is refused', async () => {
    await expect(setOf().load('train')).rejects.toThrow(DataError);
    await expect(setOf(' \n ').load('train')).rejects.toThrow(/nothing but white space/);
    await expect(setOf('too short').load('train')).rejects.toThrow(/at least 33 tokens/);
  });
});

test('sentences: the same each time, splits differ, a tokenizer of the caller is kept', async () => {
  const text = async (split: 'train' | 'test', seed = 0) => {
    const { text: items } = await sentences.load(split, { seed, text: { context: 64, tokenizer: 'byte' } });
    return items!.tokenizer.decode(allTokens(items!.tokens));
  };
  const train = await text('train');
  expect(train.length).toBe(200_000);
  expect(train).toBe(await text('train'));
  expect(train.slice(0, 200)).not.toBe((await text('test')).slice(0, 200));
  expect(train).not.toBe(await text('train', 1));
  expect(train).toMatch(/two and three make five\./);
  expect(train).not.toMatch(/the (old )?cats \w+s the/);
});
