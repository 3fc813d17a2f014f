/** The dimensions of a latent space: which of them say something, and what each does to an item. */
import type { ModelInstance } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import type { HostBatch } from '../data/host-batches.js';
import { activeAbove } from '../metrics/index.js';
import { decodeCodes, encodeItems } from './latent.js';
import { need } from './need.js';
import { pickRows } from './rows.js';

export interface LatentDimension {
  /** Position in the code, from 0. */
  readonly dimension: number;
  /** Mean of KL(q(z_d | x) ‖ N(0, 1)) over the items, nats; where the encoder is a distribution. */
  readonly kl?: number;
  /** Mean and variance of the mean codes over the items. */
  readonly mean: number;
  readonly variance: number;
  /** Whether the variance is above 0.01: the dimension follows the items (Burda et al. 2015, §5.2). */
  readonly active: boolean;
}

/** What each dimension does on these items, the most telling first: by KL, or by variance where there is none. */
export async function describeDimensions(instance: ModelInstance, items: HostBatch): Promise<LatentDimension[]> {
  const { mean, logVariance } = await encodeItems(instance, items);
  const count = mean.shape[0]!;
  const width = sizeOf(mean.shape.slice(1));
  const column = (of: (i: number) => number): number => {
    let total = 0;
    for (let i = 0; i < count; i++) total += of(i);
    return total / count;
  };
  const dimensions = Array.from({ length: width }, (_, dimension): LatentDimension => {
    const at = (t: HostTensor, i: number): number => Number(t.data[i * width + dimension]);
    const average = column((i) => at(mean, i));
    const variance = column((i) => (at(mean, i) - average) ** 2);
    const divergence = (i: number): number => {
      const l = at(logVariance!, i);
      return (at(mean, i) ** 2 + Math.exp(l) - l - 1) / 2;
    };
    return {
      dimension,
      ...(logVariance === undefined ? {} : { kl: column(divergence) }),
      mean: average,
      variance,
      active: variance > activeAbove,
    };
  });
  return dimensions.sort((a, b) => (b.kl ?? b.variance) - (a.kl ?? a.variance));
}

export interface DimensionWorth extends LatentDimension {
  /** How much the mean squared error grows where the dimension stays at its mean. */
  readonly worth: number;
}

/**
 * What each dimension tells, and what reconstruction loses without it; the most telling first, `most` of them.
 * @returns with the mean squared error of the reconstruction from all of them
 */
export async function weighDimensions(
  instance: ModelInstance,
  items: HostBatch,
  most: number,
): Promise<{ readonly error: number; readonly dimensions: readonly DimensionWorth[] }> {
  need(instance, 'dimensions', 'decode', items.labels);
  const described = (await describeDimensions(instance, items)).slice(0, most);
  const { mean: codes } = await encodeItems(instance, items);
  const width = sizeOf(codes.shape.slice(1));
  const errorOf = async (data: Float32Array): Promise<number> => {
    const decoded = await decodeCodes(instance, { ...codes, data }, items.labels);
    const [x, y] = [items.x.data as Float32Array, decoded.data as Float32Array];
    let total = 0;
    for (let i = 0; i < x.length; i++) total += (x[i]! - y[i]!) ** 2;
    return total / x.length;
  };
  const error = await errorOf(codes.data as Float32Array);
  const dimensions: DimensionWorth[] = [];
  for (const described_ of described) {
    const { dimension, mean } = described_;
    const without = (codes.data as Float32Array).map((value, i) => (i % width === dimension ? mean : value));
    dimensions.push({ ...described_, worth: (await errorOf(without)) - error });
  }
  return { error, dimensions };
}

/** Dimensions by their positions, in the order of `dimensions`. @throws UsageError for one that the code has not */
function chosen(dimensions: readonly LatentDimension[], positions: readonly number[]): LatentDimension[] {
  const wrong = positions.find((p) => !(Number.isInteger(p) && p >= 0 && p < dimensions.length));
  if (wrong === undefined) return positions.map((p) => dimensions.find(({ dimension }) => dimension === p)!);
  throw new UsageError({
    operation: 'latent dimension',
    expected: `a position in 0…${dimensions.length - 1}, since the code has ${dimensions.length}`,
    got: `${wrong}`,
    remedy: "'genera latent RUN' lists the dimensions.",
  });
}

export interface TraverseOptions {
  /** Items in a row. */
  readonly steps: number;
  /** How far each way: standard deviations of the prior, or, without a prior, of the codes around their mean. */
  readonly range: number;
  /** Positions of the dimensions that are moved; default: the most telling ones. */
  readonly dimensions?: readonly number[] | undefined;
}

/** Most rows that are made when no dimensions are named. */
const manyRows = 32;

export interface Traversal {
  /** [rows · steps, ...shape], one row for each dimension. */
  readonly items: HostTensor;
  readonly dimensions: readonly LatentDimension[];
}

/**
 * One dimension of an item's code is moved from −range to range while the others stay; a row for each dimension, the
 * most telling first.
 * @param item one row; with labels for conditional models
 * @param items what the statistics of the codes are taken from
 */
export async function traverseItem(
  instance: ModelInstance,
  item: HostBatch,
  items: HostBatch,
  { steps, range, dimensions: positions }: TraverseOptions,
): Promise<Traversal> {
  need(instance, 'traverse', 'decode', item.labels);
  const all = await describeDimensions(instance, items);
  const dimensions = positions === undefined ? all.slice(0, manyRows) : chosen(all, positions);
  const { mean: code } = await encodeItems(instance, item);
  const rows = dimensions.length * steps;
  const codes = pickRows(code, new Array<number>(rows).fill(0));
  const width = sizeOf(code.shape.slice(1));
  const prior = instance.capabilities.latent?.prior === 'normal';
  for (const [r, { dimension, mean, variance }] of dimensions.entries()) {
    for (let s = 0; s < steps; s++) {
      const t = range * (steps === 1 ? 0 : (2 * s) / (steps - 1) - 1);
      codes.data[(r * steps + s) * width + dimension] = prior ? t : mean + t * Math.sqrt(variance);
    }
  }
  const labels = item.labels === undefined ? undefined : pickRows(item.labels, new Array<number>(rows).fill(0));
  return { items: await decodeCodes(instance, codes, labels), dimensions };
}

export interface ManifoldOptions {
  /** Items in a row and in a column. */
  readonly steps: number;
  /** The two dimensions that are moved, to the right and downwards; the others stay at their mean. Default: 0 and 1. */
  readonly dimensions?: readonly [number, number] | undefined;
  /** The class, for conditional models. */
  readonly label?: number | undefined;
}

/**
 * A plane through the latent space, decoded: [steps², ...shape], row by row. Along both axes the codes lie at the
 * quantiles (i + ½)/steps of a normal distribution, so that each picture stands for an equal share of the prior (Kingma
 * & Welling 2013, figure 4); without a prior it has the mean and variance of the codes.
 * @throws UsageError where the code has other than two dimensions and none are chosen
 */
export async function latentManifold(
  instance: ModelInstance,
  items: HostBatch,
  { steps, dimensions, label }: ManifoldOptions,
): Promise<HostTensor> {
  const all = await describeDimensions(instance, items);
  if (dimensions === undefined && all.length !== 2) {
    throw new UsageError({
      operation: 'manifold',
      expected: 'a code of two dimensions',
      got: `one of ${all.length}`,
      remedy: 'Choose two of them with --dimensions a,b, or train with --set latent=2.',
    });
  }
  const [right, down] = chosen(all, dimensions ?? [0, 1]) as [LatentDimension, LatentDimension];
  const normal = instance.capabilities.latent?.prior === 'normal';
  const base = Float32Array.from({ length: all.length }, (_, d) =>
    normal ? 0 : all.find(({ dimension }) => dimension === d)!.mean,
  );
  const place = ({ mean, variance }: LatentDimension, i: number): number => {
    const t = normalQuantile((i + 0.5) / steps);
    return normal ? t : mean + t * Math.sqrt(variance);
  };
  const data = new Float32Array(steps * steps * all.length);
  for (let i = 0; i < steps * steps; i++) {
    data.set(base, i * all.length);
    data[i * all.length + right.dimension] = place(right, i % steps);
    data[i * all.length + down.dimension] = place(down, Math.floor(i / steps));
  }
  const shape = [steps * steps, ...(instance.capabilities.latent?.shape ?? [all.length])];
  const labels: HostTensor | undefined =
    label === undefined
      ? undefined
      : { shape: [steps * steps], dtype: 'int32', data: new Int32Array(steps * steps).fill(label) };
  return decodeCodes(instance, { shape, dtype: 'float32', data }, labels);
}

/** x with Φ(x) = p, to 4.5·10⁻⁴ (Abramowitz & Stegun 26.2.23). */
export function normalQuantile(p: number): number {
  if (p === 0.5) return 0;
  const t = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return Math.sign(p - 0.5) * (t - above / below);
}
