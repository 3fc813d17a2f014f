import { describe, expect, it } from 'vitest';
import { type LanguageTable, resolveSettings } from '../../src/contract/index.js';
import { FormatError } from '../../src/core/errors.js';
import { tokensInMemory } from '../../src/data/text.js';
import { textDataSet } from '../../src/data/text-sets.js';
import { CharacterTokenizer } from '../../src/data/tokenizers/index.js';
import ngram from '../../src/models/ngram.js';
import { Rng } from '../../src/random/rng.js';

const smoothings = ['kneser-ney', 'katz', 'add-k'] as const;
const text = `${'the cat sat on the mat. the rat sat on the cat. a cat ate the rat that sat. '.repeat(2)}zebras hum.`;

async function fitted(given: Record<string, unknown>, on = text) {
  const tokenizer = CharacterTokenizer.of(`${text}${on}q`); // a letter that never occurs
  const data = textDataSet(
    { id: 'own', split: 'train', tokens: tokensInMemory(tokenizer.encode(on)), tokenizer },
    { text: { context: 8 } },
  );
  const settings = resolveSettings(ngram, { context: 8, ...given });
  const make = () =>
    ngram.create(settings, { data: { kind: 'text', shape: [9], tokenizer }, rng: new Rng(), totalSteps: 1 });
  const instance = make();
  const logged = await instance.fitting!.fit(data, { seed: 0 });
  return { instance, make, tokenizer, data, logged, language: instance.capabilities.language as LanguageTable };
}

describe.each(smoothings)('%s', (smoothing) => {
  it.each([1, 2, 3, 5, 8])('order %i: probabilities sum to one after any text, and none is zero', async (order) => {
    const { language, tokenizer } = await fitted({ order, smoothing });
    for (const before of ['', 't', 'the ', 'the cat sat on the m', 'zzz', 'q', 'zebras hum.', 'tqhe cat']) {
      const p = language.predict(tokenizer.encode(before)).map(Math.exp);
      expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      expect(Math.min(...p)).toBeGreaterThan(0);
    }
  });

  it('scores as it predicts', async () => {
    const { language, tokenizer } = await fitted({ order: 4, smoothing });
    const tokens = tokenizer.encode('the rat hums that');
    const scores = language.score(tokens);
    scores.forEach((score, i) => {
      expect(score).toBeCloseTo(language.predict(tokens.subarray(0, i + 1))[tokens[i + 1]!]!, 5);
    });
  });

  it('is saved and loaded', async () => {
    const { instance, make, language, tokenizer } = await fitted({ order: 4, smoothing });
    const again = make();
    again.fitting!.restore(instance.fitting!.state());
    const other = again.capabilities.language as LanguageTable;
    expect(other.predict(tokenizer.encode('the '))).toEqual(language.predict(tokenizer.encode('the ')));
  });

  it('forgets what it was fitted on before', async () => {
    const { instance, data, logged } = await fitted({ order: 3, smoothing });
    expect(await instance.fitting!.fit(data, { seed: 1 })).toEqual(logged);
  });
});

it('add-k is (c + k)/(n + kV)', async () => {
  const { language, tokenizer } = await fitted({ order: 2, smoothing: 'add-k', k: 0.5 }, 'abaacabab');
  const V = tokenizer.size;
  const [a, b] = [tokenizer.encode('a')[0]!, tokenizer.encode('b')[0]!];
  expect(Math.exp(language.predict([a])[b]!)).toBeCloseTo((3 + 0.5) / (5 + 0.5 * V), 6); // a is followed 5 times, by b thrice
});

it('Kneser–Ney counts what a token follows, not how often it occurs', async () => {
  // 'n' occurs most, but only after 'i'; 'e' after many letters.
  const { language, tokenizer } = await fitted({ order: 2 }, 'inininininininin te se he me ae oe ue');
  const of = (c: string) => tokenizer.encode(c)[0]!;
  const after = language.predict([of('q')]);
  expect(after[of('e')]!).toBeGreaterThan(after[of('n')]!);
});

it('Kneser–Ney bigrams equal the formula, computed by hand', async () => {
  const corpus = 'abababacabadabcd';
  const { language, tokenizer } = await fitted({ order: 2 }, corpus);
  const V = tokenizer.size;
  const pairs = new Map<string, number>();
  for (let i = 0; i + 1 < corpus.length; i++) {
    const pair = corpus.slice(i, i + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  const discounts = (values: number[]): number[] => {
    const n = [1, 2, 3, 4].map((c) => values.filter((v) => v === c).length);
    const y = n[0]! / (n[0]! + 2 * n[1]!);
    const d = [0, 1 - (2 * y * n[1]!) / n[0]!, 2 - (3 * y * n[2]!) / n[1]!, 3 - (4 * y * n[3]!) / n[2]!];
    return d.map((x, c) => (c === 0 ? 0 : Number.isFinite(x) && x > 0 && x < c ? x : 0.5));
  };
  const letters = ['a', 'b', 'c', 'd'];
  const follows = letters.map((w) => [...pairs.keys()].filter((p) => p[1] === w).length);
  const lower = discounts(follows);
  const upper = discounts([...pairs.values()]);
  const cut = (d: number[], c: number): number => d[Math.min(3, c)]!;
  const sum = (xs: number[]): number => xs.reduce((x, y) => x + y, 0);
  const p1 = (w: string): number => {
    const c = follows[letters.indexOf(w)]!;
    return (c - cut(lower, c) + sum(follows.map((f) => cut(lower, f))) / V) / sum(follows);
  };
  const h = 'a';
  const ofH = letters.map((w) => pairs.get(h + w) ?? 0);
  const p2 = (w: string): number => {
    const c = pairs.get(h + w) ?? 0;
    return (c - cut(upper, c) + sum(ofH.map((f) => cut(upper, f))) * p1(w)) / sum(ofH);
  };
  for (const w of letters)
    expect(Math.exp(language.predict(tokenizer.encode(h))[tokenizer.encode(w)[0]!]!)).toBeCloseTo(p2(w), 6);
});

it('refuses files of another model', async () => {
  const { instance, make } = await fitted({ order: 3 });
  const state = new Map(instance.fitting!.state());
  expect(() => make().fitting!.restore(new Map())).toThrow(FormatError);
  state.set('ngrams.token', { shape: [2], dtype: 'int32', data: Int32Array.of(0, 999) });
  expect(() => make().fitting!.restore(state)).toThrow(/n-grams of/);
});

it('refuses orders beyond 8', () => {
  expect(() => resolveSettings(ngram, { order: 9 })).toThrow(/≤ 8/);
});
