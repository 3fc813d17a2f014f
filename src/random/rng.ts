/**
 * The random source that models are given. Inside a traced function its draws are symbolic: each becomes a fed leaf that
 * the runtime fills before every run, so one compiled program makes new noise at each step.
 *
 * A draw is a function of (seed, step, site, item, element) alone. The *site* is the place in the program: the hash of
 * the stream's path plus the number of draws made from that stream earlier in the same trace; tracing a function again
 * therefore gives the same sites. The *item* is the position along axis 0 plus the run's `firstRow`, so an item's noise
 * does not depend on how the items are split into batches, nor on how many are asked for.
 */
import { UsageError } from '../core/errors.js';
import { currentTrace, type Draw, feed, type Trace } from '../core/leaves.js';
import { type Shape, sizeOf } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { argmax } from '../ops/index.js';
import type { Stream } from './distributions.js';
import { fillDraw } from './draw.js';

export interface RngOptions {
  /** A seed of its own; without one, draws use the seed of the run and initial values seed 0. */
  readonly seed?: number | undefined;
  /** Names the stream; streams of different names are independent. */
  readonly stream?: string;
}

export interface DrawOptions {
  /**
   * Whether axis 0 counts items (the default). false: one draw that all items share, whatever the run's `firstRow`;
   * a scalar is always that.
   */
  readonly perItem?: boolean;
}

/** Sites from here on belong to data sets; programs stay below. */
const siteLimit = 0xffff0000;

const countsOfTrace = new WeakMap<Trace, Map<string, number>>();

export class Rng {
  readonly seed: number | undefined;
  readonly stream: string;
  /** Draws so far, by stream: of initial values, and of tensors made outside any traced function. */
  #counts = new Map<string, number>();

  constructor({ seed, stream = '' }: RngOptions = {}) {
    this.seed = seed;
    this.stream = stream;
  }

  /** A stream of its own below this one: what is drawn from one does not move the other. */
  fork(name: string): Rng {
    const child = new Rng({ seed: this.seed, stream: `${this.stream}/${name}` });
    child.#counts = this.#counts;
    return child;
  }

  /**
   * A place in the generator's space for one initial value on the host, a new one at each call: initial values depend on
   * the seed and on the order of construction, not on when they are computed.
   */
  host(): Stream {
    const key = `${this.stream}:host`;
    return { seed: this.seed ?? 0, site: siteAt(key, next(this.#counts, key)) };
  }

  /** Normal noise, float32. */
  normal(shape: Shape, { mean = 0, std = 1, ...options }: DrawOptions & { mean?: number; std?: number } = {}): Tensor {
    return this.#draw('normal', shape, options, { offset: mean, scale: std });
  }

  /** Uniform noise in [low, high), float32: low + (high − low)·k/2^24 with a random whole k < 2^24, rounded. */
  uniform(shape: Shape, { low = 0, high = 1, ...options }: DrawOptions & { low?: number; high?: number } = {}): Tensor {
    return this.#draw('uniform', shape, options, { offset: low, scale: high - low });
  }

  /** Exponential noise of mean 1, float32, at least 2^−33: −ln u. */
  exponential(shape: Shape, options: DrawOptions = {}): Tensor {
    return this.#draw('exponential', shape, options);
  }

  /** Standard Gumbel noise, float32: −ln E with E exponential. The largest of logits + noise is a categorical draw. */
  gumbel(shape: Shape, options: DrawOptions = {}): Tensor {
    return this.exponential(shape, options).log().neg();
  }

  /**
   * 1 with probability p, else 0, as float32.
   * @param p one probability, or a tensor of them
   * @param shape default: the shape of the tensor p
   * @throws UsageError for a number outside 0…1, or a number without a shape
   */
  bernoulli(p: Tensor | number, shape?: Shape, options: DrawOptions = {}): Tensor {
    if (typeof p === 'number' && (!(p >= 0 && p <= 1) || shape === undefined)) {
      throw new UsageError({ operation: 'bernoulli', expected: 'a probability in 0…1 and a shape', got: `${p}` });
    }
    return this.uniform(shape ?? (p as Tensor).shape, options)
      .less(p)
      .cast('float32');
  }

  /**
   * Classes drawn with probabilities softmax(logits), as int32: argmax(logits + Gumbel noise).
   * Shapes: logits [items, …, classes] → [items, …]; [classes] → [], one draw that all items share.
   */
  categorical(logits: Tensor, options: DrawOptions = {}): Tensor {
    return argmax(logits.add(this.gumbel(logits.shape, { perItem: logits.rank > 1, ...options })));
  }

  /**
   * Whole numbers 0 … n − 1 as int32: ⌊w·n/2^32⌋ with a random word w. Each has probability 1/n to within 2^−32.
   * @throws UsageError unless n is an integer in 1…2^31
   */
  integers(shape: Shape, n: number, options: DrawOptions = {}): Tensor {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 31) {
      throw new UsageError({ operation: 'integers', expected: 'an integer n from 1 to 2^31', got: `n = ${n}` });
    }
    return this.#draw('integers', shape, options, { offset: 0, scale: n });
  }

  #draw(
    kind: Draw['kind'],
    shape: Shape,
    { perItem = true }: DrawOptions,
    { offset, scale }: Pick<Draw, 'offset' | 'scale'> = { offset: 0, scale: 1 },
  ): Tensor {
    const key = `${this.seed ?? ''}:${this.stream}`;
    const count = next(this.#symbolicCounts(), key);
    const site = siteAt(this.stream, count);
    const itemSize = perItem && shape.length > 0 ? sizeOf(shape.slice(1)) : undefined;
    const draw = { kind, site, seed: this.seed, itemSize, offset, scale };
    const type = { shape, dtype: kind === 'integers' ? 'int32' : 'float32' } as const;
    return feed(`${kind} ${this.stream}#${count}`, type, (out, context) => fillDraw(out, draw, context), draw);
  }

  #symbolicCounts(): Map<string, number> {
    const trace = currentTrace();
    if (trace === undefined) return this.#counts;
    const counts = countsOfTrace.get(trace) ?? new Map<string, number>();
    countsOfTrace.set(trace, counts);
    return counts;
  }
}

function next(counts: Map<string, number>, key: string): number {
  const count = counts.get(key) ?? 0;
  counts.set(key, count + 1);
  return count;
}

/**
 * FNV-1a of the path, plus the number of the draw: draws of one stream never share a site; those of two streams of m
 * draws do with probability 2m/2^32.
 */
function siteAt(path: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  return ((hash >>> 0) + count) % siteLimit;
}
