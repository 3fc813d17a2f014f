/** Models of text: what comes next, given what came before. All probabilities are of tokens and in nats. */
import type { Tensor } from '../core/tensor.js';
import type { IterationState } from './iteration-state.js';

/** A language model that is a network. */
export interface LanguageNetwork {
  readonly form: 'network';
  readonly vocabulary: number;
  /** Most tokens that a prediction sees; undefined for recurrent networks, which have no bound. */
  readonly context: number | undefined;
  /** Logits of the token that follows each: int32 [B, S] → [B, S, vocabulary], from the beginning of the text. */
  logits(tokens: Tensor): Tensor;
  /**
   * Of transformers: how much each token looked at each one before it and at itself, int32 [B, S] → [B, layers, heads, S, S];
   * the last axis is what is looked at, and sums to 1.
   */
  attention?(tokens: Tensor): Tensor;
  /**
   * What is remembered before the first token, for B texts at once. The first axis of each tensor is B, or the one
   * before the last axis counts positions, see `rows`.
   */
  start(batch: number): IterationState;
  /**
   * Reads S more tokens, int32 [B, S], of which the first has the given position, an int32 scalar: logits [B, S,
   * vocabulary]; `state` replaces tensors of the state; `rows`, […, S, d], are written into the state's tensors of the
   * same name, […, context, d], from that position on, so that nothing else of a cache is copied.
   */
  read(
    tokens: Tensor,
    state: IterationState,
    position: Tensor,
  ): { readonly logits: Tensor; readonly state?: IterationState; readonly rows?: IterationState };
}

/** A language model that is a table. */
export interface LanguageTable {
  readonly form: 'table';
  readonly vocabulary: number;
  readonly context: number;
  /** ln p of each token after a text, Float32Array [vocabulary]. */
  predict(text: ArrayLike<number>): Float32Array;
  /** ln p of each token of a text but the first, given those before it. */
  score(text: Int32Array): Float64Array;
}

export type LanguageModel = LanguageNetwork | LanguageTable;

/** A model that restores hidden tokens from both sides. */
export interface MaskedLanguageModel {
  readonly vocabulary: number;
  /** Longest text, in tokens. */
  readonly context: number;
  /** The token that stands for a hidden one; it is none of the tokenizer's. */
  readonly mask: number;
  /** Logits of what each token is, hidden or not: int32 [B, S] → [B, S, vocabulary]. */
  logits(tokens: Tensor): Tensor;
  /** One vector for each text, [B, width]: the mean over its tokens. */
  embed(tokens: Tensor): Tensor;
}
