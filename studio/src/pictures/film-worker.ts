/** Makes a GIF of pictures. */
import { encode } from 'modern-gif';

export interface FilmRequest {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, opacity of each pixel. */
  readonly frames: readonly Uint8ClampedArray<ArrayBuffer>[];
}

export type FilmAnswer = { readonly gif: ArrayBuffer } | { readonly problem: string };

/** Milliseconds of a picture, and of the last one, before it begins again. */
const [delay, rest] = [80, 1500];

addEventListener('message', ({ data }: MessageEvent<FilmRequest>) => void make(data));

async function make({ width, height, frames }: FilmRequest): Promise<void> {
  try {
    const timed = frames.map((pixels, i) => ({ data: pixels, delay: i === frames.length - 1 ? rest : delay }));
    const gif = await encode({ width, height, frames: timed, maxColors: 255, looped: true });
    answer({ gif }, [gif]);
  } catch (error) {
    answer({ problem: error instanceof Error ? error.message : String(error) });
  }
}

function answer(message: FilmAnswer, transfer: Transferable[] = []): void {
  postMessage(message, { transfer });
}
