/** Digests by which damaged files are noticed. */
import { createHash } from 'node:crypto';
import type { NamedArray } from '../runtime/state.js';

/** sha256 of bytes, hexadecimal. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** sha256 over names, shapes and values, in the order of the names. */
export function digestOfTensors(tensors: ReadonlyMap<string, NamedArray>): string {
  const hash = createHash('sha256');
  for (const [name, { shape, data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
