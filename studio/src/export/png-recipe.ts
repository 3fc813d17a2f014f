/**
 * A recipe inside a PNG: an iTXt chunk with the keyword `genera` before the image data, so that a picture tells how it
 * was made. Layout of PNG (ISO/IEC 15948): 8 bytes of signature, then chunks of length, type, data and CRC-32.
 */

export interface Recipe {
  readonly model: string;
  /** As in the address of the model's page. */
  readonly choice: string;
  /** Name of the picture. */
  readonly picture: string;
  readonly step: number;
}

const signature = [137, 80, 78, 71, 13, 10, 26, 10];
const keyword = 'genera';
const format = 1;

/** @returns the PNG with the recipe, as new bytes */
export function withRecipe(png: Uint8Array, recipe: Recipe): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify({ format, ...recipe }));
  // keyword, 0; not compressed: 0, 0; no language: 0; no translated keyword: 0; text in UTF-8
  const head = [...new TextEncoder().encode(keyword), 0, 0, 0, 0, 0];
  const data = new Uint8Array(head.length + text.length);
  data.set(head);
  data.set(text, head.length);
  const chunk = new Uint8Array(data.length + 12);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(new TextEncoder().encode('iTXt'), 4);
  chunk.set(data, 8);
  view.setUint32(8 + data.length, crc32(chunk.subarray(4, 8 + data.length)));
  const at = signature.length + 25; // after IHDR, which always is first and has 13 bytes of data
  const out = new Uint8Array(png.length + chunk.length);
  out.set(png.subarray(0, at));
  out.set(chunk, at);
  out.set(png.subarray(at), at + chunk.length);
  return out;
}

/**
 * The recipe in a PNG.
 * @throws Error that says what the file is instead
 */
export function readRecipe(bytes: Uint8Array): Recipe {
  if (!signature.every((byte, i) => bytes[i] === byte)) {
    throw new Error('This is no PNG. Drop a picture that was saved here; its settings are inside.');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = signature.length;
  while (at + 12 <= bytes.length) {
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) break;
    const body = bytes.subarray(at + 4, at + 8 + length);
    const type = String.fromCharCode(...body.subarray(0, 4));
    if (type === 'iTXt') {
      const recipe = readChunk(body.subarray(4));
      if (recipe !== undefined) {
        if (view.getUint32(at + 8 + length) !== crc32(body)) throw new Error('The recipe in this PNG is damaged.');
        return parse(recipe);
      }
    }
    if (type === 'IEND') break;
    at += 12 + length;
  }
  throw new Error('There is no recipe in this PNG. Only pictures that were saved in the Studio have one.');
}

/** The text of our chunk; undefined for others' chunks. */
function readChunk(data: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(data);
  const head = `${keyword}\0\0\0\0\0`;
  return text.startsWith(head) ? text.slice(head.length) : undefined;
}

function parse(text: string): Recipe {
  let recipe: Partial<Record<keyof Recipe | 'format', unknown>>;
  try {
    recipe = JSON.parse(text) as typeof recipe;
  } catch {
    throw new Error('The recipe in this PNG is damaged.');
  }
  if (recipe.format !== format) {
    throw new Error(
      `The recipe in this PNG is of version ${String(recipe.format)}; this Studio reads version ${format}.`,
    );
  }
  const { model, choice, picture, step } = recipe;
  if (typeof model !== 'string' || typeof choice !== 'string') throw new Error('The recipe in this PNG is incomplete.');
  return { model, choice, picture: String(picture ?? ''), step: Number(step) || 0 };
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = crcTable[(c ^ byte) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
