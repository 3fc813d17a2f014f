/**
 * Records that hold tensors, as JSON: a tensor `{ shape, dtype, data }` has the little-endian bytes of its elements as
 * base64 in the place of `data`. Everything else is as JSON has it.
 */
import { bytesPerElement, type DType, type TypedArray } from '../core/dtype.js';
import { FormatError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';

/** A record with tensors → one that `JSON.stringify` takes. */
export function toJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toJson);
  if (ArrayBuffer.isView(value)) return base64(value as TypedArray);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toJson(entry)]));
}

/**
 * What `toJson` gave → the record with its tensors.
 * @throws FormatError for a tensor whose bytes do not fit its shape
 */
export function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object' || value === null) return value;
  const { shape, dtype, data } = value as Record<string, unknown>;
  if (Array.isArray(shape) && typeof dtype === 'string' && dtype in bytesPerElement && typeof data === 'string') {
    return tensorOf(shape as number[], dtype as DType, data);
  }
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fromJson(entry)]));
}

function base64(array: TypedArray): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let text = '';
  // Piecewise: a call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

const arrays = { float32: Float32Array, int32: Int32Array, int64: BigInt64Array, bool: Uint8Array } as const;

function tensorOf(shape: readonly number[], dtype: DType, data: string): HostTensor {
  const wrong = (got: string): FormatError =>
    new FormatError({ operation: 'read a tensor', expected: `base64 of ${dtype} [${shape.join(', ')}]`, got });
  let text: string;
  try {
    text = atob(data);
  } catch {
    throw wrong('no base64');
  }
  const size = shape.reduce((product, extent) => product * extent, bytesPerElement[dtype]);
  if (text.length !== size) throw wrong(`${text.length} bytes`);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return { shape, dtype, data: new arrays[dtype](bytes.buffer) };
}
