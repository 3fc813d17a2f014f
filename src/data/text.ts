/**
 * Text as items: one long sequence of tokens, cut into windows. Window i holds `context` tokens and the one after them,
 * tokens[i·context … (i + 1)·context], so that every token but the first is once something to predict.
 */
import { sha256 } from '../util/sha256.js';
import { ByteTokenizer, CharacterTokenizer, type Tokenizer, trainBpe } from './tokenizers/index.js';

/** A sequence of tokens, in memory or read from a file piece by piece. */
export interface TokenStore {
  readonly length: number;
  /** 'sha256:' and a digest of the tokens. */
  readonly checksum: string;
  /** Copies the tokens from `start` on; `out` lies inside the sequence. */
  read(start: number, out: Int32Array): void;
}

/** What a data set of text has instead of items. */
export interface TextItems {
  readonly tokens: TokenStore;
  readonly tokenizer: Tokenizer;
}

/** How text becomes tokens and windows; a model's settings say it. */
export interface TextOptions {
  /** A tokenizer, or the kind of one that is made from the text; default 'character'. */
  readonly tokenizer?: Tokenizer | TokenizerKind;
  /** Tokens of a trained BPE tokenizer. */
  readonly vocabulary?: number;
  /** Tokens of a window, without the one after it. */
  readonly context?: number;
}

export const tokenizerKinds = ['character', 'byte', 'bpe'] as const;
export type TokenizerKind = (typeof tokenizerKinds)[number];

export const textDefaults = { tokenizer: 'character', vocabulary: 2048, context: 32 } as const;

export function tokensInMemory(tokens: Int32Array): TokenStore {
  const bytes = new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);
  let checksum: string | undefined;
  return {
    length: tokens.length,
    get checksum() {
      checksum ??= `sha256:${sha256(bytes)}`;
      return checksum;
    },
    read(start, out) {
      out.set(tokens.subarray(start, start + out.length));
    },
  };
}

/** The part start … end − 1 of a sequence. */
export function sliceTokens(store: TokenStore, start: number, end: number): TokenStore {
  if (start === 0 && end === store.length) return store;
  return {
    length: end - start,
    checksum: `sha256:${sha256(new TextEncoder().encode(`${store.checksum} ${start} ${end}`))}`,
    read: (from, out) => store.read(start + from, out),
  };
}

/** All tokens of a sequence, in memory. */
export function allTokens(store: TokenStore): Int32Array {
  const out = new Int32Array(store.length);
  store.read(0, out);
  return out;
}

/** Windows of a sequence: every token but the first is predicted, those left over at the end excepted. */
export function windowCount(length: number, context: number): number {
  return Math.max(0, Math.floor((length - 1) / context));
}

/**
 * Copies window `index`, moved by `shift` tokens; at the end of the sequence it is moved by less.
 * @param out of context + 1 tokens
 */
export function readWindow({ tokens }: TextItems, index: number, shift: number, out: Int32Array): void {
  const start = index * (out.length - 1) + shift;
  tokens.read(Math.min(start, tokens.length - out.length), out);
}

/**
 * Documents cut by position: the first ones up to a fraction of all characters, and the rest. A single document is cut
 * inside; of several, each stays whole.
 */
export function splitDocuments(documents: readonly string[], fraction: number): [first: string[], rest: string[]] {
  const total = documents.reduce((sum, document) => sum + document.length, 0);
  if (documents.length === 1) {
    let border = Math.floor(total * fraction);
    if (/[\uDC00-\uDFFF]/.test(documents[0]![border] ?? '')) border++; // not inside a pair of surrogates
    return [[documents[0]!.slice(0, border)], [documents[0]!.slice(border)]];
  }
  let seen = 0;
  const border = documents.findIndex((document) => {
    seen += document.length;
    return seen > total * fraction;
  });
  const end = border === -1 ? documents.length : Math.max(1, border);
  return [documents.slice(0, end), documents.slice(end)];
}

/**
 * The tokenizer that options ask for.
 * @param training documents that BPE learns from
 * @param alphabet text with every character that occurs
 */
export function tokenizerFor(
  { tokenizer = textDefaults.tokenizer, vocabulary = textDefaults.vocabulary }: TextOptions,
  training: readonly string[],
  alphabet: string,
): Tokenizer {
  if (typeof tokenizer !== 'string') return tokenizer;
  switch (tokenizer) {
    case 'character':
      return CharacterTokenizer.of(alphabet);
    case 'byte':
      return new ByteTokenizer();
    default:
      return trainBpe(training.join('\n'), { size: vocabulary });
  }
}

/**
 * Documents one after the other (packing). Between two stands the tokenizer's end-of-text token, or a line break where it
 * has none.
 */
export function packDocuments(documents: readonly string[], tokenizer: Tokenizer): Int32Array {
  if (documents.length === 1) return tokenizer.encode(documents[0]!);
  const end = tokenizer.endOfText;
  const border = end === undefined ? tokenizer.encode('\n') : Int32Array.of(end);
  const parts = documents.flatMap((document, i) => (i === 0 ? [] : [border]).concat([tokenizer.encode(document)]));
  const out = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
