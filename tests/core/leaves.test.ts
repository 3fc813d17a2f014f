import { describe, expect, test } from 'vitest';
import { allocate, type DType, dtypeOf, fromNumbers, type TypedArray } from '../../src/core/dtype.js';
import { DTypeError, ShapeError } from '../../src/core/errors.js';
import { type ConstantAttrs, constant, tensor, traceCall, Variable } from '../../src/core/leaves.js';
import type { Tensor } from '../../src/core/tensor.js';

const valuesOf = (t: Tensor): unknown[] => Array.from((t.node.attrs as ConstantAttrs).data as ArrayLike<number>);

describe('dtypes', () => {
  test('each has its array', () => {
    for (const dtype of ['float32', 'int32', 'int64', 'bool'] as DType[]) {
      expect(dtypeOf(allocate(dtype, 2))).toBe(dtype);
      expect(allocate(dtype, 2)).toHaveLength(2);
    }
    expect(() => dtypeOf(new Float64Array(1) as unknown as TypedArray)).toThrow(
      'dtype: expected a Float32Array, Int32Array, BigInt64Array or Uint8Array, got Float64Array. ' +
        'Convert it: Float32Array.from(values).',
    );
  });

  test('fromNumbers', () => {
    expect(fromNumbers('int64', [1, -2, true])).toEqual(BigInt64Array.of(1n, -2n, 1n));
    expect(fromNumbers('int32', [1, -2])).toEqual(Int32Array.of(1, -2));
    expect(fromNumbers('bool', [0, 2, -0.5, false, true])).toEqual(Uint8Array.of(0, 1, 1, 0, 1));
    expect(fromNumbers('float32', [0.1, Number.NaN])).toEqual(Float32Array.of(0.1, Number.NaN));
  });
});

describe('tensor', () => {
  test('finds shape and dtype', () => {
    const cases: [Tensor, number[], DType, unknown[]][] = [
      [tensor(2), [], 'float32', [2]],
      [tensor(true), [], 'bool', [1]],
      [tensor([[1, 2, 3]]), [1, 3], 'float32', [1, 2, 3]],
      [tensor([[true], [false]]), [2, 1], 'bool', [1, 0]],
      [tensor([1, 2], [2], 'int64'), [2], 'int64', [1n, 2n]],
      [tensor([1, 2, 3, 4], [2, 2]), [2, 2], 'float32', [1, 2, 3, 4]],
      [tensor([[], []]), [2, 0], 'float32', []],
      [tensor(Int32Array.of(1, 2)), [2], 'int32', [1, 2]],
      [tensor(Float32Array.of(1, 2), [2, 1]), [2, 1], 'float32', [1, 2]],
    ];
    for (const [t, shape, dtype, values] of cases) {
      expect({ shape: t.shape, dtype: t.dtype, values: valuesOf(t) }).toEqual({ shape, dtype, values });
    }
  });

  test('refuses ragged lists, also where the number of elements fits', () => {
    expect(() => tensor([[1, 2], [3, 4, 5], [6]])).toThrow(
      'tensor: expected lists of shape [2] like the first, got [3]. Nested lists must have the same length at each level.',
    );
    expect(() => tensor([[1], 2] as number[][])).toThrow(ShapeError);
  });

  test('refuses a shape of another size, and an array of another dtype', () => {
    expect(() => tensor([1, 2, 3], [2])).toThrow('constant: expected 2 values for shape [2], got 3.');
    expect(() => tensor([1], [-1])).toThrow(ShapeError);
    expect(() => tensor(Int32Array.of(1), [1], 'float32')).toThrow(DTypeError);
    expect(() => constant({ shape: [1], dtype: 'int64', data: Int32Array.of(1) })).toThrow(
      'constant: expected an array of int64, got int32.',
    );
  });
});

describe('Variable.assign', () => {
  const variable = (): Variable => new Variable([2], { name: 'weight', initial: () => new Float32Array(2) });

  test('collects in the innermost trace; the last one counts', () => {
    const [v, w] = [variable(), variable()];
    const last = tensor([3, 4]);
    const { assignments, result } = traceCall(() => {
      v.assign(tensor([1, 2]));
      const inner = traceCall(() => w.assign(last));
      expect([...inner.assignments.keys()]).toEqual([w]);
      v.assign(last);
      return 'done';
    });
    expect(result).toBe('done');
    expect([...assignments]).toEqual([[v, last]]);
  });

  test('needs a trace, the shape and the dtype', () => {
    const v = variable();
    expect(() => v.assign(tensor([1, 2]))).toThrow(
      'assign weight: expected a call inside a compiled function, got a call outside. Wrap the code in compile(…).',
    );
    traceCall(() => {
      expect(() => v.assign(tensor([1]))).toThrow('assign weight: expected [2], got [1].');
      expect(() => v.assign(tensor(Int32Array.of(1, 2)))).toThrow('assign weight: expected float32, got int32.');
    });
  });

  test('a trace ends where its function throws', () => {
    expect(() =>
      traceCall(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(() => variable().assign(tensor([1, 2]))).toThrow('a call outside');
  });
});
