/**
 * Byte-level byte-pair encoding.
 *
 * Text is cut into pieces (words with the space before them, numbers, runs of signs) by GPT-2's pattern; a piece begins as
 * its UTF-8 bytes, and as long as two neighbours are in the list of merges, the pair that is first in the list is joined,
 * leftmost first. Every text has tokens, and every text comes back.
 *
 * Source: Sennrich et al. 2016 (merges); Radford et al. 2019, section 2.2 (on bytes, with the pattern).
 */
import { UsageError } from '../../core/errors.js';
import { MinHeap } from '../../util/min-heap.js';
import { writeBytes } from './byte-characters.js';
import { outOfRange } from './character.js';
import { joinBytes, type Tokenizer } from './tokenizer.js';

/**
 * GPT-2's pattern. White space is Unicode's property, as in the engines that GPT-2's tokens were made with; JavaScript's
 * own \s has U+FEFF in addition and lacks U+0085.
 */
const piece =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** The pieces that are encoded one by one. Joined, they are the text. */
export function piecesOf(text: string): string[] {
  return text.match(piece) ?? [];
}

/** Positions in a piece are below this; so rank · positionLimit + position is an exact number. */
const positionLimit = 2 ** 31;
/** Pieces that are remembered with their tokens. */
const maxRemembered = 100_000;

export interface BpeOptions {
  /** Bytes of each token; the 256 single bytes are among them. */
  readonly vocabulary: readonly Uint8Array[];
  /** Pairs of tokens that are joined, the most urgent first. */
  readonly merges: readonly (readonly [left: number, right: number])[];
  /** Tokens that are no text, by name (`<|endoftext|>`); their bytes in the vocabulary are those of the name. */
  readonly special?: Readonly<Record<string, number>>;
  /** Whether a space is set before the text, as some published tokenizers ask for. */
  readonly prefixSpace?: boolean;
}

export class BpeTokenizer implements Tokenizer {
  readonly kind = 'bpe';
  readonly size: number;
  readonly endOfText?: number;
  readonly vocabulary: readonly Uint8Array[];
  readonly merges: readonly (readonly [left: number, right: number])[];
  readonly special: Readonly<Record<string, number>>;
  readonly prefixSpace: boolean;
  /** left · size + right → rank */
  readonly #ranks = new Map<number, number>();
  /** Token that the pair of a rank becomes. */
  readonly #merged: Int32Array;
  readonly #tokenOfByte = new Int32Array(256).fill(-1);
  readonly #remembered = new Map<string, Int32Array>();

  /** @throws UsageError where a byte has no token, or a merge joins to what is no token */
  constructor({ vocabulary, merges, special = {}, prefixSpace = false }: BpeOptions) {
    this.vocabulary = vocabulary;
    this.merges = merges;
    this.special = special;
    this.prefixSpace = prefixSpace;
    this.size = vocabulary.length;
    const end = special['<|endoftext|>'];
    if (end !== undefined) this.endOfText = end;

    const specials = new Set(Object.values(special));
    const tokenOf = new Map<string, number>();
    vocabulary.forEach((bytes, token) => {
      if (specials.has(token)) return;
      tokenOf.set(writeBytes(bytes), token);
      if (bytes.length === 1) this.#tokenOfByte[bytes[0]!] = token;
    });
    const missing = this.#tokenOfByte.indexOf(-1);
    if (missing >= 0) throw broken('a token for each byte', `none for byte ${missing}`);
    this.#merged = Int32Array.from(merges, ([left, right], rank) => {
      const [a, b] = [vocabulary[left], vocabulary[right]];
      const token = a === undefined || b === undefined ? undefined : tokenOf.get(writeBytes(a) + writeBytes(b));
      if (token === undefined) throw broken('merges that give tokens', `merge ${rank} of ${left} and ${right}`);
      const key = left * this.size + right;
      if (!this.#ranks.has(key)) this.#ranks.set(key, rank);
      return token;
    });
  }

  /** @param options special: whether names of special tokens in the text become these tokens; else they are text */
  encode(text: string, { special = false }: { special?: boolean } = {}): Int32Array {
    const out: number[] = [];
    const whole = this.prefixSpace && text !== '' && !/^\p{White_Space}/u.test(text) ? ` ${text}` : text;
    for (const part of special ? this.#cutAtSpecials(whole) : [whole]) {
      if (typeof part === 'number') out.push(part);
      else for (const p of piecesOf(part)) for (const token of this.#encodePiece(p)) out.push(token);
    }
    return Int32Array.from(out);
  }

  #cutAtSpecials(text: string): (string | number)[] {
    const names = Object.keys(this.special).sort((a, b) => b.length - a.length);
    if (names.length === 0) return [text];
    const escaped = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    return text
      .split(new RegExp(`(${escaped.join('|')})`, 'u'))
      .map((part, i) => (i % 2 === 1 ? this.special[part]! : part));
  }

  #encodePiece(text: string): Int32Array {
    const known = this.#remembered.get(text);
    if (known !== undefined) return known;
    const tokens = this.#merge(Int32Array.from(new TextEncoder().encode(text), (byte) => this.#tokenOfByte[byte]!));
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
    if (text.length <= 64) this.#remembered.set(text, tokens);
    return tokens;
  }

  /** Joins pairs until none is in the list: n bytes take n·log n steps. */
  #merge(tokens: Int32Array): Int32Array {
    const n = tokens.length;
    const next = Int32Array.from({ length: n }, (_, i) => i + 1);
    const previous = Int32Array.from({ length: n }, (_, i) => i - 1);
    const heap = new MinHeap();
    const rankAt = (i: number): number | undefined =>
      i >= 0 && next[i]! < n ? this.#ranks.get(tokens[i]! * this.size + tokens[next[i]!]!) : undefined;
    const offer = (i: number): void => {
      const rank = rankAt(i);
      if (rank !== undefined) heap.push(rank * positionLimit + i);
    };
    for (let i = 0; i < n - 1; i++) offer(i);
    for (let key = heap.pop(); key !== undefined; key = heap.pop()) {
      const rank = Math.floor(key / positionLimit);
      const i = key - rank * positionLimit;
      if (tokens[i] === -1 || rankAt(i) !== rank) continue; // one of the two has been joined to another meanwhile
      const absorbed = next[i]!;
      tokens[i] = this.#merged[rank]!;
      tokens[absorbed] = -1;
      next[i] = next[absorbed]!;
      if (next[i]! < n) previous[next[i]!] = i;
      offer(previous[i]!);
      offer(i);
    }
    return tokens.filter((token) => token !== -1);
  }

  decode(tokens: ArrayLike<number>): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(joinBytes(this, tokens));
  }

  bytesOf(token: number): Uint8Array {
    return this.vocabulary[token] ?? outOfRange('bpe', token, this.size);
  }

  /** In the form of Hugging Face's tokenizer.json. */
  toJson(): Record<string, unknown> {
    const written = this.vocabulary.map(writeBytes);
    const names = new Map(Object.entries(this.special).map(([name, token]) => [token, name]));
    const part = { type: 'ByteLevel', add_prefix_space: this.prefixSpace, trim_offsets: true, use_regex: true };
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [...names].map(([id, content]) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: part,
      post_processor: part,
      decoder: part,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
        fuse_unk: false,
        byte_fallback: false,
        vocab: Object.fromEntries(written.map((text, token) => [names.get(token) ?? text, token])),
        merges: this.merges.map(([left, right]) => `${written[left]} ${written[right]}`),
      },
    };
  }
}

function broken(expected: string, got: string): UsageError {
  return new UsageError({
    operation: 'bpe tokenizer',
    expected,
    got,
    remedy: 'Take a whole vocabulary with its own merges.',
  });
}
