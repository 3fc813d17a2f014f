/** Shapes: lists of non-negative sizes, outermost first. A scalar has shape []. */
import { ShapeError } from './errors.js';

export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

/** Size of axis `axis`; negative axes count from the end. */
export function at(shape: Shape, axis: number): number {
  const n = shape[axis < 0 ? axis + shape.length : axis];
  if (n === undefined) {
    throw new ShapeError({
      operation: 'shape',
      expected: `an axis in ${-shape.length}…${shape.length - 1} of ${formatShape(shape)}`,
      got: `axis ${axis}`,
    });
  }
  return n;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= at(shape, i);
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Throws unless every size is a non-negative integer. */
export function checkShape(operation: string, shape: Shape): void {
  if (shape.every((n) => Number.isSafeInteger(n) && n >= 0)) return;
  throw new ShapeError({
    operation,
    expected: 'a shape of non-negative integers',
    got: formatShape(shape),
    remedy: 'Check the sizes that the shape was computed from.',
  });
}

/** `axis` as an index in 0…rank−1. */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(normal) && normal >= 0 && normal < rank) return normal;
  throw new ShapeError({
    operation,
    expected: rank === 0 ? 'no axis, since the tensor is a scalar' : `an axis in ${-rank}…${rank - 1}`,
    got: `axis ${axis}`,
  });
}

/** Sorted, distinct axes; `undefined` means all of them. */
export function normalizeAxes(operation: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = (typeof axes === 'number' ? [axes] : axes).map((axis) => normalizeAxis(operation, axis, rank));
  const distinct = [...new Set(list)].sort((a, b) => a - b);
  if (distinct.length === list.length) return distinct;
  throw new ShapeError({
    operation,
    expected: 'distinct axes',
    got: `[${String(axes)}]`,
    remedy: 'Name each axis once.',
  });
}

/**
 * The shape that `shapes` broadcast to: aligned at the last axis, sizes equal or 1.
 * @throws ShapeError where two sizes differ and neither is 1
 */
export function broadcastShapes(operation: string, ...shapes: Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const axis = rank - shape.length + i;
      const n = at(shape, i);
      if (n === 1 || n === out[axis]) continue;
      if (out[axis] !== 1) {
        throw new ShapeError({
          operation,
          expected: 'shapes that broadcast (equal sizes, or 1, from the last axis on)',
          got: shapes.map(formatShape).join(' and '),
          remedy: `Axis ${axis - rank} differs: reshape, expand or transpose one side.`,
        });
      }
      out[axis] = n;
    }
  }
  return out;
}

/** Axes of `to` along which `from` was broadcast, so that summing over them undoes it. */
export function broadcastAxes(from: Shape, to: Shape): number[] {
  const lead = to.length - from.length;
  const axes: number[] = [];
  for (let i = 0; i < to.length; i++) if (i < lead || (at(from, i - lead) === 1 && at(to, i) !== 1)) axes.push(i);
  return axes;
}

/** `shape` with the given sorted axes set to 1 (`keepDims`) or left out. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((n, i) => (axes.includes(i) ? 1 : n)) : shape.filter((_, i) => !axes.includes(i));
}
