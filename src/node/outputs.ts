/** What a trained model makes, written to files. */
import { join } from 'node:path';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import { hostBatch } from '../data/host-batches.js';
import { exportModel } from '../inference/export.js';
import { interpolateItems, reconstructItems } from '../inference/latent.js';
import { drawSamples } from '../inference/sampling.js';
import { writeFileWhole } from './files.js';
import { type GridOptions, pictureOf, pointPlot } from './images.js';
import { checkFormat, chooseItems, labelOf, writeItems } from './item-files.js';
import type { LoadedRun } from './runs.js';
import { versions } from './versions.js';

export interface SampleRequest {
  readonly count: number;
  readonly seed: number;
  /** A class by name or number, for models that can be asked for one. */
  readonly label?: string | undefined;
  /** The model's own settings of sampling: steps, guidance, temperature. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Told the fraction done. */
  readonly onProgress?: (fraction: number) => void;
}

/** Draws samples and writes them; [N, C, H, W] in 0…1, or [N, 2]. Sample i does not depend on the count. */
export async function writeSamples(
  run: LoadedRun,
  path: string,
  { count, seed, label, settings = {}, onProgress }: SampleRequest,
): Promise<void> {
  checkFormat(path);
  const samples = await drawSamples(run.instance, {
    count,
    seed,
    settings,
    ...(label === undefined ? {} : { labels: [labelOf(run, label)] }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  await writeItems(path, samples, () => pictureOf(samples));
}

/** Writes items and what the model makes of them: each above its reconstruction, or as values [N, 2, ...shape]. */
export async function writeReconstructions(
  run: LoadedRun,
  data: DataSet,
  path: string,
  { count, seed }: { count: number; seed: number },
): Promise<void> {
  checkFormat(path);
  const batch = hostBatch(data, chooseItems(data, count, seed));
  const items = batch.x;
  const copies = await reconstructItems(run.instance, batch, { seed });
  const pairs = pairUp(items, copies);
  await writeItems(path, pairs, () => {
    if (data.kind === 'points') return pointPlot([{ points: items, color: [150, 156, 168] }, { points: copies }]);
    const [N, C, H, W] = items.shape as [number, number, number, number];
    // [N, 2, C, H, W] → [N, C, 2H, W]: one picture above the other.
    const stacked = new Float32Array(pairs.data.length);
    for (let i = 0; i < N * 2 * C; i++) {
      const [n, side, c] = [Math.floor(i / (2 * C)), Math.floor(i / C) % 2, i % C];
      stacked.set((pairs.data as Float32Array).subarray(i * H * W, (i + 1) * H * W), ((n * C + c) * 2 + side) * H * W);
    }
    return pictureOf({ shape: [N, C, 2 * H, W], dtype: 'float32', data: stacked }, { columns: Math.min(N, 10) });
  });
}

/** [N, ...shape] twice → [N, 2, ...shape] */
function pairUp(a: HostTensor, b: HostTensor): HostTensor {
  const [n, ...shape] = a.shape as [number, ...number[]];
  const size = a.data.length / n;
  const data = new Float32Array(a.data.length * 2);
  for (let i = 0; i < n; i++) {
    data.set((a.data as Float32Array).subarray(i * size, (i + 1) * size), 2 * i * size);
    data.set((b.data as Float32Array).subarray(i * size, (i + 1) * size), (2 * i + 1) * size);
  }
  return { shape: [n, 2, ...shape], dtype: 'float32', data };
}

export interface InterpolateRequest {
  /** Rows, each between two items. */
  readonly count: number;
  /** Items in a row, ends included. */
  readonly steps: number;
  readonly mode: 'lerp' | 'slerp';
  readonly seed: number;
}

/** Writes ways through the latent space between items, one row each, or as values [count · steps, ...shape]. */
export async function writeInterpolations(
  run: LoadedRun,
  data: DataSet,
  path: string,
  { count, steps, mode, seed }: InterpolateRequest,
): Promise<void> {
  checkFormat(path);
  const chosen = chooseItems(data, 2 * count, seed);
  const pairs = Array.from({ length: count }, (_, i) => [chosen[2 * i]!, chosen[2 * i + 1]!] as const);
  const between = await interpolateItems(run.instance, data, pairs, { steps, mode });
  const grid: GridOptions = { columns: steps };
  await writeItems(path, between, () => pictureOf(between, grid));
}

export interface ExportedFile {
  readonly path: string;
  readonly bytes: number;
  /** Whether it takes any number of items at once; else one. */
  readonly openBatch: boolean;
}

/** The model as ONNX files by name, one for each thing it can do; their metadata say what it was trained on. */
export function onnxFiles({ config, model, instance }: LoadedRun): ReturnType<typeof exportModel> {
  const { id, labels, shape } = config.data;
  const named = labels === undefined ? {} : { labels: JSON.stringify(labels) };
  return exportModel(instance, shape, { model: model.id, data: id, ...named, genera: versions.genera });
}

/** Writes the model as ONNX files, one for each thing it can do. */
export async function writeOnnx(run: LoadedRun, directory: string): Promise<ExportedFile[]> {
  const files: ExportedFile[] = [];
  for (const [name, { bytes, openBatch }] of await onnxFiles(run)) {
    const path = join(directory, name);
    await writeFileWhole(path, bytes);
    files.push({ path, bytes: bytes.length, openBatch });
  }
  return files;
}

/** Writes text whole: a crash leaves the old file or the new one. */
export function writeTextFile(path: string, text: string): Promise<void> {
  return writeFileWhole(path, text);
}
