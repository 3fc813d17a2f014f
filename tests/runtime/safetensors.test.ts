import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/core/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/runtime/safetensors.js';

const sample = new Map([
  ['b.weight', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, NaN, Infinity) }],
  ['a', { shape: [], data: Int32Array.of(7) }],
  ['c', { shape: [2], data: BigInt64Array.of(-1n, 2n ** 40n) }],
  ['mask', { shape: [3], data: Uint8Array.of(1, 0, 1) }],
]);

/** A file with this header and these value bytes. */
function file(header: unknown, values: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const out = new Uint8Array(8 + json.length + values.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  out.set(values, 8 + json.length);
  return out;
}

describe('safetensors', () => {
  it('returns what was written, with its metadata', () => {
    const { tensors, metadata } = decodeSafetensors(encodeSafetensors(sample, { step: '3' }));
    expect(metadata).toEqual({ step: '3' });
    expect(tensors.size).toBe(4);
    for (const [name, { shape, data }] of sample) expect(tensors.get(name)).toEqual({ shape, data });
  });

  it('reads a part of a larger buffer, as Node gives for small files', () => {
    const bytes = encodeSafetensors(sample);
    const pool = Buffer.alloc(bytes.length + 24);
    pool.set(bytes, 16);
    expect(decodeSafetensors(pool.subarray(16, 16 + bytes.length)).tensors.get('c')).toEqual(sample.get('c'));
  });

  it('writes the same bytes whatever the order of the entries', () => {
    const reversed = new Map([...sample].reverse());
    expect(encodeSafetensors(reversed)).toEqual(encodeSafetensors(sample));
  });

  it('starts values at a multiple of 8 bytes', () => {
    const bytes = encodeSafetensors(sample);
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  it('reads half precision, bfloat16 and float64 as float32', () => {
    const half = file(
      { h: { dtype: 'F16', shape: [4], data_offsets: [0, 8] } },
      new Uint8Array(Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7c00).buffer),
    );
    expect([...decodeSafetensors(half).tensors.get('h')!.data]).toEqual([1, -2.5, 2 ** -24, Infinity]);
    const brain = file(
      { h: { dtype: 'BF16', shape: [2], data_offsets: [0, 4] } },
      new Uint8Array(Uint16Array.of(0x3f80, 0xc020).buffer),
    );
    expect([...decodeSafetensors(brain).tensors.get('h')!.data]).toEqual([1, -2.5]);
    const double = file(
      { d: { dtype: 'F64', shape: [1], data_offsets: [0, 8] } },
      new Uint8Array(Float64Array.of(0.5).buffer),
    );
    expect([...decodeSafetensors(double).tensors.get('d')!.data]).toEqual([0.5]);
  });

  it('refuses truncated, foreign and contradictory files', () => {
    const bytes = encodeSafetensors(sample);
    for (const length of [0, 5, 20, bytes.length - 1]) {
      expect(() => decodeSafetensors(bytes.subarray(0, length), 'model.safetensors'), `${length} bytes`).toThrow(
        FormatError,
      );
    }
    expect(() => decodeSafetensors(new Uint8Array(64).fill(255), 'x')).toThrow(/read x: expected a safetensors header/);
    expect(() => decodeSafetensors(file([1], new Uint8Array(0)))).toThrow(/JSON object/);
    expect(() =>
      decodeSafetensors(file({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }, new Uint8Array(4))),
    ).toThrow(/8 bytes for w/);
    expect(() =>
      decodeSafetensors(file({ w: { dtype: 'Q4', shape: [2], data_offsets: [0, 4] } }, new Uint8Array(4))),
    ).toThrow(/Q4/);
    expect(() =>
      decodeSafetensors(file({ w: { dtype: 'F32', shape: [-2], data_offsets: [0, 4] } }, new Uint8Array(4))),
    ).toThrow(FormatError);
  });
});
