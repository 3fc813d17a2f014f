/** Animations of pictures, as GIF. */
import { encode } from 'modern-gif';
import type { Canvas } from './canvas.js';

export interface AnimationOptions {
  /** Milliseconds of one picture; default 80. */
  readonly delay?: number;
  /** Milliseconds of the last picture, before it begins again; default 1500. */
  readonly rest?: number;
}

/** GIF bytes of pictures of one size, shown one after the other and again from the start. */
export async function animation(
  pictures: readonly Canvas[],
  { delay = 80, rest = 1500 }: AnimationOptions = {},
): Promise<Uint8Array> {
  const { width, height } = pictures[0]!;
  const frames = pictures.map((picture, i) => ({
    data: opaque(picture),
    delay: i === pictures.length - 1 ? rest : delay,
  }));
  return new Uint8Array(await encode({ width, height, frames, maxColors: 255, looped: true }));
}

/** Red, green, blue → red, green, blue, 255 */
function opaque({ pixels, width, height }: Canvas): Uint8ClampedArray {
  const out = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) out.set(pixels.subarray(3 * i, 3 * i + 3), 4 * i);
  return out;
}
