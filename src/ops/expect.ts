/** What dtypes an op takes, said in one way. */
import type { DType } from '../core/dtype.js';
import { DTypeError } from '../core/errors.js';
import type { TensorType } from '../core/op.js';

const kinds = {
  float32: { text: 'float32', dtypes: ['float32'], remedy: "Cast first: x.cast('float32')." },
  number: { text: 'numbers', dtypes: ['float32', 'int32', 'int64'], remedy: "Cast first: x.cast('float32')." },
  index: { text: 'int32 or int64 indices', dtypes: ['int32', 'int64'], remedy: "Cast first: x.cast('int32')." },
  mask: { text: 'a bool mask', dtypes: ['bool'], remedy: 'Compare first: x.notEqual(0).' },
} as const;

/** Throws a DTypeError unless `x` is of the kind that `operation` takes. */
export function expectKind(operation: string, kind: keyof typeof kinds, x: TensorType): void {
  const { text, dtypes, remedy } = kinds[kind];
  if ((dtypes as readonly DType[]).includes(x.dtype)) return;
  throw new DTypeError({ operation, expected: text, got: x.dtype, remedy });
}

/** Throws a DTypeError unless both have one dtype. */
export function expectSameDType(operation: string, a: TensorType, b: TensorType): void {
  if (a.dtype === b.dtype) return;
  throw new DTypeError({
    operation,
    expected: 'two sides of one dtype',
    got: `${a.dtype} and ${b.dtype}`,
    remedy: "Cast one side: x.cast('float32').",
  });
}
