/** Pictures one after the other, saved as an animated GIF. It is made in a worker, so the page stays awake. */
import { download, fileName } from '../export/save.js';
import { notifyError } from '../shell/notices.js';
import type { FilmAnswer, FilmRequest } from './film-worker.js';
import { canvasStyle, type Surface } from './picture.js';

export interface Film {
  /** Pictures there are now. */
  count(): number;
  /** Height in pixels for a width. */
  height(width: number): number;
  draw(surface: Surface, frame: number): void;
  /** What is written under a picture, such as its step. */
  caption?(frame: number): string;
}

/** Pixels from left to right, and of the caption's strip. */
const [filmWidth, strip] = [420, 24];

/** Saves a film; the user is told where that fails. */
export async function saveFilm(film: Film, name: string): Promise<void> {
  try {
    const gif = await encoded(await drawn(film));
    download(fileName(name, 'gif'), new Uint8Array(gif), 'image/gif');
  } catch (error) {
    notifyError('save', error);
  }
}

async function drawn(film: Film): Promise<FilmRequest> {
  const inner = Math.max(1, Math.round(film.height(filmWidth)));
  const height = inner + (film.caption === undefined ? 0 : strip);
  const canvas = document.createElement('canvas');
  canvas.width = filmWidth;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const style = canvasStyle();
  const frames: Uint8ClampedArray<ArrayBuffer>[] = [];
  for (let i = 0; i < film.count(); i++) {
    context.fillStyle = style.surface;
    context.fillRect(0, 0, filmWidth, height);
    context.save();
    film.draw({ context, width: filmWidth, height: inner, style }, i);
    context.restore();
    if (film.caption !== undefined) {
      context.fillStyle = style.muted;
      context.font = `13px ${style.font}`;
      context.textAlign = 'left';
      context.textBaseline = 'middle';
      context.fillText(film.caption(i), 8, inner + strip / 2);
    }
    frames.push(context.getImageData(0, 0, filmWidth, height).data as Uint8ClampedArray<ArrayBuffer>);
    await new Promise((resolve) => setTimeout(resolve)); // others may have something to do
  }
  if (frames.length === 0) throw new Error('There is nothing to save yet: let the model take some steps first.');
  return { width: filmWidth, height, frames };
}

async function encoded(request: FilmRequest): Promise<ArrayBuffer> {
  const worker = new Worker(new URL('./film-worker.ts', import.meta.url), { type: 'module' });
  try {
    const answer = await new Promise<FilmAnswer>((resolve, reject) => {
      worker.addEventListener('message', ({ data }: MessageEvent<FilmAnswer>) => resolve(data));
      worker.addEventListener('error', () => reject(new Error('The part that makes animations could not be loaded.')));
      worker.postMessage(
        request,
        request.frames.map((frame) => frame.buffer),
      );
    });
    if ('problem' in answer) throw new Error(answer.problem);
    return answer.gif;
  } finally {
    worker.terminate();
  }
}
