import { outOfRange } from './character.js';
import type { Tokenizer } from './tokenizer.js';

/** One token per UTF-8 byte: 256 tokens, any text. A lone surrogate becomes U+FFFD, as UTF-8 has no form for it. */
export class ByteTokenizer implements Tokenizer {
  readonly kind = 'byte';
  readonly size = 256;

  encode(text: string): Int32Array {
    return Int32Array.from(new TextEncoder().encode(text));
  }

  decode(tokens: ArrayLike<number>): string {
    const bytes = Uint8Array.from(tokens, (token) => this.#check(token));
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  }

  bytesOf(token: number): Uint8Array {
    return Uint8Array.of(this.#check(token));
  }

  #check(token: number): number {
    return Number.isInteger(token) && token >= 0 && token < 256 ? token : outOfRange('byte', token, 256);
  }

  toJson(): Record<string, unknown> {
    return { format: 'genera-tokenizer', kind: 'byte' };
  }
}
