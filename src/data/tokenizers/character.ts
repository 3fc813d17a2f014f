import { FormatError, UsageError } from '../../core/errors.js';
import type { Tokenizer } from './tokenizer.js';

/**
 * One token per character (Unicode code point) of a given alphabet, in the order of their code points.
 * @throws UsageError where the text has a character that is not in the alphabet, naming it and its place
 */
export class CharacterTokenizer implements Tokenizer {
  readonly kind = 'character';
  readonly size: number;
  readonly characters: readonly string[];
  readonly #tokens: ReadonlyMap<string, number>;
  readonly #bytes: readonly Uint8Array[];

  constructor(characters: readonly string[]) {
    this.characters = characters;
    this.size = characters.length;
    this.#tokens = new Map(characters.map((character, token) => [character, token]));
    this.#bytes = characters.map((character) => new TextEncoder().encode(character));
  }

  /** The tokenizer whose alphabet is the characters of a text. */
  static of(text: string): CharacterTokenizer {
    const found = new Set<string>();
    for (const character of text) found.add(character);
    return new CharacterTokenizer([...found].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!));
  }

  encode(text: string): Int32Array {
    const out = new Int32Array(text.length);
    let count = 0;
    for (const character of text) {
      const token = this.#tokens.get(character);
      if (token === undefined) throw this.#unknown(character, count);
      out[count++] = token;
    }
    return out.slice(0, count);
  }

  #unknown(character: string, place: number): UsageError {
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    const some = this.characters.map((c) => JSON.stringify(c).slice(1, -1)).join('');
    return new UsageError({
      operation: 'character tokenizer',
      expected: `characters of its alphabet of ${this.size}: ${some.length > 200 ? `${some.slice(0, 200)}…` : some}`,
      got: `${JSON.stringify(character)} (U+${code}) at character ${place}`,
      remedy: 'Leave that character out, or train with a tokenizer that knows every character (byte or bpe).',
    });
  }

  decode(tokens: ArrayLike<number>): string {
    return Array.from(tokens, (token) => this.#characterOf(token)).join('');
  }

  bytesOf(token: number): Uint8Array {
    this.#characterOf(token);
    return this.#bytes[token]!;
  }

  #characterOf(token: number): string {
    return this.characters[token] ?? outOfRange('character', token, this.size);
  }

  toJson(): Record<string, unknown> {
    return { format: 'genera-tokenizer', kind: 'character', characters: this.characters.join('') };
  }

  /** @throws FormatError where the alphabet is no text or names a character twice */
  static fromJson({ characters }: Record<string, unknown>, source: string): CharacterTokenizer {
    const list = typeof characters === 'string' ? [...characters] : [];
    if (list.length > 0 && new Set(list).size === list.length) return new CharacterTokenizer(list);
    throw new FormatError({
      operation: `read ${source}`,
      expected: 'an alphabet of different characters',
      got: typeof characters === 'string' ? 'one that is empty or has a character twice' : typeof characters,
      remedy: 'Restore the file from a copy.',
    });
  }
}

/** @throws UsageError saying which tokens there are */
export function outOfRange(kind: string, token: number, size: number): never {
  throw new UsageError({
    operation: `${kind} tokenizer`,
    expected: `tokens from 0 to ${size - 1}`,
    got: String(token),
    remedy: 'The tokens were made by another tokenizer: use the one that the model was trained with.',
  });
}
