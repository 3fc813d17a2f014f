/**
 * A reader of one row of counter-based words, in order: for code that draws a number of values it does not know
 * beforehand (a drawing, a shuffle). Tensors of noise are filled by `distributions.ts`.
 */

import { boxMuller } from './box-muller.js';
import { fillWords, seedKey } from './philox.js';

const BUFFERED_WORDS = 64;

/** Where a sequence lies in the counter space; every field is a uint32. */
export interface SequencePosition {
  readonly seed: number;
  readonly site: number;
  readonly step?: number;
  readonly row?: number;
}

/** Random values one after the other; `moveTo` restarts the same object at another place without allocating. */
export class RandomSequence {
  readonly #words = new Uint32Array(BUFFERED_WORDS);
  readonly #pair = new Float64Array(2);
  readonly #position = { block: 0, row: 0, step: 0, site: 0 };
  #keyLow = 0;
  #keyHigh = 0;
  #next = BUFFERED_WORDS;
  #hasSpare = false;

  constructor(position: SequencePosition) {
    this.moveTo(position);
  }

  moveTo({ seed, site, step = 0, row = 0 }: SequencePosition): void {
    const key = seedKey(seed);
    this.#keyLow = key.low;
    this.#keyHigh = key.high;
    this.#position.site = site;
    this.#position.step = step;
    this.#position.row = row;
    this.#position.block = 0;
    this.#next = BUFFERED_WORDS;
    this.#hasSpare = false;
  }

  /** A word, 0 … 2^32 − 1. */
  uint32(): number {
    if (this.#next === BUFFERED_WORDS) {
      fillWords(this.#words, 0, BUFFERED_WORDS, this.#position, this.#keyLow, this.#keyHigh);
      this.#position.block += BUFFERED_WORDS >> 2;
      this.#next = 0;
    }
    return this.#words[this.#next++] as number;
  }

  /** Uniform in [low, high), from 32 bits. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() * 2 ** -32);
  }

  /** Normal with the given mean and standard deviation. */
  normal(mean = 0, deviation = 1): number {
    if (!this.#hasSpare) boxMuller(this.uint32(), this.uint32(), this.#pair);
    const z = this.#pair[this.#hasSpare ? 1 : 0] as number;
    this.#hasSpare = !this.#hasSpare;
    return mean + deviation * z;
  }

  /** Uniform among 0 … n − 1 without bias, for 1 ≤ n ≤ 2^32: words above the last whole multiple of n are drawn again. */
  int(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % n;
  }
}
