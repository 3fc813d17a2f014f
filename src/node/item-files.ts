/** What the files of items have in common: their formats, and the items and classes that are meant. */
import { extname } from 'node:path';
import { UsageError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import { orderOf } from '../data/loader.js';
import { didYouMean } from '../util/nearest.js';
import { writeFileWhole } from './files.js';
import { encodeNpy } from './npy.js';
import type { LoadedRun } from './runs.js';

const formats = ['.png', '.npy'];

/** @throws UsageError for a file name that tells no format that items can be written in */
export function checkFormat(path: string, further: readonly string[] = []): void {
  const known = [...formats, ...further];
  if (known.includes(extname(path).toLowerCase())) return;
  throw new UsageError({
    operation: `write ${path}`,
    expected: `a name that ends in ${known.join(' or ')}`,
    got: extname(path) === '' ? 'one without an ending' : `'${extname(path)}'`,
    remedy: '.png is a picture, .npy holds the float32 values for NumPy.',
  });
}

/** Writes values as .npy, or what `picture` draws of them as .png. */
export async function writeItems(path: string, values: HostTensor, picture: () => Uint8Array): Promise<void> {
  checkFormat(path);
  await writeFileWhole(path, extname(path).toLowerCase() === '.npy' ? encodeNpy(values) : picture());
}

/** The class that is meant. */
export function labelOf({ model, config, instance }: LoadedRun, label: string): number {
  const names = config.data.labels ?? [];
  if (instance.capabilities.classes === undefined) {
    throw new UsageError({
      operation: `--label of ${model.id}`,
      expected: 'a model that can be told a label',
      got: `--label ${label}`,
      remedy: 'Leave --label out.',
    });
  }
  const byName = names.indexOf(label);
  if (byName >= 0) return byName;
  const number = Number(label);
  if (label.trim() !== '' && Number.isInteger(number) && number >= 0 && number < names.length) return number;
  throw new UsageError({
    operation: `--label of ${model.id}`,
    expected: `a label of ${config.data.id}: ${names.join(', ')}, or its number`,
    got: `'${label}'`,
    remedy: didYouMean(label, names),
  });
}

/** Positions of n items of a data set, chosen by a seed. */
export function chooseItems(data: DataSet, n: number, seed: number): number[] {
  if (n > data.count) {
    throw new UsageError({
      operation: `${data.id}, split ${data.split}`,
      expected: `at most ${data.count} items`,
      got: `${n}`,
      remedy: 'Ask for fewer.',
    });
  }
  return [...orderOf(data, { seed, epoch: 0 }).subarray(0, n)];
}
