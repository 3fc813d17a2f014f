/**
 * GPT-2 writes bytes in its files as printable characters: 33–126, 161–172 and 174–255 as the character of that code
 * point, the other 68 bytes, in order, as U+0100, U+0101, … (a space is 'Ġ').
 * Source: Radford et al. 2019, the published encoder.
 */
const characterOfByte: readonly string[] = (() => {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
})();

const byteOfCharacter: ReadonlyMap<string, number> = new Map(
  characterOfByte.map((character, byte) => [character, byte]),
);

/** Bytes in their written form. */
export function writeBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => characterOfByte[byte]).join('');
}

/** The bytes of a written form; undefined where a character stands for none. */
export function readBytes(written: string): Uint8Array | undefined {
  const bytes = [...written].map((character) => byteOfCharacter.get(character));
  return bytes.includes(undefined) ? undefined : Uint8Array.from(bytes as number[]);
}
