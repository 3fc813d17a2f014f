/** Pictures of a latent space and of denoising, written to files. */

import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import { hostBatch } from '../data/host-batches.js';
import { latentArithmetic, parseTerms } from '../inference/arithmetic.js';
import { describeDimensions, type LatentDimension, latentManifold, traverseItem } from '../inference/dimensions.js';
import { corruptItems, reconstructItems } from '../inference/latent.js';
import { pictureOf } from './images.js';
import { checkFormat, chooseItems, labelOf, writeItems } from './item-files.js';
import type { LoadedRun } from './runs.js';

/** Items whose codes give the statistics of the dimensions. */
const statisticsOver = 2000;

/** The first items of a data set, as many as statistics are taken over. */
function sampleOf(data: DataSet) {
  return hostBatch(
    data,
    Array.from({ length: Math.min(statisticsOver, data.count) }, (_, i) => i),
  );
}

/** What the dimensions of a model's code do on the data, the most telling first. */
export function latentDimensions(run: LoadedRun, data: DataSet): Promise<LatentDimension[]> {
  return describeDimensions(run.instance, sampleOf(data));
}

export interface TraverseRequest {
  /** Items in a row. */
  readonly steps: number;
  readonly range: number;
  /** Dimensions to move; default: all, at most 32. */
  readonly dimensions?: readonly number[] | undefined;
  /** Chooses the item whose code is moved. */
  readonly seed: number;
}

/** Writes a row of pictures for each dimension of the code, moved while the others stay; [rows · steps, ...shape]. */
export async function writeTraversal(
  run: LoadedRun,
  data: DataSet,
  path: string,
  { seed, ...options }: TraverseRequest,
): Promise<readonly LatentDimension[]> {
  checkFormat(path);
  const item = hostBatch(data, chooseItems(data, 1, seed));
  const { items, dimensions } = await traverseItem(run.instance, item, sampleOf(data), options);
  await writeItems(path, items, () => pictureOf(items, { columns: options.steps }));
  return dimensions;
}

export interface ManifoldRequest {
  readonly steps: number;
  readonly dimensions?: readonly [number, number] | undefined;
  readonly label?: string | undefined;
}

/** Writes a plane through the latent space; [steps², ...shape]. */
export async function writeManifold(
  run: LoadedRun,
  data: DataSet,
  path: string,
  { label, ...options }: ManifoldRequest,
): Promise<void> {
  checkFormat(path);
  const asked = label === undefined ? {} : { label: labelOf(run, label) };
  const items = await latentManifold(run.instance, sampleOf(data), { ...options, ...asked });
  await writeItems(path, items, () => pictureOf(items, { columns: options.steps }));
}

/**
 * Writes sums and differences of mean codes; see `latentArithmetic`.
 * @param text '7 - 1 + 4'
 */
export async function writeArithmetic(
  run: LoadedRun,
  data: DataSet,
  path: string,
  { text, count }: { text: string; count: number },
): Promise<void> {
  checkFormat(path);
  const terms = parseTerms(text, data);
  const items = await latentArithmetic(run.instance, data, terms, { count });
  await writeItems(path, items, () => pictureOf(items, { columns: terms.length + 1 }));
}

/** Writes items, spoilt copies and what the model restores, one below the other; [N, 3, ...shape]. */
export async function writeRestorations(
  run: LoadedRun,
  data: DataSet,
  path: string,
  { count, seed }: { count: number; seed: number },
): Promise<void> {
  checkFormat(path);
  const batch = hostBatch(data, chooseItems(data, count, seed));
  const spoilt = await corruptItems(run.instance, batch, { seed });
  const restored = await reconstructItems(run.instance, { ...batch, x: spoilt }, { seed });
  const all = interleaved([batch.x, spoilt, restored]);
  await writeItems(path, all, () => {
    const columns = Math.min(count, 10);
    // A row of items, a row of spoilt ones, a row of restored ones; then the next items.
    const order: number[] = [];
    for (let first = 0; first < count; first += columns) {
      for (let part = 0; part < 3; part++) {
        for (let i = first; i < first + columns; i++) order.push(i < count ? 3 * i + part : -1);
      }
    }
    const [shape, size] = [batch.x.shape.slice(1), sizeOf(batch.x.shape.slice(1))];
    const data = new Float32Array(order.length * size);
    for (const [to, from] of order.entries()) {
      if (from >= 0) data.set((all.data as Float32Array).subarray(from * size, (from + 1) * size), to * size);
    }
    return pictureOf({ shape: [order.length, ...shape], dtype: 'float32', data }, { columns });
  });
}

/** [n, ...shape] some times → [n, times, ...shape] */
function interleaved(parts: readonly HostTensor[]): HostTensor {
  const [n, ...shape] = parts[0]!.shape as [number, ...number[]];
  const size = sizeOf(shape);
  const data = new Float32Array(n * parts.length * size);
  for (const [p, part] of parts.entries()) {
    for (let i = 0; i < n; i++) {
      data.set((part.data as Float32Array).subarray(i * size, (i + 1) * size), (i * parts.length + p) * size);
    }
  }
  return { shape: [n, parts.length, ...shape], dtype: 'float32', data };
}
