/** Images [n, C, H, W] in 0…1 as pixels of one canvas. */
import type { HostTensor } from 'genera';
import { diverging, viridis } from './colour.js';

export interface ImageSet {
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: ArrayLike<number>;
}

/** undefined for items that are no images. */
export function imageSet({ shape, data }: Pick<HostTensor, 'shape' | 'data'>): ImageSet | undefined {
  if (shape.length !== 4 || (shape[1] !== 1 && shape[1] !== 3)) return undefined;
  const [count, channels, height, width] = shape as [number, number, number, number];
  return { count, channels, height, width, data: data as Float32Array };
}

/** gray: one channel as light, three as colours. ink: one channel as dark on light. signed: −1…1 as blue to red. */
export type Look = 'light' | 'ink' | 'heat' | 'signed';

/** Image i as pixels of its own size. */
export function pixelsOf(set: ImageSet, i: number, look: Look): ImageData {
  const { channels, height, width, data } = set;
  const pixels = new ImageData(width, height);
  const area = height * width;
  const first = i * channels * area;
  for (let p = 0; p < area; p++) {
    const out = 4 * p;
    pixels.data[out + 3] = 255;
    if (channels === 3 && look !== 'signed' && look !== 'heat') {
      for (let c = 0; c < 3; c++) pixels.data[out + c] = 255 * data[first + c * area + p]!;
      continue;
    }
    let value = 0;
    for (let c = 0; c < channels; c++) value += data[first + c * area + p]! / channels;
    if (look === 'light' || look === 'ink') {
      const level = 255 * (look === 'light' ? value : 1 - value);
      pixels.data[out] = pixels.data[out + 1] = pixels.data[out + 2] = level;
      continue;
    }
    const map = look === 'heat' ? viridis : diverging;
    const at = 3 * Math.round(255 * Math.min(1, Math.max(0, look === 'heat' ? value : (value + 1) / 2)));
    for (let c = 0; c < 3; c++) pixels.data[out + c] = map[at + c]!;
  }
  return pixels;
}

export interface GridLayout {
  readonly columns: number;
  /** Part of an image's side that lies between two. */
  readonly gap?: number;
}

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Of one image with the gap after it, on the canvas. */
  readonly pitch: number;
  readonly size: { readonly width: number; readonly height: number };
}

/** Where the images of a grid lie on a canvas of some width. */
function gridLayout(set: ImageSet, width: number, { columns, gap = 0.08 }: GridLayout): Grid {
  const rows = Math.ceil(set.count / columns);
  const pitch = width / (columns - gap / (1 + gap));
  const cell = pitch / (1 + gap);
  return { columns, rows, pitch, size: { width: cell, height: (cell * set.height) / set.width } };
}

export function gridHeight(set: ImageSet, width: number, layout: GridLayout): number {
  const { rows, pitch, size } = gridLayout(set, width, layout);
  return rows * (size.height + pitch - size.width) - (pitch - size.width);
}

/** Draws images row by row. They are put together at their own size first, so enlarging is one operation for all. */
export function drawGrid(
  context: CanvasRenderingContext2D,
  set: ImageSet,
  width: number,
  layout: GridLayout,
  look: Look,
): void {
  const { columns, pitch, size } = gridLayout(set, width, layout);
  const scratch = scratchCanvas(set.width, set.height);
  const inner = scratch.getContext('2d')!;
  context.imageSmoothingEnabled = false;
  for (let i = 0; i < set.count; i++) {
    inner.putImageData(pixelsOf(set, i, look), 0, 0);
    const x = (i % columns) * pitch;
    const y = Math.floor(i / columns) * (size.height + pitch - size.width);
    context.drawImage(scratch, x, y, size.width, size.height);
  }
}

let shared: HTMLCanvasElement | undefined;
function scratchCanvas(width: number, height: number): HTMLCanvasElement {
  shared ??= document.createElement('canvas');
  shared.width = width;
  shared.height = height;
  return shared;
}
