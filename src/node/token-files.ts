/**
 * Token files, for text that is larger than memory: `x.tokens` holds the tokens one after the other as little-endian
 * uint16 or uint32, `x.tokens.json` says which, how many, and by which tokenizer. They are written in one pass over the
 * text and read window by window; the operating system keeps what is used often.
 */

import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import fs from 'node:fs/promises';
import { endianness } from 'node:os';
import { DataError, FormatError, UsageError } from '../core/errors.js';
import { checkArguments, type DataSetRecord } from '../data/data-set.js';
import { sliceTokens, type TokenStore, textDefaults } from '../data/text.js';
import { textDataSet } from '../data/text-sets.js';
import { type Tokenizer, tokenizerFromJson } from '../data/tokenizers/index.js';
import { jsonText } from '../util/json-text.js';
import { onDisk, readTextIfThere, writeFileWhole } from './files.js';

export const tokenFileEnding = '.tokens';

interface Header {
  readonly format: 'genera-tokens-1';
  readonly dtype: 'uint16' | 'uint32';
  readonly count: number;
  readonly sha256: string;
  readonly tokenizer: Record<string, unknown>;
}

/**
 * Encodes text files into a token file, a piece at a time.
 * @param out path ending in .tokens
 * @returns the number of tokens
 */
export async function writeTokenFile(
  paths: readonly string[],
  tokenizer: Tokenizer,
  out: string,
  { chunk = 2 ** 20 }: { chunk?: number } = {},
): Promise<number> {
  if (!out.endsWith(tokenFileEnding)) {
    throw new UsageError({
      operation: `write ${out}`,
      expected: `a name that ends in ${tokenFileEnding}`,
      got: `'${out}'`,
    });
  }
  const dtype = tokenizer.size <= 2 ** 16 ? 'uint16' : 'uint32';
  const hash = createHash('sha256');
  let count = 0;
  const file = await onDisk(`write ${out}`, () => fs.open(out, 'w'));
  const put = async (tokens: Int32Array): Promise<void> => {
    const values = dtype === 'uint16' ? Uint16Array.from(tokens) : Uint32Array.from(tokens);
    const bytes = Buffer.from(values.buffer);
    hash.update(bytes);
    count += tokens.length;
    await onDisk(`write ${out}`, () => file.write(bytes));
  };
  try {
    for (const [i, path] of paths.entries()) {
      if (i > 0)
        await put(tokenizer.endOfText === undefined ? tokenizer.encode('\n') : Int32Array.of(tokenizer.endOfText));
      let rest = '';
      for await (const part of createReadStream(path, { encoding: 'utf8', highWaterMark: chunk })) {
        rest += part;
        const border = borderOf(rest);
        if (border === 0) continue;
        await put(tokenizer.encode(rest.slice(0, border)));
        rest = rest.slice(border);
      }
      await put(tokenizer.encode(rest));
    }
  } finally {
    await file.close();
  }
  const header: Header = {
    format: 'genera-tokens-1',
    dtype,
    count,
    sha256: hash.digest('hex'),
    tokenizer: tokenizer.toJson(),
  };
  await writeFileWhole(`${out}.json`, jsonText(header));
  return count;
}

/** The last place where text may be cut without changing its tokens: before a line break that follows a visible character. */
function borderOf(text: string): number {
  for (let i = text.length - 1; i > 0; i--) if (text[i] === '\n' && /\P{White_Space}/u.test(text[i - 1]!)) return i;
  return 0;
}

/**
 * Opens a token file; nothing but windows that are asked for is read.
 * @throws DataError where it is not there, FormatError where file and description do not agree
 */
export async function openTokenFile(path: string): Promise<{ tokens: TokenStore; tokenizer: Tokenizer }> {
  const text = await readTextIfThere(`${path}.json`);
  const size = await fs.stat(path).then(
    (s) => s.size,
    () => undefined,
  );
  if (text === undefined || size === undefined) {
    throw new DataError({
      operation: `open ${path}`,
      expected: 'a token file with its description beside it',
      got: `no ${size === undefined ? path : `${path}.json`}`,
      remedy: 'Write it with writeTokenFile.',
    });
  }
  let header: Header;
  try {
    header = JSON.parse(text) as Header;
  } catch (cause) {
    throw new FormatError(
      { operation: `read ${path}.json`, expected: 'JSON', got: (cause as Error).message },
      { cause },
    );
  }
  const width = header.dtype === 'uint16' ? 2 : 4;
  if (header.format !== 'genera-tokens-1' || header.count * width !== size || endianness() !== 'LE') {
    throw new FormatError({
      operation: `open ${path}`,
      expected: `${header.count} tokens of ${width} bytes`,
      got: `${size} bytes`,
      remedy: 'Write the token file again.',
    });
  }
  const descriptor = openSync(path, 'r');
  const tokens: TokenStore = {
    length: header.count,
    checksum: `sha256:${header.sha256}`,
    read(start, out) {
      const values = width === 2 ? new Uint16Array(out.length) : new Uint32Array(out.length);
      readSync(descriptor, values, 0, values.byteLength, start * width);
      out.set(values);
    },
  };
  files.register(tokens, descriptor);
  return { tokens, tokenizer: tokenizerFromJson(JSON.stringify(header.tokenizer), `${path}.json`) };
}

/** Closes what nobody uses any more. */
const files = new FinalizationRegistry<number>((descriptor) => closeSync(descriptor));

/** A token file as a data set: the last tenth by position is held out. */
export function tokenDataSet(path: string): DataSetRecord {
  return {
    id: path,
    title: path,
    summary: `Tokens of ${path}; the last tenth is held out.`,
    files: [],
    kind: 'text',
    shape: [textDefaults.context + 1],
    splits: { train: 0, validation: 0, test: 0 },
    async load(split, options = {}) {
      checkArguments(path, split, options);
      const { tokens: whole, tokenizer } = await openTokenFile(path);
      const asked = options.text?.tokenizer;
      if (typeof asked === 'object' && JSON.stringify(asked.toJson()) !== JSON.stringify(tokenizer.toJson())) {
        throw new UsageError({
          operation: `data ${path}`,
          expected: `tokens of the model's tokenizer (${asked.kind}, ${asked.size} tokens)`,
          got: `those of another (${tokenizer.kind}, ${tokenizer.size})`,
          remedy: 'Write the token file with the tokenizer of the run.',
        });
      }
      const border = Math.floor(whole.length * 0.9);
      const part = split === 'train' ? sliceTokens(whole, 0, border) : sliceTokens(whole, border, whole.length);
      return textDataSet({ id: path, split, tokens: part, tokenizer }, options);
    },
  };
}
