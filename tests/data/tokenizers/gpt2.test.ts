/** GPT-2's tokenizer against an implementation by other people, on 10,000 lines. */
import { existsSync, readFileSync } from 'node:fs';
import { decode as oracleDecode, encode as oracleEncode } from 'gpt-tokenizer/encoding/r50k_base';
import { describe, expect, it } from 'vitest';
import { type BpeTokenizer, bpeFromGpt2Files, tokenizerFromJson } from '../../../src/data/tokenizers/index.js';
import { RandomSequence } from '../../../src/random/sequence.js';

const folder = process.env.GENERA_DATA ?? new URL('../../../../shared/data', import.meta.url).pathname;
const has = existsSync(`${folder}/gpt2-bpe/encoder.json`);
if (!has) console.warn(`skipped: GPT-2's tokenizer against the oracle, since ${folder}/gpt2-bpe is not there`);
const read = (path: string): string => readFileSync(`${folder}/${path}`, 'utf8');

/** Spaces that JavaScript's \s and Unicode's White_Space disagree on: the oracle uses the former. */
const disputed = /[\u0085\uFEFF]/u;

/** Lines of several kinds, the same at each call. */
function lines(): string[] {
  const random = new RandomSequence({ seed: 1, site: 7 });
  const pick = <T>(from: ArrayLike<T>): T => from[random.int(from.length)]!;
  const sources = [
    read('alice/11-0.txt').split('\r\n').filter(Boolean),
    read('tang-poems/tang-poems.txt').split('\n').filter(Boolean),
    read('tiny-shakespeare/input.txt').split('\n').filter(Boolean),
    readFileSync(new URL('../../../src/data/tokenizers/byte-bpe.ts', import.meta.url), 'utf8').split('\n'),
    readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8').split('\n'),
  ];
  const ranges = [
    [0x20, 0x7e],
    [0xa0, 0x24f],
    [0x370, 0x3ff],
    [0x400, 0x4ff],
    [0x590, 0x6ff],
    [0x900, 0x97f],
    [0xe00, 0xe7f],
    [0x1100, 0x11ff],
    [0x2000, 0x206f],
    [0x2190, 0x22ff],
    [0x3040, 0x30ff],
    [0x4e00, 0x9fff],
    [0xac00, 0xd7a3],
    [0x1f300, 0x1f6ff],
    [0x1f900, 0x1f9ff],
    [0x1d400, 0x1d7ff],
    [0, 0x1f],
    [0x20000, 0x2a6df],
  ] as const;
  const clusters = [
    '👨‍👩‍👧‍👦',
    '🏳️‍🌈',
    '👍🏽',
    'é',
    'e\u0301',
    '🇩🇪',
    "'ll",
    "'S",
    '  ',
    '\t\t',
    ' \n ',
    '٣٤',
    '½',
    '_',
    '"',
    '\u200b',
    '<|endoftext|>',
  ];
  const noise = (): string =>
    Array.from({ length: 1 + random.int(40) }, () => {
      if (random.int(5) === 0) return pick(clusters);
      const [low, high] = pick(ranges);
      return String.fromCodePoint(low + random.int(high - low + 1));
    }).join('');
  return Array.from({ length: 10_000 }, () => (random.int(3) === 0 ? noise() : pick(pick(sources)))).map((line) =>
    line.replace(disputed, ' '),
  );
}

describe.runIf(has)('GPT-2 tokenizer', () => {
  const load = (): BpeTokenizer => bpeFromGpt2Files(read('gpt2-bpe/encoder.json'), read('gpt2-bpe/vocab.bpe'));

  it('has the same tokens as the oracle on 10,000 lines, and gives the text back', () => {
    const tokenizer = load();
    expect(tokenizer.size).toBe(50257);
    expect(tokenizer.endOfText).toBe(50256);
    for (const line of lines()) {
      const expected = oracleEncode(line, { disallowedSpecial: new Set() });
      const found = [...tokenizer.encode(line)];
      if (found.join() !== expected.join()) expect(found, JSON.stringify(line)).toEqual(expected);
      expect(tokenizer.decode(found)).toBe(oracleDecode(expected));
    }
  }, 60_000);

  it('takes Unicode white space as the published engines do', () => {
    const tokenizer = load();
    // U+0085 is white space, U+FEFF is not: 'a' + BOM is a letter and a run of signs.
    expect([...tokenizer.encode('a \ufeffb')]).toEqual([64, ...tokenizer.encode(' \ufeff'), 65]);
    expect([...tokenizer.encode('a\u0085 b')]).toEqual([64, ...tokenizer.encode('\u0085'), 275]);
  });

  it('reads its own tokenizer.json, and special tokens only when asked to', () => {
    const tokenizer = load();
    const again = tokenizerFromJson(JSON.stringify(tokenizer.toJson())) as BpeTokenizer;
    const text = "Hello<|endoftext|> world, it's 2026 – 你好 🏳️‍🌈";
    expect([...again.encode(text)]).toEqual([...tokenizer.encode(text)]);
    expect([...again.encode('a<|endoftext|>b', { special: true })]).toEqual([64, 50256, 65]);
    expect([...again.encode('<|endoftext|>')]).not.toContain(50256);
    expect(again.toJson()).toEqual(tokenizer.toJson());
  });

  it('encodes one long piece in about the time of many short ones', () => {
    const tokenizer = load();
    const text = 'ab'.repeat(200_000);
    const start = performance.now();
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    expect(performance.now() - start).toBeLessThan(8000);
  });
});
