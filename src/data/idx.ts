/**
 * IDX files, the format of MNIST: two zero bytes, a type code, the number of dimensions; each dimension as a big-endian
 * uint32; then the values, row-major and big-endian. Plain or as gzip.
 *
 * Source: http://yann.lecun.com/exdb/mnist/, "the IDX file format".
 */

import { DataError } from '../core/errors.js';
import { gunzip, isGzip } from './gzip.js';

export type IdxType = 'uint8' | 'int32' | 'float32';

const TYPES: Readonly<Record<number, { readonly type: IdxType; readonly bytes: number }>> = {
  8: { type: 'uint8', bytes: 1 },
  12: { type: 'int32', bytes: 4 },
  13: { type: 'float32', bytes: 4 },
};

const REMEDY = 'Delete the file and get it again, or check that it is the file its name says.';

/** An IDX file's content; the class of `data` is that of its type. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int32Array | Float32Array;
}

/**
 * Reads an IDX file, plain or gzip.
 *
 * @param name the file, for messages
 * @throws DataError for truncated gzip, a wrong magic number, missing or trailing bytes
 */
export function readIdx(bytes: Uint8Array, name: string): IdxArray {
  const content = isGzip(bytes) ? gunzip(bytes, name) : bytes;
  const fault = (expected: string, got: string) =>
    new DataError({ operation: `reading ${name} as IDX`, expected, got, remedy: REMEDY });

  const rank = content[3] ?? 0;
  const known = TYPES[content[2] ?? 0];
  if (content.length < 4 || content[0] !== 0 || content[1] !== 0 || known === undefined || rank === 0) {
    const magic = [...content.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw fault('a magic number 00 00, type 08, 0c or 0d, number of dimensions', magic || 'an empty file');
  }
  const header = 4 + 4 * rank;
  if (content.length < header) throw fault(`a header of ${header} bytes`, `${content.length} bytes`);

  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.reduce((product, extent) => product * extent, 1);
  const wanted = header + count * known.bytes;
  if (content.length !== wanted) {
    const difference = Math.abs(content.length - wanted);
    const what = content.length < wanted ? `${difference} bytes too few` : `${difference} trailing bytes`;
    throw fault(`${wanted} bytes for ${known.type} [${shape.join(', ')}]`, `${content.length} bytes: ${what}`);
  }
  return { shape, data: valuesOf(view, known.type, header, count) };
}

function valuesOf(view: DataView, type: IdxType, start: number, count: number): IdxArray['data'] {
  switch (type) {
    case 'uint8':
      return new Uint8Array(view.buffer, view.byteOffset + start, count);
    case 'int32':
      return Int32Array.from({ length: count }, (_, i) => view.getInt32(start + 4 * i));
    case 'float32':
      return Float32Array.from({ length: count }, (_, i) => view.getFloat32(start + 4 * i));
  }
}

/**
 * Reads images: uint8 [count, height, width].
 *
 * @throws DataError also when type, number of dimensions or image size are other than that
 */
export function readIdxImages(bytes: Uint8Array, name: string, height: number, width: number): Uint8Array {
  const { shape, data } = readIdx(bytes, name);
  const [, h, w] = shape;
  if (!(data instanceof Uint8Array) || shape.length !== 3 || h !== height || w !== width) {
    throw new DataError({
      operation: `reading images from ${name}`,
      expected: `uint8 [count, ${height}, ${width}] (magic number 00 00 08 03)`,
      got: describe({ shape, data }),
      remedy: REMEDY,
    });
  }
  return data;
}

/**
 * Reads labels: uint8 or int32 [count], each below `classes`.
 *
 * @throws DataError also when type or number of dimensions are other than that, or a label is out of range
 */
export function readIdxLabels(bytes: Uint8Array, name: string, classes: number): Int32Array {
  const { shape, data } = readIdx(bytes, name);
  if (data instanceof Float32Array || shape.length !== 1) {
    throw new DataError({
      operation: `reading labels from ${name}`,
      expected: 'uint8 [count] (magic number 00 00 08 01)',
      got: describe({ shape, data }),
      remedy: REMEDY,
    });
  }
  const labels = Int32Array.from(data);
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (wrong >= 0) {
    throw new DataError({
      operation: `reading labels from ${name}`,
      expected: `labels from 0 to ${classes - 1}`,
      got: `${labels[wrong]} at position ${wrong}`,
      remedy: REMEDY,
    });
  }
  return labels;
}

function describe({ shape, data }: IdxArray): string {
  const type = data instanceof Uint8Array ? 'uint8' : data instanceof Int32Array ? 'int32' : 'float32';
  return `${type} [${shape.join(', ')}]`;
}
