/** What the losses share: checked broadcasting, and the sum over each item. */
import { ShapeError } from '../core/errors.js';
import { broadcastShapes, formatShape, sameShape } from '../core/shape.js';
import { Tensor } from '../core/tensor.js';

/** A tensor, or a number that stands for one filled with it. */
export type Operand = Tensor | number;

/** Σ over all axes but the first: [N, …] → [N]. */
export function sumPerItem(x: Tensor): Tensor {
  return x.sum(x.shape.map((_, axis) => axis).slice(1));
}

/**
 * Throws unless the operands broadcast to the shape that one of them has, a batch axis first. Two that would both grow,
 * as [N] and [N, 1] to [N, N], are a mistake that would go unseen.
 */
export function checkOperands(operation: string, ...operands: readonly Operand[]): void {
  const shapes = operands.filter((x) => x instanceof Tensor).map((x) => x.shape);
  const common = broadcastShapes(operation, ...shapes);
  if (common.length > 0 && shapes.some((shape) => sameShape(shape, common))) return;
  throw new ShapeError({
    operation,
    expected: common.length === 0 ? 'a batch axis' : 'one side of the full shape that the others broadcast to',
    got: shapes.map(formatShape).join(', '),
    remedy: 'Reshape the operands so that their axes correspond, the batch first.',
  });
}

/** Throws unless both shapes are equal and have a batch axis. */
export function checkEqualShapes(operation: string, a: Tensor, b: Tensor): void {
  if (sameShape(a.shape, b.shape) && a.rank > 0) return;
  throw new ShapeError({
    operation,
    expected: 'two tensors of one shape, a batch axis first',
    got: `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    remedy: 'Reshape or expand one side; nothing is broadcast here.',
  });
}
