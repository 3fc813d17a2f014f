/** What a tokenizer is: a reversible map between text and numbers. */

export interface Tokenizer {
  readonly kind: 'character' | 'byte' | 'bpe';
  /** Tokens are 0 … size − 1. */
  readonly size: number;
  /** The token that stands between documents, where there is one. */
  readonly endOfText?: number;
  /** @throws UsageError where the text has something that no token stands for */
  encode(text: string): Int32Array;
  /**
   * The text of tokens. Bytes that are no UTF-8, as a cut character leaves them, become U+FFFD.
   * @throws UsageError for a token that it does not have
   */
  decode(tokens: ArrayLike<number>): string;
  /** The UTF-8 bytes that a token stands for: those of a text's tokens, joined, are the text's. */
  bytesOf(token: number): Uint8Array;
  /** What a file needs to hold to make it again; `tokenizerFromJson` reads it. */
  toJson(): Record<string, unknown>;
}

/** Bytes of several tokens, joined. */
export function joinBytes(tokenizer: Pick<Tokenizer, 'bytesOf'>, tokens: ArrayLike<number>): Uint8Array {
  const parts = Array.from(tokens, (token) => tokenizer.bytesOf(token));
  const out = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Text of tokens that arrive one by one: a character whose bytes are spread over several tokens comes out when it is
 * complete.
 */
export class StreamingDecoder {
  readonly #tokenizer: Tokenizer;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  push(token: number): string {
    return this.#decoder.decode(this.#tokenizer.bytesOf(token), { stream: true });
  }

  /** What is left: U+FFFD where the last character is incomplete. */
  end(): string {
    return this.#decoder.decode();
  }
}
