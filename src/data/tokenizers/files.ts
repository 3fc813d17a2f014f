/** Tokenizers as files have them: GPT-2's encoder.json with vocab.bpe, Hugging Face's tokenizer.json, and our own. */
import { FormatError } from '../../core/errors.js';
import { ByteTokenizer } from './byte.js';
import { BpeTokenizer } from './byte-bpe.js';
import { readBytes } from './byte-characters.js';
import { CharacterTokenizer } from './character.js';
import type { Tokenizer } from './tokenizer.js';

/**
 * GPT-2's tokenizer from its published files.
 * @param encoder content of encoder.json (vocab.json): token in written form → number
 * @param merges content of vocab.bpe (merges.txt): one pair a line
 * @throws FormatError where the content is no JSON, or the two do not belong together
 */
export function bpeFromGpt2Files(encoder: string, merges: string, source = 'encoder.json and vocab.bpe'): BpeTokenizer {
  const lines = merges.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#version'));
  return bpeFrom(parseJson(encoder, source), lines, { special: { '<|endoftext|>': null }, source });
}

/**
 * A tokenizer from the text of a file: byte-level BPE in Hugging Face's tokenizer.json, or genera's own form.
 * @throws FormatError where the text is no JSON, or describes a tokenizer of another kind
 */
export function tokenizerFromJson(text: string, source = 'tokenizer.json'): Tokenizer {
  const json = parseJson(text, source);
  if (json.format === 'genera-tokenizer') {
    if (json.kind === 'byte') return new ByteTokenizer();
    if (json.kind === 'character') return CharacterTokenizer.fromJson(json, source);
    throw fault(source, 'a tokenizer of kind character or byte', JSON.stringify(json.kind));
  }
  const model = objectOf(json.model);
  if (model === undefined) throw fault(source, 'a tokenizer.json with a model', 'a file without one');
  const type = model.type ?? (Array.isArray(model.merges) ? 'BPE' : undefined);
  if (type !== 'BPE') throw fault(source, "a model of type 'BPE' on bytes", JSON.stringify(type));
  const normalizer = objectOf(json.normalizer);
  if (normalizer !== undefined) throw fault(source, 'a tokenizer without normalizer', `normalizer ${normalizer.type}`);
  const before = objectOf(json.pre_tokenizer);
  if (before?.type !== 'ByteLevel' || before.use_regex === false) {
    throw fault(
      source,
      "the pre_tokenizer 'ByteLevel' with GPT-2's pattern",
      JSON.stringify(before ?? null).slice(0, 120),
    );
  }
  const added = Array.isArray(json.added_tokens) ? json.added_tokens.map((token) => objectOf(token) ?? {}) : [];
  return bpeFrom(objectOf(model.vocab) ?? {}, Array.isArray(model.merges) ? model.merges : [], {
    special: Object.fromEntries(added.map(({ content, id }) => [String(content), Number(id)])),
    prefixSpace: before.add_prefix_space === true,
    source,
  });
}

interface Described {
  /** Numbers of special tokens; null: as the vocabulary says, if it has it. */
  readonly special: Readonly<Record<string, number | null>>;
  readonly prefixSpace?: boolean;
  readonly source: string;
}

function bpeFrom(
  vocab: Readonly<Record<string, unknown>>,
  merges: readonly unknown[],
  { special: described, prefixSpace = false, source }: Described,
): BpeTokenizer {
  const special: Record<string, number> = {};
  for (const [name, given] of Object.entries(described)) {
    const token = given ?? vocab[name];
    if (token !== undefined) special[name] = Number(token);
  }
  const tokens = new Map<string, number>(Object.entries(special));
  for (const [written, token] of Object.entries(vocab))
    if (special[written] === undefined) tokens.set(written, Number(token));
  const vocabulary = new Array<Uint8Array>(tokens.size);
  for (const [written, token] of tokens) {
    const bytes = special[written] === undefined ? readBytes(written) : new TextEncoder().encode(written);
    const free = Number.isInteger(token) && token >= 0 && token < tokens.size && vocabulary[token] === undefined;
    if (bytes === undefined) throw fault(source, 'a byte-level vocabulary', `the token ${JSON.stringify(written)}`);
    if (!free) {
      throw fault(
        source,
        `tokens numbered 0 to ${tokens.size - 1}, each once`,
        `${JSON.stringify(written)} as number ${token}`,
      );
    }
    vocabulary[token] = bytes;
  }
  const pairs = merges.map((merge, rank): [number, number] => {
    const [left, right, ...rest] =
      typeof merge === 'string' ? merge.trimEnd().split(' ') : Array.isArray(merge) ? merge : [];
    const pair = [tokens.get(String(left)), tokens.get(String(right))] as const;
    if (pair[0] === undefined || pair[1] === undefined || rest.length > 0) {
      throw fault(source, 'merges of two tokens of the vocabulary', `merge ${rank}: ${JSON.stringify(merge)}`);
    }
    return [pair[0], pair[1]];
  });
  try {
    return new BpeTokenizer({ vocabulary, merges: pairs, special, prefixSpace });
  } catch (cause) {
    throw new FormatError(`read ${source}: ${(cause as Error).message}`, { cause });
  }
}

function parseJson(text: string, source: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fault(source, 'JSON', `other text (${(cause as Error).message})`);
  }
  const object = objectOf(value);
  if (object === undefined) throw fault(source, 'a JSON object', Array.isArray(value) ? 'a list' : typeof value);
  return object;
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function fault(source: string, expected: string, got: string): FormatError {
  return new FormatError({
    operation: `read ${source}`,
    expected,
    got,
    remedy:
      "genera reads byte-level BPE as GPT-2 has it, and its own files: restore the file, or choose 'character', 'byte' or 'bpe'.",
  });
}
