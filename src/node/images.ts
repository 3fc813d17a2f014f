/** Pictures of what a model makes: images in a grid, points in a plot; as PNG. */
import { PNG } from 'pngjs';
import { ShapeError, UsageError } from '../core/errors.js';
import { formatShape } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import { Canvas } from './canvas.js';
import { type PointSeries, plotPoints } from './scatter.js';

/** Pixels between two images of a grid, and around it. */
const gap = 4;
/** Images whose shorter side is less than this are shown enlarged by a whole factor. */
const readable = 48;
/** Longest side of a picture, in pixels. */
const longest = 16_384;
const paper = [38, 44, 56] as const;

/** PNG bytes of items as they are: images [N, C, H, W] become a grid, points [N, 2] a plot. */
export function pictureOf(items: HostTensor, options: GridOptions = {}): Uint8Array {
  return items.shape.length === 2 ? pointPlot([{ points: items }]) : imageGrid(items, options);
}

export interface GridOptions {
  /** Images in a row; default: as many as make the grid square. */
  readonly columns?: number;
  /** Pixels for each pixel of an image; default: as many as make it readable. */
  readonly scale?: number;
}

/**
 * A grid of images [N, C, H, W] with values in 0…1 (others are clipped), C being 1 (grey) or 3 (red, green, blue).
 * @throws ShapeError for other shapes, UsageError where the picture would be too large
 */
export function imageGrid(images: HostTensor, options: GridOptions = {}): Uint8Array {
  return encodePng(gridOf(images, options));
}

/** One of the images [N, C, H, W] as a PNG of W × H pixels. */
export function imagePng({ shape, data }: HostTensor, n: number): Uint8Array {
  const [, C, H, W] = shape as [number, number, number, number];
  const canvas = new Canvas(W, H, paper);
  const byte = (c: number, i: number): number =>
    Math.round(255 * Math.min(1, Math.max(0, Number(data[(n * C + (C === 1 ? 0 : c)) * H * W + i]))));
  for (let i = 0; i < H * W; i++) canvas.fill(i % W, Math.floor(i / W), 1, 1, [byte(0, i), byte(1, i), byte(2, i)]);
  return encodePng(canvas);
}

/** The grid itself; see `imageGrid`. */
export function gridOf(images: HostTensor, options: GridOptions = {}): Canvas {
  const [N, C, H, W] = images.shape as [number, number, number, number];
  if (images.shape.length !== 4 || (C !== 1 && C !== 3) || N < 1) {
    throw new ShapeError({
      operation: 'image grid',
      expected: 'images [N, 1 or 3, H, W]',
      got: formatShape(images.shape),
      remedy: 'Write them as .npy instead.',
    });
  }
  const columns = Math.min(N, options.columns ?? Math.ceil(Math.sqrt(N)));
  const rows = Math.ceil(N / columns);
  const sideOf = (scale: number): [number, number] => [
    gap + columns * (W * scale + gap),
    gap + rows * (H * scale + gap),
  ];
  let scale = options.scale ?? Math.max(1, Math.ceil(readable / Math.min(H, W)));
  while (scale > 1 && Math.max(...sideOf(scale)) > longest) scale--;
  const [width, height] = sideOf(scale);
  if (Math.max(width, height) > longest) {
    throw new UsageError({
      operation: 'image grid',
      expected: `a picture of at most ${longest} pixels a side`,
      got: `${N} images of ${H}×${W} in ${rows} rows`,
      remedy: 'Ask for fewer, or write them as .npy.',
    });
  }
  const canvas = new Canvas(width, height, paper);
  const data = images.data as Float32Array;
  const byte = (value: number): number => Math.round(255 * Math.min(1, Math.max(0, value)));
  for (let n = 0; n < N; n++) {
    const left = gap + (n % columns) * (W * scale + gap);
    const top = gap + Math.floor(n / columns) * (H * scale + gap);
    for (let y = 0; y < H; y++) {
      for (let x = 0; x < W; x++) {
        const at = (channel: number): number => byte(data[((n * C + channel) * H + y) * W + x]!);
        const color = C === 1 ? ([at(0), at(0), at(0)] as const) : ([at(0), at(1), at(2)] as const);
        canvas.fill(left + x * scale, top + y * scale, scale, scale, color);
      }
    }
  }
  return canvas;
}

/**
 * The images of a grid that `imageGrid` has drawn, in steps of 1/255; undefined where the picture is no such grid.
 * @param picture red, green, blue and opacity of each pixel, a byte each
 * @param shape of one image: [C, H, W]
 */
export function imagesOf(
  { width, height, data }: { width: number; height: number; data: Uint8Array },
  [C, H, W]: readonly number[],
): HostTensor | undefined {
  if (C === undefined || H === undefined || W === undefined) return undefined;
  let scale = Math.max(1, Math.ceil(readable / Math.min(H, W)));
  const fits = (): boolean => (width - gap) % (W * scale + gap) === 0 && (height - gap) % (H * scale + gap) === 0;
  while (scale > 1 && !fits()) scale--;
  if (!fits()) return undefined;
  const columns = (width - gap) / (W * scale + gap);
  const cells = (columns * (height - gap)) / (H * scale + gap);
  const images: number[][] = [];
  for (let n = 0; n < cells; n++) {
    const left = gap + (n % columns) * (W * scale + gap);
    const top = gap + Math.floor(n / columns) * (H * scale + gap);
    const at = (i: number, c: number): number =>
      data[((top + Math.floor(i / W) * scale) * width + left + (i % W) * scale) * 4 + c]!;
    const pixels = Array.from({ length: H * W }, (_, i) => i);
    if (pixels.every((i) => paper.every((value, c) => at(i, c) === value))) break; // the last row may have empty places
    images.push(Array.from({ length: C }, (_, c) => pixels.map((i) => at(i, c) / 255)).flat());
  }
  return { shape: [images.length, C, H, W], dtype: 'float32', data: Float32Array.from(images.flat()) };
}

/** Points [N, 2], one or several series, in a plot with equal units on both axes. */
export function pointPlot(series: readonly PointSeries[]): Uint8Array {
  return encodePng(plotPoints(series));
}

export function encodePng({ width, height, pixels }: Canvas): Uint8Array {
  const png = new PNG({ width, height });
  png.data = Buffer.from(pixels.buffer);
  // Each row minus the one above: enlarged pixels become zeros.
  const packing = { filterType: 2, deflateStrategy: 0 };
  return PNG.sync.write(png, { colorType: 2, inputColorType: 2, inputHasAlpha: false, ...packing });
}
