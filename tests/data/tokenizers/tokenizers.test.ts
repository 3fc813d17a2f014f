import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, UsageError } from '../../../src/core/errors.js';
import {
  BpeTokenizer,
  ByteTokenizer,
  bpeFromGpt2Files,
  CharacterTokenizer,
  joinBytes,
  StreamingDecoder,
  type Tokenizer,
  tokenizerFromJson,
  trainBpe,
} from '../../../src/data/tokenizers/index.js';

const bytes = (text: string): number[] => [...new TextEncoder().encode(text)];
const text = 'the cat sat on the mat; the cat ate the rat. Größe 猫猫猫 😀😀 \n\n  the end';
const all = (): Tokenizer[] => [
  CharacterTokenizer.of(text),
  new ByteTokenizer(),
  trainBpe(text.repeat(3), { size: 300 }),
];

describe.each(all().map((t) => [t.kind, t] as const))('%s tokenizer', (_, tokenizer) => {
  it('gives text back, as a whole, token by token and after a journey through JSON', () => {
    const tokens = tokenizer.encode(text);
    expect(Math.max(...tokens)).toBeLessThan(tokenizer.size);
    expect(tokenizer.decode(tokens)).toBe(text);
    expect([...joinBytes(tokenizer, tokens)]).toEqual(bytes(text));
    const decoder = new StreamingDecoder(tokenizer);
    const parts = Array.from(tokens, (token) => decoder.push(token));
    expect(parts.join('') + decoder.end()).toBe(text);
    expect(parts.join('')).not.toContain('\uFFFD');
    const again = tokenizerFromJson(JSON.stringify(tokenizer.toJson()));
    expect([...again.encode(text)]).toEqual([...tokens]);
    expect(again.size).toBe(tokenizer.size);
  });

  it('refuses tokens that it does not have', () => {
    for (const token of [-1, tokenizer.size, 0.5]) expect(() => tokenizer.decode([token])).toThrow(UsageError);
  });
});

describe('character tokenizer', () => {
  it('numbers characters by code point, surrogate pairs as one', () => {
    const tokenizer = CharacterTokenizer.of('cab😀a');
    expect(tokenizer.characters).toEqual(['a', 'b', 'c', '😀']);
    expect([...tokenizer.encode('😀bac')]).toEqual([3, 1, 0, 2]);
  });

  it('names a character that it does not know, and its place', () => {
    expect(() => CharacterTokenizer.of('abc').encode('ab€')).toThrow(/"€" \(U\+20AC\) at character 2/);
  });
});

describe('byte-level BPE', () => {
  it('gives any text back', () => {
    const tokenizer = trainBpe(text.repeat(3), { size: 320 });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (s) => tokenizer.decode(tokenizer.encode(s)) === s),
    );
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (s) =>
          tokenizer.decode(tokenizer.encode(s)) ===
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(s)),
      ),
    );
  });

  it('learns the pairs of the worked example of Sennrich et al. in their order', () => {
    // low ×5, lower ×2, newest ×6, widest ×3 (figure 1), here as words of their own.
    const corpus = ['low '.repeat(5), 'lower '.repeat(2), 'newest '.repeat(6), 'widest '.repeat(3)].join('');
    const tokenizer = trainBpe(corpus, { size: 256 + 3, special: [] });
    const learnt = tokenizer.vocabulary.slice(256).map((b) => new TextDecoder().decode(b));
    // 'es' and 'st' are both met nine times, 'we' too (lower, newest: 8); ties go to the lower pair: (e, s) before (s, t).
    expect(learnt).toEqual(['es', 'est', 'lo']);
  });

  it('merges the most urgent pair first, wherever it is', () => {
    const vocabulary = Array.from({ length: 256 }, (_, b) => Uint8Array.of(b));
    const word = (s: string) => new TextEncoder().encode(s);
    const [a, b, c] = bytes('abc') as [number, number, number];
    const tokenizer = new BpeTokenizer({
      vocabulary: [...vocabulary, word('bc'), word('ab'), word('abc')],
      merges: [
        [b, c],
        [a, b],
        [a, 256],
      ],
    });
    expect([...tokenizer.encode('abc')]).toEqual([258]);
    expect([...tokenizer.encode('abab')]).toEqual([257, 257]);
    expect([...tokenizer.encode('ababc')]).toEqual([257, 258]);
  });

  it('equal pairs in a row are joined from the left', () => {
    const tokenizer = trainBpe('aaaa aaaa aaaa', { size: 257, special: [] });
    expect(tokenizer.merges).toEqual([[97, 97]]);
    expect([...tokenizer.encode('aaa')]).toEqual([256, 97]);
  });

  it('stops where nothing repeats, and is the same each time', () => {
    const small = trainBpe('abc', { size: 1000 });
    expect(small.size).toBe(257);
    expect(trainBpe(text, { size: 290 }).toJson()).toEqual(trainBpe(text, { size: 290 }).toJson());
  });
});

describe('broken tokenizer files', () => {
  const good = trainBpe(text, { size: 280 }).toJson() as { model: { merges: string[]; vocab: Record<string, number> } };
  it.each([
    ['no JSON', '{"model": ', /expected JSON/],
    ['a list', '[]', /JSON object/],
    ['no model', '{}', /a model/],
    ['another model', JSON.stringify({ ...good, model: { type: 'WordPiece', vocab: {} } }), /WordPiece/],
    ['another pattern', JSON.stringify({ ...good, pre_tokenizer: { type: 'Whitespace' } }), /Whitespace/],
    ['a merge of unknown tokens', JSON.stringify({ ...good, model: { ...good.model, merges: ['x yz'] } }), /merge 0/],
    ['holes', JSON.stringify({ ...good, model: { ...good.model, vocab: { a: 7 }, merges: [] } }), /numbered/],
    ['an alphabet with a double', '{"format":"genera-tokenizer","kind":"character","characters":"aa"}', /twice/],
    ['an unknown kind', '{"format":"genera-tokenizer","kind":"word"}', /word/],
  ])('%s', (_, json, message) => {
    expect(() => tokenizerFromJson(json, 'x/tokenizer.json')).toThrow(FormatError);
    expect(() => tokenizerFromJson(json, 'x/tokenizer.json')).toThrow(message);
  });

  it('GPT-2 files that do not belong together', () => {
    expect(() => bpeFromGpt2Files('{"a": 0}', 'a b')).toThrow(/merge 0/);
    expect(() => bpeFromGpt2Files('{"a": 0}', '')).toThrow(/a token for each byte/);
  });
});

describe('training refuses', () => {
  it.each([[256], [10], [1e9], [1.5]])('size %s', (size) =>
    expect(() => trainBpe('text', { size })).toThrow(UsageError),
  );
  it('no text', () => expect(() => trainBpe('', { size: 300 })).toThrow(/text to learn from/));
});
