/**
 * The safetensors format: 8 bytes of header length, a JSON header {name: {dtype, shape, data_offsets}}, then the raw
 * little-endian values. Written sorted by name, without gaps, so equal contents are equal bytes.
 */
import { allocate, bytesPerElement, type DType, dtypeOf, type TypedArray } from '../core/dtype.js';
import { FormatError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { NamedArray } from './state.js';

const names: Readonly<Record<DType, string>> = { float32: 'F32', int32: 'I32', int64: 'I64', bool: 'BOOL' };
const maxHeaderBytes = 100_000_000;

export interface Safetensors {
  readonly tensors: Map<string, NamedArray>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Serialises named arrays. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, NamedArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  let offset = 0;
  for (const [name, { shape, data }] of sorted) {
    header[name] = { dtype: names[dtypeOf(data)], shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8; // values start at a multiple of 8 bytes
  const out = new Uint8Array(8 + headerLength + offset);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerLength), true);
  out.fill(0x20, 8, 8 + headerLength);
  out.set(json, 8);
  let position = 8 + headerLength;
  for (const [, { data }] of sorted) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return out;
}

interface Entry {
  readonly dtype?: unknown;
  readonly shape?: unknown;
  readonly data_offsets?: unknown;
}

/**
 * Reads named arrays. Half-precision values (F16, BF16) become float32.
 * @param source named in errors: the path of the file
 * @throws FormatError where the bytes are truncated or no safetensors
 */
export function decodeSafetensors(bytes: Uint8Array, source = 'safetensors'): Safetensors {
  const fail = (expected: string, got: string): never => {
    throw new FormatError({
      operation: `read ${source}`,
      expected,
      got,
      remedy: 'The file is damaged, incomplete or of another format: restore it from a copy, or make it again.',
    });
  };
  if (bytes.length < 8) fail('a safetensors file', `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength < 2 || headerLength > Math.min(maxHeaderBytes, bytes.length - 8)) {
    fail('a safetensors header', `a header length of ${headerLength} in ${bytes.length} bytes`);
  }
  let header: Record<string, Entry> = {};
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerLength)));
  } catch {
    fail('a JSON header', 'other text');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) fail('a JSON object', typeof header);
  const tensors = new Map<string, NamedArray>();
  const start = 8 + headerLength;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = entry ?? {};
    const sized = Array.isArray(shape) && shape.every((n) => Number.isSafeInteger(n) && n >= 0);
    const placed =
      Array.isArray(offsets) && offsets.length === 2 && offsets.every((n) => Number.isSafeInteger(n) && n >= 0);
    if (typeof dtype !== 'string' || !sized || !placed) {
      fail(`dtype, shape and data_offsets of ${name}`, JSON.stringify(entry));
      continue;
    }
    const [from, to] = offsets as [number, number];
    if (to < from || start + to > bytes.length) fail(`${start + to} bytes, for ${name}`, `${bytes.length} bytes`);
    tensors.set(name, {
      shape,
      data: decodeValues(dtype, shape, new Uint8Array(bytes.subarray(start + from, start + to)), name, fail),
    });
  }
  return { tensors, metadata: (header['__metadata__'] ?? {}) as Record<string, string> };
}

function decodeValues(
  dtype: string,
  shape: readonly number[],
  raw: Uint8Array<ArrayBuffer>,
  name: string,
  fail: (expected: string, got: string) => never,
): TypedArray {
  const size = sizeOf(shape);
  const known = (Object.keys(names) as DType[]).find((d) => names[d] === dtype);
  const width = known === undefined ? { F16: 2, BF16: 2, F64: 8, U8: 1 }[dtype] : bytesPerElement[known];
  if (width === undefined) return fail(`a dtype among F32, F16, BF16, F64, I32, I64, U8, BOOL for ${name}`, dtype);
  if (raw.length !== size * width) return fail(`${size * width} bytes for ${name}`, `${raw.length}`);
  switch (known) {
    case 'float32':
      return new Float32Array(raw.buffer);
    case 'int32':
      return new Int32Array(raw.buffer);
    case 'int64':
      return new BigInt64Array(raw.buffer);
    case 'bool':
      return raw;
    default:
      break;
  }
  const out = allocate('float32', size);
  if (dtype === 'F64') out.set(new Float64Array(raw.buffer));
  else if (dtype === 'U8') out.set(raw);
  else if (dtype === 'BF16') {
    const bits = new Uint32Array(out.buffer);
    new Uint16Array(raw.buffer).forEach((half, i) => {
      bits[i] = half << 16;
    });
  } else
    new Uint16Array(raw.buffer).forEach((half, i) => {
      out[i] = fromHalf(half);
    });
  return out;
}

/** IEEE 754 binary16 to a number. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * 2 ** -14 * (fraction / 1024);
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
