/**
 * NumPy's .npy format, version 1.0, for float32: the magic bytes, a header in Python's notation padded to a multiple of
 * 64 bytes, then the values, row-major and little-endian. Source: NumPy Enhancement Proposal 1.
 */
import { FormatError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const prefixBytes = 10; // magic, version, length of the header
const alignment = 64;

/** float32 values as the bytes of a .npy file. */
export function encodeNpy({ shape, data }: HostTensor): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((prefixBytes + text.length + 1) / alignment) * alignment - prefixBytes;
  const header = `${text.padEnd(length - 1)}\n`;
  const out = Buffer.alloc(prefixBytes + length + data.length * 4);
  out.set([...magic, 1, 0]);
  out.writeUInt16LE(length, 8);
  out.write(header, prefixBytes, 'latin1');
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), prefixBytes + length);
  return out;
}

/**
 * Reads float32 values.
 * @param source named in errors
 * @throws FormatError for a damaged file, another element type or another order
 */
export function decodeNpy(bytes: Uint8Array, source = '.npy'): HostTensor {
  const fail = (expected: string, got: string): never => {
    throw new FormatError({ operation: `read ${source}`, expected, got, remedy: 'Make the file again.' });
  };
  if (bytes.length < prefixBytes || magic.some((byte, i) => bytes[i] !== byte)) fail('a .npy file', 'other bytes');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version, length] = [bytes[6], buffer.readUInt16LE(8)];
  if (version !== 1) fail('.npy version 1', `version ${version}`);
  const header = buffer.toString('latin1', prefixBytes, prefixBytes + length);
  const fields = /'descr': *'([^']*)', *'fortran_order': *(\w+), *'shape': *\(([\d, ]*)\)/.exec(header);
  const [, type, fortran, dimensions] = fields ?? fail('a header with descr, fortran_order and shape', header.trim());
  if (type !== '<f4' || fortran !== 'False') fail("'<f4' in C order", `'${type}', fortran_order ${fortran}`);
  const shape = dimensions!.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  const values = Uint8Array.from(bytes.subarray(prefixBytes + length));
  if (values.length !== sizeOf(shape) * 4) fail(`${sizeOf(shape) * 4} bytes of values`, `${values.length}`);
  return { shape, dtype: 'float32', data: new Float32Array(values.buffer) };
}
