/** Feature extractors in Node: the one that comes with genera, and any ONNX file. */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../core/errors.js';
import type { DataSet } from '../data/data-set.js';
import { type FeatureExtractor, onnxExtractor } from '../metrics/index.js';
import { readIfThere } from './files.js';

/** genera's own, a `cnn` trained on MNIST; see docs/models/cnn.md for the command that made it. */
export const ownExtractor = 'genera-cnn-28';

const loaded = new Map<string, Promise<FeatureExtractor>>();

/**
 * The extractor of this name, or in this ONNX file.
 * @throws UsageError where there is no such file, FormatError where it is no extractor
 */
export function loadExtractor(name: string): Promise<FeatureExtractor> {
  const known = loaded.get(name) ?? readExtractor(name);
  loaded.set(name, known);
  return known;
}

async function readExtractor(name: string): Promise<FeatureExtractor> {
  const own = name === ownExtractor;
  const path = own ? fileURLToPath(new URL(`../../assets/${ownExtractor}.onnx`, import.meta.url)) : name;
  const bytes = await readIfThere(path);
  if (bytes !== undefined) return onnxExtractor(bytes, own ? ownExtractor : basename(path));
  throw new UsageError({
    operation: 'feature extractor',
    expected: `${ownExtractor}, or the path of an ONNX file`,
    got: `'${name}', where there is nothing`,
    remedy: 'Check the path.',
  });
}

/** The extractor for these items when none is named: genera's own for grey images of 28×28, else none. */
export async function extractorFor({
  kind,
  shape,
}: Pick<DataSet, 'kind' | 'shape'>): Promise<FeatureExtractor | undefined> {
  if (kind !== 'image') return undefined;
  const own = await loadExtractor(ownExtractor);
  return own.takes(shape) ? own : undefined;
}
