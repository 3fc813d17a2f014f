import { expect, test } from 'vitest';
import { FormatError, NonFiniteError } from '../../src/core/errors.js';
import { errorOf, hostError } from '../../src/train/host.js';
import { fromJson, toJson } from '../../src/train/json.js';

test('tensors anywhere in a record survive JSON bit for bit', () => {
  const big = Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i));
  const record = {
    kind: 'samples',
    list: [
      { shape: [3], dtype: 'float32', data: Float32Array.of(Number.NaN, -0, 1e-45) },
      { shape: [2], dtype: 'int64', data: BigInt64Array.of(-1n, 2n ** 60n) },
      { shape: [big.length], dtype: 'float32', data: big },
    ],
    part: { shape: [2], dtype: 'int32', data: new Int32Array([1, 2, 3, 4]).subarray(1, 3) },
    shape: [1, 2],
    nothing: null,
  };
  const back = fromJson(JSON.parse(JSON.stringify(toJson(record)))) as typeof record;
  expect(back).toEqual(record);
});

test('a tensor whose bytes do not fit its shape is refused', () => {
  expect(() => fromJson({ shape: [2], dtype: 'float32', data: 'AAAA' })).toThrow(FormatError);
  expect(() => fromJson({ shape: [2], dtype: 'float32', data: '?' })).toThrow(/no base64/);
});

test('errors keep their class and their parts', () => {
  const error = new NonFiniteError({ operation: 'train vae', expected: 'a finite loss', got: 'NaN', remedy: 'Less.' });
  const back = errorOf(JSON.parse(JSON.stringify(hostError(error))));
  expect(back).toBeInstanceOf(NonFiniteError);
  expect(back.message).toBe(error.message);
  expect((back as NonFiniteError).parts).toEqual(error.parts);
  expect(errorOf(hostError(new TypeError('x is not a function')))).toMatchObject({ name: 'TypeError' });
  expect(errorOf(hostError(new FormatError('foreign')))).toMatchObject({ name: 'FormatError', message: 'foreign' });
});
