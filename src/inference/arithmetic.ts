/** Sums and differences of the mean codes of groups of items: a smile plus a face, a 7 less a 1. */
import type { ModelInstance } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import { hostBatch } from '../data/host-batches.js';
import { didYouMean } from '../util/nearest.js';
import { decodeCodes, encodeItems } from './latent.js';
import { need } from './need.js';

/** A group of items with its sign. */
export interface Term {
  readonly sign: 1 | -1;
  /** As it was written: a label, or factor=value. */
  readonly name: string;
  /** Positions of its items in the data set. */
  readonly members: readonly number[];
}

/**
 * Reads '7 - 1 + 4': groups of items by label, or by a known cause as factor=value ('background=white'), with + and −
 * between them that have spaces around.
 * @throws UsageError for what is no such text, and for groups that the data set has not
 */
export function parseTerms(text: string, data: DataSet): Term[] {
  const parts = text.trim().split(/\s+([+\-−])\s+/);
  return parts.flatMap((part, i): Term[] => {
    if (i % 2 === 1) return [];
    const name = part.trim();
    const sign = i === 0 || parts[i - 1] === '+' ? 1 : -1;
    return [{ sign, name, members: membersOf(name, data) }];
  });
}

function membersOf(name: string, { count, id, labels, labelNames = [], factors }: DataSet): number[] {
  const [factor, value] = name.split('=', 2) as [string, string | undefined];
  const known = [
    ...labelNames,
    ...(factors?.names ?? []).flatMap((f, k) => factors!.values[k]!.map((v) => `${f}=${v}`)),
  ];
  const members: number[] = [];
  if (value === undefined) {
    const label = labelNames.indexOf(name);
    for (let i = 0; i < count; i++) if (label >= 0 && labels?.[i] === label) members.push(i);
  } else {
    const f = factors?.names.indexOf(factor) ?? -1;
    const code = factors?.values[f]?.map(String).indexOf(value) ?? -1;
    const width = factors?.names.length ?? 0;
    for (let i = 0; i < count; i++) if (code >= 0 && factors!.codes[i * width + f] === code) members.push(i);
  }
  if (members.length > 0) return members;
  throw new UsageError({
    operation: 'latent arithmetic',
    expected: known.length === 0 ? 'a data set with labels or known causes' : `groups of items of ${id}`,
    got: known.includes(name) ? `'${name}', of which there are no items here` : `'${name}'`,
    remedy: didYouMean(name, known) || `There are ${known.join(', ') || 'none'}; write for example 'a - b + c'.`,
  });
}

/** Most items that a mean is taken over. */
const enough = 1000;

/**
 * Rows of pictures, terms + 1 wide: the decoded mean of each term and of the sum; then for each of `count` items of the
 * first term the item itself, the means, and the item with the other terms added to its code.
 * @returns [(1 + count) · (terms + 1), ...shape]
 */
export async function latentArithmetic(
  instance: ModelInstance,
  data: DataSet,
  terms: readonly Term[],
  { count }: { count: number },
): Promise<HostTensor> {
  const first = terms[0]!;
  if (count > first.members.length) {
    throw new UsageError({
      operation: 'latent arithmetic',
      expected: `at most the ${first.members.length} items of '${first.name}'`,
      got: `${count}`,
      remedy: 'Ask for fewer.',
    });
  }
  const batchOf = (members: readonly number[]) => hostBatch(data, members);
  const items = batchOf(first.members.slice(0, Math.max(1, count)));
  need(instance, 'latent arithmetic', 'decode', items.labels);
  const means: Float64Array[] = [];
  for (const { members } of terms) {
    means.push(meanRow((await encodeItems(instance, batchOf(members.slice(0, enough)))).mean));
  }
  const { mean: codes } = await encodeItems(instance, items);
  const width = sizeOf(codes.shape.slice(1));
  const columns = terms.length + 1;
  const rows = 1 + count;
  const out = new Float32Array(rows * columns * width);
  for (let r = 0; r < rows; r++) {
    const own = r === 0 ? means[0]! : (codes.data as Float32Array).subarray((r - 1) * width, r * width);
    const sum = Float64Array.from(own);
    for (const [k, { sign }] of terms.entries()) {
      const shown = k === 0 ? own : means[k]!;
      out.set(shown, (r * columns + k) * width);
      if (k > 0) for (let d = 0; d < width; d++) sum[d]! += sign * shown[d]!;
    }
    out.set(sum, (r * columns + terms.length) * width);
  }
  const shape = [rows * columns, ...codes.shape.slice(1)];
  return decodeCodes(instance, { shape, dtype: 'float32', data: out }, sameLabel(items.labels, rows * columns));
}

/** The label of the first item, so often. */
function sameLabel(labels: HostTensor | undefined, count: number): HostTensor | undefined {
  if (labels === undefined) return undefined;
  return { shape: [count], dtype: 'int32', data: new Int32Array(count).fill(Number(labels.data[0])) };
}

function meanRow({ shape, data }: HostTensor): Float64Array {
  const [count, width] = [shape[0]!, sizeOf(shape.slice(1))];
  const mean = new Float64Array(width);
  for (let i = 0; i < count * width; i++) mean[i % width]! += Number(data[i]) / count;
  return mean;
}
