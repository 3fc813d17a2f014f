/**
 * Fills arrays with counter-based noise. An array is rows × rowSize; row r takes the counter's row `firstRow + r`, and
 * element e of a row its word e (word e mod 4 of block ⌊e / 4⌋). So a value depends on (seed, site, step, row, element)
 * alone: not on the batch it is drawn in, nor on how many rows or elements are asked for.
 */

import { UsageError } from '../core/errors.js';
import { boxMuller } from './box-muller.js';
import { fillWords, seedKey } from './philox.js';
import { fillManyWords } from './philox-simd.js';
import { RandomSequence, type SequencePosition } from './sequence.js';

/** Where the rows of an array lie in the counter space. */
export interface Stream {
  /** A non-negative safe integer. */
  readonly seed: number;
  /** The place in the program that asks for noise: uint32. */
  readonly site: number;
  /** The training step: uint32, default 0. */
  readonly step?: number;
  /** The counter's row of the array's first row: uint32, default 0. */
  readonly firstRow?: number;
  /** Elements of one row; default: the whole array is one row. */
  readonly rowSize?: number;
}

/** Words, uniform over 0 … 2^32 − 1. */
export function fillUint32(out: Uint32Array, stream: Stream): void {
  const { seed, site, step = 0, firstRow = 0, rowSize = out.length } = stream;
  const { low, high } = seedKey(seed);
  const rows = countRows(out.length, rowSize);
  const position = { block: 0, row: 0, step, site };
  for (let r = 0; r < rows; r++) {
    position.row = firstRow + r;
    fillManyWords(out, r * rowSize, rowSize, position, low, high);
  }
}

/** Uniform in [0, 1): the top 24 bits of each word, so every value is a multiple of 2^−24 and exact in float32. */
export function fillUniform(out: Float32Array, stream: Stream): void {
  const words = sameBytes(out);
  fillUint32(words, stream);
  for (let i = 0; i < out.length; i++) out[i] = ((words[i] as number) >>> 8) * 2 ** -24;
}

/**
 * Standard normal: elements 2j and 2j + 1 of a row are the two Box–Muller values of its words 2j and 2j + 1, computed
 * in float64 and stored in float32.
 */
export function fillNormal(out: Float32Array, stream: Stream): void {
  const { seed, site, step = 0, firstRow = 0, rowSize = out.length } = stream;
  const words = sameBytes(out);
  fillUint32(words, stream);
  const rows = countRows(out.length, rowSize);
  const paired = rowSize - (rowSize % 2);
  for (let r = 0; r < rows; r++) {
    const start = r * rowSize;
    // In place: a pair's words are read before its values overwrite them.
    for (let e = start; e < start + paired; e += 2) boxMuller(words[e] as number, words[e + 1] as number, out, e);
  }
  if (paired === rowSize) return;

  // An odd row's last element needs the word after the row's end: its block is computed again.
  const { low, high } = seedKey(seed);
  const position = { block: paired >> 2, row: 0, step, site };
  const block = new Uint32Array(4);
  const pair = new Float64Array(2);
  for (let r = 0; r < rows; r++) {
    position.row = firstRow + r;
    fillWords(block, 0, 4, position, low, high);
    boxMuller(block[paired % 4] as number, block[(paired % 4) + 1] as number, pair);
    out[r * rowSize + paired] = pair[0] as number;
  }
}

/**
 * One unbiased integer among 0 … n − 1. For many, use a `RandomSequence`.
 *
 * @throws UsageError unless 1 ≤ n ≤ 2^32
 */
export function randomInt(n: number, position: SequencePosition): number {
  if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
    throw new UsageError({ operation: 'randomInt', expected: 'an integer n from 1 to 2^32', got: `n = ${n}` });
  }
  return new RandomSequence(position).int(n);
}

/**
 * A random order of 0 … n − 1, every order equally likely: Fisher–Yates from the end, with unbiased integers.
 *
 * @returns Uint32Array [n]
 * @throws UsageError unless n is an integer from 0 to 2^32 − 1
 */
export function permutation(n: number, position: SequencePosition): Uint32Array {
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 32) {
    throw new UsageError({ operation: 'permutation', expected: 'an integer n from 0 to 2^32 − 1', got: `n = ${n}` });
  }
  const random = new RandomSequence(position);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.int(i + 1);
    const moved = order[i] as number;
    order[i] = order[j] as number;
    order[j] = moved;
  }
  return order;
}

/** The array's own memory as words: a word and a float32 have the same size, so noise is converted in place. */
function sameBytes(out: Float32Array): Uint32Array {
  return new Uint32Array(out.buffer, out.byteOffset, out.length);
}

function countRows(length: number, rowSize: number): number {
  const rows = rowSize === 0 ? 0 : length / rowSize;
  if (!Number.isInteger(rows)) {
    throw new UsageError({
      operation: 'random fill',
      expected: `an array of whole rows of ${rowSize} elements`,
      got: `${length} elements`,
    });
  }
  return rows;
}
