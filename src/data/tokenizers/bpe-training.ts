/**
 * Training byte-level BPE: beginning with the 256 bytes, the pair of neighbours that occurs most often in the text becomes
 * a new token, again and again. Pieces that occur several times are counted once with their number, and only the pieces
 * that hold the pair are looked at again, so megabytes take seconds.
 *
 * Source: Sennrich et al. 2016, algorithm 1.
 */
import { UsageError } from '../../core/errors.js';
import { MinHeap } from '../../util/min-heap.js';
import { BpeTokenizer, piecesOf } from './byte-bpe.js';

export interface BpeTrainingOptions {
  /** Tokens to end with: 256 bytes, the merges and the special ones. Fewer where no pair occurs twice any more. */
  readonly size: number;
  /** Names of special tokens, which come last; default `<|endoftext|>`. */
  readonly special?: readonly string[];
}

/** A pair is a number, left · pairBase + right. */
const pairBase = 2 ** 17;

/**
 * A tokenizer learnt from text. Equal counts are settled for the pair of lower tokens, so the result is a function of the
 * text alone.
 * @throws UsageError for a size that has no room for the bytes and special tokens, or an empty text
 */
export function trainBpe(text: string, { size, special = ['<|endoftext|>'] }: BpeTrainingOptions): BpeTokenizer {
  const least = 256 + special.length;
  if (!Number.isInteger(size) || size < least || size > pairBase) {
    throw new UsageError({
      operation: 'train bpe',
      expected: `a size from ${least} to ${pairBase}`,
      got: String(size),
    });
  }
  if (text === '') {
    throw new UsageError({ operation: 'train bpe', expected: 'text to learn from', got: 'none' });
  }
  const counted = new Map<string, number>();
  for (const piece of piecesOf(text)) counted.set(piece, (counted.get(piece) ?? 0) + 1);
  const words = [...counted].map(([piece, count]) => ({ count, tokens: [...new TextEncoder().encode(piece)] }));

  const counts = new Map<number, number>();
  /** Words that hold, or once held, a pair. */
  const places = new Map<number, Set<number>>();
  const add = (pair: number, word: number, count: number): void => {
    counts.set(pair, (counts.get(pair) ?? 0) + count);
    if (count < 0) return;
    const list = places.get(pair);
    if (list === undefined) places.set(pair, new Set([word]));
    else list.add(word);
  };
  const pairsOf = (tokens: readonly number[]): number[] => tokens.slice(1).map((b, i) => tokens[i]! * pairBase + b);
  words.forEach(({ tokens, count }, w) => {
    for (const pair of pairsOf(tokens)) add(pair, w, count);
  });

  const queue = new PairQueue(counts);
  const vocabulary = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  const merges: [number, number][] = [];
  while (vocabulary.length < size - special.length) {
    const best = queue.pop();
    if (best === undefined) break;
    const [left, right] = [Math.floor(best / pairBase), best % pairBase];
    const token = vocabulary.length;
    vocabulary.push(Uint8Array.of(...vocabulary[left]!, ...vocabulary[right]!));
    merges.push([left, right]);
    const touched = new Set<number>();
    for (const w of places.get(best)!) {
      const word = words[w]!;
      const before = pairsOf(word.tokens);
      if (!before.includes(best)) continue;
      word.tokens = join(word.tokens, left, right, token);
      for (const pair of before) add(pair, w, -word.count);
      for (const pair of pairsOf(word.tokens)) {
        add(pair, w, word.count);
        touched.add(pair);
      }
    }
    places.delete(best);
    queue.push(touched);
  }
  const names = Object.fromEntries(special.map((name, i) => [name, vocabulary.length + i]));
  for (const name of special) vocabulary.push(new TextEncoder().encode(name));
  return new BpeTokenizer({ vocabulary, merges, special: names });
}

/** Every (left, right), from the left, becomes `token`. */
function join(tokens: readonly number[], left: number, right: number, token: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === left && tokens[i + 1] === right) {
      out.push(token);
      i++;
    } else out.push(tokens[i]!);
  }
  return out;
}

/** Pairs by count, most first, then by number. An entry whose count has changed since is found out when it comes. */
class PairQueue {
  readonly #counts: ReadonlyMap<number, number>;
  /** One heap of pairs for each count: both orders are whole numbers, and together they would not fit in one. */
  readonly #byCount = new Map<number, MinHeap>();
  readonly #negatedCounts = new MinHeap();

  constructor(counts: ReadonlyMap<number, number>) {
    this.#counts = counts;
    this.push(counts.keys());
  }

  push(pairs: Iterable<number>): void {
    for (const pair of pairs) {
      const count = this.#counts.get(pair)!;
      if (count < 2) continue;
      let heap = this.#byCount.get(count);
      if (heap === undefined) {
        heap = new MinHeap();
        this.#byCount.set(count, heap);
        this.#negatedCounts.push(-count);
      }
      heap.push(pair);
    }
  }

  pop(): number | undefined {
    for (let top = this.#negatedCounts.pop(); top !== undefined; top = this.#negatedCounts.pop()) {
      const heap = this.#byCount.get(-top)!;
      for (let pair = heap.pop(); pair !== undefined; pair = heap.pop()) {
        const count = this.#counts.get(pair)!;
        if (count === -top) {
          this.#negatedCounts.push(top);
          return pair;
        }
        if (count < -top) this.push([pair]);
      }
      this.#byCount.delete(-top);
    }
    return undefined;
  }
}
