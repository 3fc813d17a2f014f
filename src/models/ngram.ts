/**
 * n-gram language model.
 *
 * Shannon, "A Mathematical Theory of Communication", 1948, section 3, guesses the next letter from the few before it;
 * smoothing after Kneser & Ney 1995 and Katz 1987, as Chen & Goodman 1998 describe both.
 *
 *   p(xₜ | x₁ … xₜ₋₁) ≈ p(xₜ | xₜ₋ₙ₊₁ … xₜ₋₁)
 *
 * Counting the n-grams of the text is all the training there is: no graph, no gradient, one step. What differs from the
 * papers: text is one stream without marks of beginning and end, and the vocabulary is closed, so p sums to one over its
 * tokens.
 */
import { z } from 'zod';
import { defineModel, type Fitting, type LanguageTable, textFields, tokenizerOf } from '../contract/index.js';
import { FormatError, UsageError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import { allTokens } from '../data/text.js';
import { Module } from '../nn/index.js';
import { addK, katz, kneserNey, type Smoothing } from './blocks/ngram-smoothing.js';
import { NgramTrie } from './blocks/ngram-trie.js';

interface Config {
  readonly order: number;
  readonly smoothing: 'kneser-ney' | 'katz' | 'add-k';
  readonly k: number;
}

/** It has no variables: what it learns are counts. */
class Counts extends Module {}

class Ngrams implements Fitting, LanguageTable {
  readonly form = 'table';
  readonly vocabulary: number;
  readonly context: number;
  readonly #config: Config;
  #trie: NgramTrie;
  #rule: Smoothing;

  constructor(config: Config, vocabulary: number) {
    this.#config = config;
    this.vocabulary = vocabulary;
    this.context = config.order - 1;
    this.#trie = new NgramTrie(vocabulary);
    this.#rule = this.#smooth();
  }

  #smooth(): Smoothing {
    const { order, smoothing, k } = this.#config;
    if (smoothing === 'add-k') return addK(this.#trie, order, k);
    return smoothing === 'katz' ? katz(this.#trie, order) : kneserNey(this.#trie, order);
  }

  async fit({ text, id }: DataSet): Promise<Record<string, number>> {
    if (text === undefined) {
      throw new UsageError({ operation: 'ngram', expected: 'a data set of text', got: id });
    }
    const tokens = allTokens(text.tokens);
    this.#trie = NgramTrie.of(tokens, this.#config.order, this.vocabulary);
    this.#rule = this.#smooth();
    return { loss: this.#loss(tokens), ngrams: this.#trie.size - 1 };
  }

  async evaluate({ text }: DataSet): Promise<Record<string, number>> {
    return { loss: this.#loss(allTokens(text!.tokens)) };
  }

  /** Mean −ln p of the tokens but the first. */
  #loss(tokens: Int32Array): number {
    return -this.score(tokens).reduce((sum, p) => sum + p, 0) / (tokens.length - 1);
  }

  /** Nodes of the text's last 0, 1, … tokens, as far as they were counted. */
  #contextsOf(text: ArrayLike<number>): number[] {
    let contexts = [0];
    for (let i = Math.max(0, text.length - this.context); i < text.length; i++)
      contexts = this.#next(contexts, text[i]!);
    return contexts;
  }

  #next(contexts: readonly number[], token: number): number[] {
    const next = [0];
    for (let n = 0; n < Math.min(contexts.length, this.context); n++) {
      const node = this.#trie.child(contexts[n]!, token);
      if (node === 0) break; // a longer one with the same end was not counted either
      next.push(node);
    }
    return next;
  }

  #probability(contexts: readonly number[], token: number): number {
    let p = 1 / this.vocabulary;
    for (const context of contexts) p = this.#rule.probability(context, this.#trie.child(context, token), p);
    return p;
  }

  predict(text: ArrayLike<number>): Float32Array {
    const contexts = this.#contextsOf(text);
    return Float32Array.from({ length: this.vocabulary }, (_, token) => Math.log(this.#probability(contexts, token)));
  }

  score(text: Int32Array): Float64Array {
    const out = new Float64Array(Math.max(0, text.length - 1));
    let contexts = this.#next([0], text[0]!);
    for (let i = 1; i < text.length; i++) {
      out[i - 1] = Math.log(this.#probability(contexts, text[i]!));
      contexts = this.#next(contexts, text[i]!);
    }
    return out;
  }

  state(): Map<string, HostTensor> {
    const { size, parent, token, count } = this.#trie;
    const part = (array: Int32Array): HostTensor => ({ shape: [size], dtype: 'int32', data: array.slice(0, size) });
    return new Map([
      ['ngrams.parent', part(parent)],
      ['ngrams.token', part(token)],
      ['ngrams.count', part(count)],
    ]);
  }

  restore(state: ReadonlyMap<string, Pick<HostTensor, 'shape' | 'data'>>): void {
    const part = (name: string): Int32Array => {
      const data = state.get(name)?.data;
      if (data instanceof Int32Array) return data;
      throw new FormatError({
        operation: 'load n-grams',
        expected: `'${name}' as int32`,
        got: data === undefined ? 'no such tensor' : data.constructor.name,
        remedy: 'Check that the file belongs to this model.',
      });
    };
    const [parent, token, count] = [part('ngrams.parent'), part('ngrams.token'), part('ngrams.count')];
    if (parent.some((node, i) => i > 0 && node >= i) || token.some((t) => t < 0 || t >= this.vocabulary)) {
      throw new FormatError({
        operation: 'load n-grams',
        expected: `n-grams of ${this.vocabulary} tokens`,
        got: 'others',
        remedy: 'The file is damaged or belongs to another tokenizer.',
      });
    }
    this.#trie = NgramTrie.from({ parent, token, count }, this.vocabulary);
    this.#rule = this.#smooth();
  }
}

export default defineModel({
  id: 'ngram',
  title: 'n-gram model',
  family: 'autoregressive',
  summary: 'Foretells the next token from how often it followed the few before it; trains in seconds by counting.',
  paper: { title: 'A Mathematical Theory of Communication', authors: 'Shannon', year: 1948 },
  data: { kinds: ['text'], default: 'sentences' },
  config: {
    ...textFields,
    order: z
      .number()
      .int()
      .min(1)
      .max(8)
      .default(5)
      .describe('Length n of the longest n-grams: n − 1 tokens are looked back on.'),
    smoothing: z
      .enum(['kneser-ney', 'katz', 'add-k'])
      .default('kneser-ney')
      .describe('Where the probability of what was never counted comes from.'),
    k: z.number().positive().default(0.1).describe('What add-k adds to each count.'),
  },
  presets: { tiny: { order: 4, context: 32 } },

  create(config, { data }) {
    const ngrams = new Ngrams(config, tokenizerOf(data, config.context).size);
    return { module: new Counts(), phases: [], fitting: ngrams, capabilities: { language: ngrams } };
  },
});
