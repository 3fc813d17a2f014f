/** Cutting and joining: slice, pad, concat, stack, split, flip, tile. Slicing and zero padding are each other's gradient. */
import { allocate, fromNumbers } from '../core/dtype.js';
import { ShapeError } from '../core/errors.js';
import { formatShape, normalizeAxes, normalizeAxis, sizeOf } from '../core/shape.js';
import { apply, applyMany, type Op, type Tensor } from '../core/tensor.js';
import { expand, zeros } from './broadcast.js';
import { reshape, unsqueeze } from './movement.js';

interface SliceAttrs {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
}

const sliceOp: Op<SliceAttrs> = {
  name: 'slice',
  infer: ([x], { sizes }) => [{ shape: sizes, dtype: x!.dtype }],
  // The gradient lies at the elements taken, zeros between and around them.
  vjp: ({ inputs: [x], attrs: { starts, sizes, steps }, grads: [g] }) => {
    const spread = steps.reduce((t, step, axis) => dilate(t, axis, step), g!);
    const pads = sizes.map((_, i): [number, number] => {
      const before = starts[i]!;
      return [before, x!.shape[i]! - before - spread.shape[i]!];
    });
    return [padConstant(spread, pads, 0)];
  },
  lower: ({ inputs: [x], types: [type], attrs: { starts, sizes, steps }, emit, ints }) => {
    const axes = starts.flatMap((_, i) => (sizes[i] === type!.shape[i] && steps[i] === 1 ? [] : [i]));
    const ends = axes.map((i) => starts[i]! + (sizes[i]! - 1) * steps[i]! + 1);
    return [
      emit('Slice', [x!, ints(axes.map((i) => starts[i]!)), ints(ends), ints(axes), ints(axes.map((i) => steps[i]!))]),
    ];
  },
};

/** Puts step − 1 zeros between the elements of an axis. */
function dilate(x: Tensor, axis: number, step: number): Tensor {
  const n = x.shape[axis]!;
  if (step === 1 || n === 0) return x;
  const shape = [...x.shape.slice(0, axis), n, 1, ...x.shape.slice(axis + 1)];
  const gaps = shape.with(axis + 1, step - 1);
  const joined = concat([reshape(x, shape), zeros(gaps)], axis + 1);
  return narrow(reshape(joined, x.shape.with(axis, n * step)), axis, 0, (n - 1) * step + 1);
}

/** `size` elements of one axis from `start` on. */
export function narrow(x: Tensor, axis: number, start: number, size: number): Tensor {
  const a = normalizeAxis('narrow', axis, x.rank);
  const n = x.shape[a]!;
  if (!(Number.isInteger(start) && Number.isInteger(size) && start >= 0 && size >= 0 && start + size <= n)) {
    throw new ShapeError({
      operation: 'narrow',
      expected: `a start and a size within the ${n} elements of axis ${axis}`,
      got: `start ${start}, size ${size}`,
    });
  }
  return slice(x, ...x.shape.map((_, i): Range => (i === a ? [start, start + size] : null)));
}

/** null: all; a number: that element, and the axis goes; [start, stop, step]: from start to before stop. */
export type Range = null | number | readonly [start: number, stop: number | null, step?: number];

/**
 * Parts of the leading axes, one range each, as in NumPy: negative positions count from the end, a negative step runs
 * backwards. `x.slice(0)` is the first item, `x.slice(null, [2, 5])` takes columns 2 to 4.
 */
export function slice(x: Tensor, ...ranges: Range[]): Tensor {
  if (ranges.length > x.rank) {
    throw new ShapeError({ operation: 'slice', expected: `at most ${x.rank} ranges`, got: `${ranges.length}` });
  }
  const starts: number[] = [];
  const sizes: number[] = [];
  const steps: number[] = [];
  const reversed: number[] = [];
  const dropped: number[] = [];
  x.shape.forEach((n, axis) => {
    const range = ranges[axis] ?? null;
    if (typeof range === 'number') {
      const i = range < 0 ? range + n : range;
      if (!(Number.isInteger(i) && i >= 0 && i < n)) {
        throw new ShapeError({
          operation: 'slice',
          expected: `a position in ${-n}…${n - 1} of axis ${axis}`,
          got: `${range}`,
        });
      }
      dropped.push(axis);
      starts.push(i);
      sizes.push(1);
      steps.push(1);
      return;
    }
    const [from, to, step = 1] = range ?? [0, null];
    if (![from, to ?? 0, step].every(Number.isInteger) || step === 0) {
      throw new ShapeError({
        operation: 'slice',
        expected: 'whole numbers [start, stop, step], step not 0',
        got: JSON.stringify(range),
      });
    }
    const clamp = (v: number): number => Math.min(n, Math.max(0, v < 0 ? v + n : v));
    if (step > 0) {
      const start = clamp(from);
      const size = Math.max(0, Math.ceil(((to === null ? n : clamp(to)) - start) / step));
      starts.push(start);
      sizes.push(size);
      steps.push(step);
    } else {
      // Backwards from `from` to before `to`: the same elements forwards, then flipped.
      const first = Math.min(n - 1, from < 0 ? from + n : from);
      const last = to === null ? -1 : to < 0 ? Math.max(-1, to + n) : to;
      const size = Math.max(0, Math.ceil((first - last) / -step));
      starts.push(size === 0 ? 0 : first + (size - 1) * step);
      sizes.push(size);
      steps.push(-step);
      reversed.push(axis);
    }
  });
  const whole = sizes.every((size, i) => size === x.shape[i]);
  let y = whole ? x : apply(sliceOp, [x], { starts, sizes, steps });
  if (reversed.length > 0) y = flip(y, reversed);
  return dropped.length === 0
    ? y
    : reshape(
        y,
        y.shape.filter((_, i) => !dropped.includes(i)),
      );
}

const flipOp: Op<{ axes: readonly number[] }> = {
  name: 'flip',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  vjp: ({ attrs: { axes }, grads: [g] }) => [flip(g!, axes)],
  lower: ({ inputs: [x], attrs: { axes }, emit, ints }) => {
    const each = (value: number): string => ints(axes.map(() => value));
    return [emit('Slice', [x!, each(-1), each(-(2 ** 31)), ints(axes), each(-1)])];
  },
};

/** Reverses the order along axes (all by default). */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  const list = normalizeAxes('flip', axes, x.rank).filter((axis) => x.shape[axis]! > 1);
  return list.length === 0 ? x : apply(flipOp, [x], { axes: list });
}

const concatOp: Op<{ axis: number }> = {
  name: 'concat',
  infer: (inputs, { axis }) => {
    const shape = [...inputs[0]!.shape];
    shape[axis] = inputs.reduce((n, t) => n + t.shape[axis]!, 0);
    return [{ shape, dtype: inputs[0]!.dtype }];
  },
  vjp: ({ inputs, attrs: { axis }, grads: [g], needs }) => {
    let start = 0;
    return inputs.map((t, i) => {
      const size = t.shape[axis]!;
      start += size;
      return needs(i) ? narrow(g!, axis, start - size, size) : null;
    });
  },
  lower: ({ inputs, attrs: { axis }, emit }) => [emit('Concat', inputs, { axis })],
};

/** Joins tensors along an axis; the other sizes and the dtypes must be equal. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (first === undefined) throw new ShapeError({ operation: 'concat', expected: 'at least one tensor', got: 'none' });
  const a = normalizeAxis('concat', axis, first.rank);
  for (const t of tensors) {
    if (t.rank !== first.rank || t.dtype !== first.dtype || t.shape.some((n, i) => i !== a && n !== first.shape[i])) {
      throw new ShapeError({
        operation: 'concat',
        expected: `tensors like ${first.dtype}${formatShape(first.shape)} but for axis ${a}`,
        got: `${t.dtype}${formatShape(t.shape)}`,
      });
    }
  }
  return tensors.length === 1 ? first : apply(concatOp, tensors, { axis: a });
}

/** Joins tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  return concat(
    tensors.map((t) => unsqueeze(t, axis)),
    axis,
  );
}

interface SplitAttrs {
  readonly axis: number;
  readonly sizes: readonly number[];
}

const splitOp: Op<SplitAttrs> = {
  name: 'split',
  infer: ([x], { axis, sizes }) => sizes.map((size) => ({ shape: x!.shape.with(axis, size), dtype: x!.dtype })),
  vjp: ({ outputs, attrs: { axis }, grads }) => [
    concat(
      outputs.map((part, i) => grads[i] ?? zeros(part.shape)),
      axis,
    ),
  ],
  lower: ({ inputs: [x], attrs: { axis, sizes }, emitMany, ints }) =>
    emitMany('Split', [x!, ints(sizes)], sizes.length, { axis }),
};

/** Cuts an axis into parts of the given sizes, or into `parts` equal ones. */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  const along = normalizeAxis('split', axis, x.rank);
  const n = x.shape[along]!;
  const whole = (size: number): boolean => Number.isInteger(size) && size >= 0;
  if (typeof parts === 'number' && !(whole(parts) && parts > 0 && n % parts === 0)) {
    throw new ShapeError({ operation: 'split', expected: `a number of equal parts of ${n}`, got: `${parts}` });
  }
  const sizes = typeof parts === 'number' ? new Array<number>(parts).fill(n / parts) : parts;
  if (!sizes.every(whole) || sizes.reduce((a, b) => a + b, 0) !== n) {
    throw new ShapeError({ operation: 'split', expected: `sizes that add up to ${n}`, got: `[${sizes.join(', ')}]` });
  }
  return sizes.length === 1 ? [x] : applyMany(splitOp, [x], { axis: along, sizes });
}

/** Pads each axis with [before, after] copies of one value. */
export function padConstant(x: Tensor, pads: readonly (readonly [number, number])[], value: number): Tensor {
  if (pads.length !== x.rank || !pads.flat().every((n) => Number.isInteger(n) && n >= 0)) {
    throw new ShapeError({
      operation: 'pad',
      expected: `${x.rank} pairs of non-negative sizes for ${formatShape(x.shape)}`,
      got: JSON.stringify(pads),
    });
  }
  if (!pads.flat().some((n) => n > 0)) return x;
  return apply(padOp, [x], { pads, value });
}

const padOp: Op<{ pads: readonly (readonly [number, number])[]; value: number }> = {
  name: 'pad',
  infer: ([x], { pads }) => [{ shape: x!.shape.map((n, i) => n + pads[i]![0] + pads[i]![1]), dtype: x!.dtype }],
  vjp: ({ inputs: [x], attrs: { pads }, grads: [g] }) => [
    slice(g!, ...pads.map(([before], i): Range => [before, before + x!.shape[i]!])),
  ],
  // ONNX Runtime's Pad runs on one thread and is slow; joining with constant blocks is a few memory copies.
  lower: ({ inputs: [x], types: [type], attrs: { pads, value }, emit, constant, ints }) => {
    const filler = constant(fromNumbers(type!.dtype, [value]), []);
    let name = x!;
    let shape = [...type!.shape];
    pads.forEach(([before, after], axis) => {
      if (before + after === 0) return;
      const block = (size: number): string[] => {
        const blockShape = shape.with(axis, size);
        if (size === 0) return [];
        if (sizeOf(blockShape) === 0) return [constant(allocate(type!.dtype, 0), blockShape)];
        return [emit('Expand', [filler, ints(blockShape)])];
      };
      name = emit('Concat', [...block(before), name, ...block(after)], { axis });
      shape = shape.with(axis, shape[axis]! + before + after);
    });
    return [name];
  },
};

/** Repeats the whole tensor `repeats[i]` times along axis i. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  if (repeats.length !== x.rank || !repeats.every((n) => Number.isInteger(n) && n >= 1)) {
    throw new ShapeError({
      operation: 'tile',
      expected: `${x.rank} whole repeats ≥ 1`,
      got: `[${repeats.join(', ')}]`,
    });
  }
  const spread = x.shape.flatMap((n) => [1, n]);
  const repeated = expand(
    reshape(x, spread),
    x.shape.flatMap((n, i) => [repeats[i]!, n]),
  );
  return reshape(
    repeated,
    x.shape.map((n, i) => n * repeats[i]!),
  );
}

/** Repeats each element `repeats` times along one axis. */
export function repeatInterleave(x: Tensor, repeats: number, axis: number): Tensor {
  const a = normalizeAxis('repeatInterleave', axis, x.rank);
  const spread = x.shape.toSpliced(a + 1, 0, 1);
  return reshape(expand(reshape(x, spread), spread.with(a + 1, repeats)), x.shape.with(a, x.shape[a]! * repeats));
}
