import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/core/errors.js';
import { decodeNpy, encodeNpy } from '../../src/node/npy.js';

const cube = { shape: [2, 3, 1], dtype: 'float32', data: Float32Array.from([0, 1, -2.5, 1e-8, 3, 4]) } as const;

describe('.npy', () => {
  it('begins as NumPy 1.0 files do, values at a multiple of 64 bytes', () => {
    const bytes = encodeNpy(cube);
    expect([...bytes.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
    const start = 10 + bytes[8]! + 256 * bytes[9]!;
    expect(start % 64).toBe(0);
    const header = new TextDecoder('latin1').decode(bytes.subarray(10, start));
    expect(header).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(2, 3, 1\), \} *\n$/);
    expect(bytes.length).toBe(start + 24);
  });

  it.each([[cube.shape], [[6]], [[3, 2]]])('reads what it writes: %j', (shape) => {
    const read = decodeNpy(encodeNpy({ ...cube, shape }));
    expect(read.shape).toEqual(shape);
    expect(read.data).toEqual(cube.data);
  });

  it('writes the values of a view, not of the memory around it', () => {
    const view = Float32Array.from([9, 1, 2, 9]).subarray(1, 3);
    expect([...decodeNpy(encodeNpy({ shape: [2], dtype: 'float32', data: view })).data]).toEqual([1, 2]);
  });

  it.each([
    ['cut off', (b: Uint8Array) => b.slice(0, -1)],
    ['foreign', () => new TextEncoder().encode('PNG or something else')],
    ['empty', () => new Uint8Array(0)],
    ['of another type', (b: Uint8Array) => Uint8Array.from(b, (v, i) => (b[i - 1] === 0x66 && v === 0x34 ? 0x38 : v))],
  ])('refuses a file that is %s', (_, change) => {
    expect(() => decodeNpy(change(encodeNpy(cube)), 'a.npy')).toThrow(FormatError);
  });
});
