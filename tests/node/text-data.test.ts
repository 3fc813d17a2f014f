import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataError, FormatError, UsageError } from '../../src/core/errors.js';
import { createLoader } from '../../src/data/loader.js';
import { allTokens } from '../../src/data/text.js';
import { ByteTokenizer, trainBpe } from '../../src/data/tokenizers/index.js';
import { openDataSet, readTokenizer } from '../../src/node/text-data.js';
import { openTokenFile, writeTokenFile } from '../../src/node/token-files.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'genera-text-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const textOf = async (id: string): Promise<string> => {
  const { text } = await openDataSet(id).load('train', { text: { context: 4, tokenizer: 'byte' } });
  return text!.tokenizer.decode(allTokens(text!.tokens));
};

describe('text of files', () => {
  test('.txt, .jsonl with a field, and folders', async () => {
    expect(await textOf(write('a.txt', 'line one\r\nline two\n'))).toBe('line one\nline tw');
    const lines = write('b.jsonl', '{"text": "first"}\n\n{"text": "second", "story": "x"}\n{"text":"third"}\n');
    expect(await textOf(lines)).toBe('first\nsecond');
    expect(await textOf(`${write('c.jsonl', '{"story":"Once upon a time."}\n')}:story`)).toBe('Once upon a tim');
    rmSync(join(folder, 'c.jsonl'));
    mkdirSync(join(folder, 'sub'));
    write('sub/d.txt', 'deep'.repeat(9));
    write('picture.png', 'ignored');
    expect(await textOf(`${folder}/`)).toMatch(/^line one\nline two\n\nfirst\nsecond\nthird/);
  });

  test('texts with classes: one item each, filled up or cut, and never moved', async () => {
    const lines = Array.from({ length: 20 }, (_, i) => JSON.stringify({ text: i % 2 ? `odd ${i}` : 'ev', n: i % 2 }));
    const record = openDataSet(`${write('c.jsonl', lines.join('\n'))}:text:n`);
    const text = { context: 4, tokenizer: 'byte' } as const;
    const data = await record.load('train', { text });
    expect(data).toMatchObject({ count: 18, labelNames: ['0', '1'], shape: [5] });
    expect((await record.load('validation', { text })).labels).toEqual(Int32Array.of(0, 1)); // each tenth of a class
    const loader = createLoader(data, { batchSize: 18, seed: 1 });
    for (const epoch of [0, 1]) {
      const { x, labels } = loader.batch(epoch);
      const seen = Array.from(labels!, (_, i) => data.text!.tokenizer.decode(x.slice(5 * i, 5 * i + 4)));
      expect(seen).toEqual(Array.from(labels!, (label) => (label === 1 ? 'odd ' : 'ev\n\n')));
    }
    const changed = lines.with(0, '{"text": "ev", "n": 1}');
    const other = openDataSet(`${write('d.jsonl', changed.join('\n'))}:text:n`);
    expect((await other.load('train', { text })).checksum).not.toBe(data.checksum);
  });

  test('what is wrong is said', async () => {
    await expect(textOf('./no/such.txt')).rejects.toThrow(/nothing there/);
    await expect(textOf(write('latin.txt', Uint8Array.of(0x41, 0xe9, 0x41)))).rejects.toThrow(/UTF-8/);
    await expect(textOf(write('x.jsonl', '{"text": "a"}\n{"text": \n'))).rejects.toThrow(/line 2: expected JSON/);
    await expect(textOf(write('y.jsonl', '{"body": "a"}\n'))).rejects.toThrow(/a field 'text'.*fields body/);
    await expect(textOf(write('empty.txt', ''))).rejects.toThrow(DataError);
    expect(() => openDataSet('mnits')).toThrow(UsageError);
  });
});

describe('token files', () => {
  const text = `${'The cat sat on the mat.  \n\n\tIt was 猫 😀!\n'.repeat(300)}end`;

  test.each([1, 7, 100, 1 << 20])(
    'are what encoding the whole text gives, read in chunks of %i bytes',
    async (chunk) => {
      const tokenizer = trainBpe(text, { size: 300 });
      const out = join(folder, 'x.tokens');
      const count = await writeTokenFile([write('x.txt', text)], tokenizer, out, { chunk });
      const { tokens, tokenizer: again } = await openTokenFile(out);
      expect(tokens.length).toBe(count);
      expect(allTokens(tokens)).toEqual(tokenizer.encode(text));
      const part = new Int32Array(5);
      tokens.read(100, part);
      expect(part).toEqual(tokenizer.encode(text).slice(100, 105));
      expect(again.toJson()).toEqual(tokenizer.toJson());
    },
  );

  test('serve as data sets: nine tenths and the rest', async () => {
    const out = join(folder, 'x.tokens');
    const count = await writeTokenFile([write('x.txt', text), write('y.txt', 'more')], new ByteTokenizer(), out);
    expect(count).toBe(new TextEncoder().encode(text).length + 1 + 4);
    const load = (split: 'train' | 'test') => openDataSet(out).load(split, { text: { context: 8 } });
    const [train, test] = [await load('train'), await load('test')];
    expect(train.text!.tokens.length).toBe(Math.floor(count * 0.9));
    expect(test.text!.tokenizer.decode(allTokens(test.text!.tokens)).endsWith('end\nmore')).toBe(true);
    const other = openDataSet(out).load('train', { text: { tokenizer: trainBpe(text, { size: 300 }) } });
    await expect(other).rejects.toThrow(/tokens of the model's tokenizer/);
  });

  test('damage is found', async () => {
    const out = join(folder, 'x.tokens');
    await expect(openTokenFile(out)).rejects.toThrow(DataError);
    await writeTokenFile([write('x.txt', text)], new ByteTokenizer(), out);
    write('x.tokens', 'short');
    await expect(openTokenFile(out)).rejects.toThrow(FormatError);
    write('x.tokens.json', '{');
    await expect(openTokenFile(out)).rejects.toThrow(/expected JSON/);
  });
});

test('tokenizers of files and folders', async () => {
  const tokenizer = trainBpe('some text, some more text', { size: 270 });
  const path = write('tokenizer.json', JSON.stringify(tokenizer.toJson()));
  for (const place of [path, folder]) expect((await readTokenizer(place)).toJson()).toEqual(tokenizer.toJson());
  await expect(readTokenizer(join(folder, 'none'))).rejects.toThrow(/character, byte, bpe/);
});
