import { DTypeError } from './errors.js';

/**
 * Element types. float32 is the type of numbers; int32 and int64 are indices and class labels; bool is a mask, stored
 * as one byte an element (0 or 1).
 */
export type DType = 'float32' | 'int32' | 'int64' | 'bool';

export type TypedArray = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** The array type that stores each dtype. */
export interface ArrayOf {
  float32: Float32Array;
  int32: Int32Array;
  int64: BigInt64Array;
  bool: Uint8Array;
}

export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, int32: 4, int64: 8, bool: 1 };

/** A zero-filled array of `length` elements. */
export function allocate<D extends DType>(dtype: D, length: number): ArrayOf[D] {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length) as ArrayOf[D];
    case 'int32':
      return new Int32Array(length) as ArrayOf[D];
    case 'int64':
      return new BigInt64Array(length) as ArrayOf[D];
    default:
      return new Uint8Array(length) as ArrayOf[D];
  }
}

/**
 * The dtype that a typed array stores.
 * @throws DTypeError for the array types that store none
 */
export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Uint8Array) return 'bool';
  throw new DTypeError({
    operation: 'dtype',
    expected: 'a Float32Array, Int32Array, BigInt64Array or Uint8Array',
    got: Object.prototype.toString.call(data).slice(8, -1),
    remedy: 'Convert it: Float32Array.from(values).',
  });
}

/** Numbers (or booleans) stored in the given dtype; as bool, every number but 0 is true. */
export function fromNumbers<D extends DType>(dtype: D, values: ArrayLike<number | boolean>): ArrayOf[D] {
  const out = allocate(dtype, values.length);
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (dtype === 'int64') (out as BigInt64Array)[i] = BigInt(value);
    else (out as Float32Array)[i] = dtype === 'bool' ? Number(value !== 0) : value;
  }
  return out;
}
