/** What diffusion models make beyond samples, written to files: the way from noise, changed pictures, filled holes. */
import { extname } from 'node:path';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import { hostBatch } from '../data/host-batches.js';
import { iterateItems } from '../inference/iteration.js';
import { drawTrajectory, type Trajectory } from '../inference/trajectory.js';
import { Canvas, type Color } from './canvas.js';
import { writeFileWhole } from './files.js';
import { animation } from './gif.js';
import { encodePng, gridOf, pictureOf } from './images.js';
import { checkFormat, chooseItems, labelOf, writeItems } from './item-files.js';
import { maskOf } from './masks.js';
import { encodeNpy } from './npy.js';
import type { LoadedRun } from './runs.js';
import { plotPoints } from './scatter.js';

export interface TrajectoryRequest {
  readonly count: number;
  readonly seed: number;
  readonly frames: number;
  readonly label?: string | undefined;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly onProgress?: (fraction: number) => void;
}

/**
 * Writes the way of samples from noise: .png has time from left to right and, below each other, what the network saw, the
 * noise it found and the item it expected, for each sample; .gif moves through the time; .npy is float32
 * [N, frames, 3, ...shape].
 */
export async function writeTrajectory(
  run: LoadedRun,
  path: string,
  { label, ...options }: TrajectoryRequest,
): Promise<{ readonly frames: number }> {
  const moving = extname(path).toLowerCase() === '.gif';
  checkFormat(path, ['.gif']);
  const asked = label === undefined ? {} : { labels: [labelOf(run, label)] };
  const way = await drawTrajectory(run.instance, { ...options, ...asked });
  const frames = way.fractions.length;
  const points = run.config.data.kind === 'points';
  if (moving) {
    const picture = points ? pointFrame : imageFrame;
    await writeFileWhole(path, await animation(Array.from({ length: frames }, (_, f) => picture(way, f))));
  } else if (extname(path).toLowerCase() === '.npy') {
    await writeFileWhole(path, encodeNpy(stacked(Object.values(way.views))));
  } else {
    await writeFileWhole(path, points ? encodePng(sideBySide(way)) : encodePng(timeTable(way)));
  }
  return { frames };
}

/** [N, frames, ...shape] some times → [N, frames, times, ...shape] */
function stacked(views: readonly HostTensor[]): HostTensor {
  const [n, frames, ...shape] = views[0]!.shape as [number, number, ...number[]];
  const size = sizeOf(shape);
  const data = new Float32Array(n * frames * views.length * size);
  for (const [v, view] of views.entries()) {
    for (let i = 0; i < n * frames; i++) {
      data.set((view.data as Float32Array).subarray(i * size, (i + 1) * size), (i * views.length + v) * size);
    }
  }
  return { shape: [n, frames, views.length, ...shape], dtype: 'float32', data };
}

/** A view's pictures in the given order: [sample, frame] pairs. */
function picked(view: HostTensor, order: readonly (readonly [sample: number, frame: number])[]): Float32Array[] {
  const frames = view.shape[1]!;
  const size = sizeOf(view.shape.slice(2));
  return order.map(([i, f]) =>
    (view.data as Float32Array).subarray((i * frames + f) * size, (i * frames + f + 1) * size),
  );
}

function joined(parts: readonly Float32Array[], shape: readonly number[]): HostTensor {
  const data = new Float32Array(parts.length * sizeOf(shape));
  for (const [i, part] of parts.entries()) data.set(part, i * part.length);
  return { shape: [parts.length, ...shape], dtype: 'float32', data };
}

/** Three rows a sample, time from left to right. */
function timeTable({ views }: Trajectory): Canvas {
  const all = Object.values(views);
  const [n, frames, ...shape] = all[0]!.shape as [number, number, ...number[]];
  const row = (i: number) => Array.from({ length: frames }, (_, f) => [i, f] as const);
  const parts = Array.from({ length: n }, (_, i) => all.flatMap((view) => picked(view, row(i)))).flat();
  return gridOf(joined(parts, shape), { columns: frames });
}

/** Three pictures a sample at one time, two samples a row. */
function imageFrame({ views }: Trajectory, frame: number): Canvas {
  const all = Object.values(views);
  const [n, , ...shape] = all[0]!.shape as [number, number, ...number[]];
  const parts = Array.from({ length: n }, (_, i) => all.flatMap((view) => picked(view, [[i, frame]]))).flat();
  return gridOf(joined(parts, shape), { columns: Math.min(n, 2) * all.length });
}

const [grey, blue]: readonly Color[] = [
  [176, 182, 194],
  [36, 92, 190],
] as const;

/** The points at one time, and in grey where they are expected to end. */
function pointFrame({ views }: Trajectory, frame: number, side = 384): Canvas {
  const { x_t, x_0 } = views as Record<'x_t' | 'x_0', HostTensor>;
  const [n, frames] = x_t.shape as [number, number];
  const at = (view: HostTensor, f: number): HostTensor =>
    joined(
      picked(
        view,
        Array.from({ length: n }, (_, i) => [i, f] as const),
      ),
      [2],
    );
  const around = [{ points: at(x_t, 0) }, { points: at(x_t, frames - 1) }];
  const series = [
    { points: at(x_0, frame), color: grey! },
    { points: at(x_t, frame), color: blue! },
  ];
  return plotPoints(series, { around, side });
}

/** Frames of points from left to right. */
function sideBySide(way: Trajectory): Canvas {
  const plots = way.fractions.map((_, f) => pointFrame(way, f, 192));
  const { width, height } = plots[0]!;
  const canvas = new Canvas(width * plots.length, height, [255, 255, 255]);
  for (const [i, plot] of plots.entries()) {
    for (let y = 0; y < height; y++) {
      const row = plot.pixels.subarray(y * width * 3, (y + 1) * width * 3);
      canvas.pixels.set(row, (y * canvas.width + i * width) * 3);
    }
  }
  return canvas;
}

export interface EditRequest {
  readonly count: number;
  readonly seed: number;
  /** Default: the items' own labels where the model is conditional, else none. */
  readonly label?: string | undefined;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly onProgress?: (fraction: number) => void;
}

/** Writes items of the data and what is made of them after noise was added; each above its new form, [N, 2, ...shape]. */
export async function writeEdits(
  run: LoadedRun,
  data: DataSet,
  path: string,
  { count, seed, ...request }: EditRequest,
): Promise<void> {
  checkFormat(path);
  const { x, labels } = conditioned(run, data, { count, seed, ...request });
  const made = await iterateItems(run.instance, 'imageToImage', { given: { x }, labels }, { ...request, seed });
  await writeRows(path, [x, made]);
}

/**
 * Writes items, the same with the hole, and with the hole filled; one below the other, [N, 3, ...shape].
 * @param mask a name ('left', 'right', 'top', 'bottom', 'centre', 'random') or a PNG of the items' size, white to be filled
 */
export async function writeInpaintings(
  run: LoadedRun,
  data: DataSet,
  path: string,
  { mask: named, count, seed, ...request }: EditRequest & { readonly mask: string },
): Promise<void> {
  checkFormat(path);
  if (data.kind !== 'image') {
    throw new UsageError({
      operation: 'inpaint',
      expected: 'images',
      got: data.kind,
      remedy: 'Only images have holes.',
    });
  }
  const [, height, width] = data.shape as readonly [number, number, number];
  const mask = await maskOf(named, { height, width, count, seed });
  const { x, labels } = conditioned(run, data, { count, seed, ...request });
  const given = { x, mask };
  const filled = await iterateItems(run.instance, 'inpaint', { given, labels }, { ...request, seed });
  const holed = new Float32Array(x.data as Float32Array);
  const places = height * width;
  for (let i = 0; i < holed.length; i++) {
    const item = Math.floor(i / sizeOf(data.shape));
    if (mask.data[item * places + (i % places)] === 1) holed[i] = 0.5;
  }
  await writeRows(path, [x, { ...x, data: holed }, filled]);
}

/** The chosen items, and labels for models that take them. */
function conditioned(run: LoadedRun, data: DataSet, { count, seed, label }: EditRequest) {
  const { x, labels } = hostBatch(data, chooseItems(data, count, seed));
  if (label !== undefined) {
    const named = Int32Array.from({ length: count }, () => labelOf(run, label));
    return { x, labels: { shape: [count], dtype: 'int32', data: named } as HostTensor };
  }
  return { x, labels: run.instance.capabilities.classes === undefined ? undefined : labels };
}

/** [n, ...shape] some times, each a row of the picture; as values [n, times, ...shape]. */
async function writeRows(path: string, parts: readonly HostTensor[]): Promise<void> {
  const [n, ...shape] = parts[0]!.shape as [number, ...number[]];
  const columns = Math.min(n, 10);
  const asFrames = parts.map((part) => ({ ...part, shape: [n, 1, ...shape] }));
  const values = stacked(asFrames);
  await writeItems(path, { ...values, shape: [n, parts.length, ...shape] }, () => {
    if (shape.length === 1) return pictureOf(parts.at(-1)!);
    const cells: Float32Array[] = [];
    for (let first = 0; first < n; first += columns) {
      for (const part of asFrames) {
        for (let i = first; i < first + columns; i++) {
          cells.push(...(i < n ? picked(part, [[i, 0]]) : [new Float32Array(sizeOf(shape))]));
        }
      }
    }
    return pictureOf(joined(cells, shape), { columns });
  });
}
