/** Arithmetic with broadcasting, and the choices that its gradients need: comparisons, logic, where. */
import { fromNumbers } from '../core/dtype.js';
import { DTypeError } from '../core/errors.js';
import { constant } from '../core/leaves.js';
import type { Op, TensorType, VjpContext } from '../core/op.js';
import { broadcastShapes } from '../core/shape.js';
import { apply, Tensor } from '../core/tensor.js';
import { sumTo } from './broadcast.js';

/** A tensor, or a number that takes the other side's dtype. */
export type Operand = Tensor | number;

/** `x` as a tensor of the dtype of `like`. */
export function operand(x: Operand, like?: Operand): Tensor {
  if (x instanceof Tensor) return x;
  const dtype = like instanceof Tensor ? like.dtype : 'float32';
  return constant({ shape: [], dtype, data: fromNumbers(dtype, [x]) });
}

function sameDType(name: string, inputs: readonly TensorType[]): void {
  const [a, b] = inputs.slice(-2);
  if (a!.dtype === b!.dtype) return;
  throw new DTypeError({
    operation: name,
    expected: 'two sides of one dtype',
    got: `${a!.dtype} and ${b!.dtype}`,
    remedy: "Cast one side: x.cast('float32').",
  });
}

type BinaryVjp = (x: Tensor, y: Tensor, g: Tensor, ctx: VjpContext<null>) => readonly [() => Tensor, () => Tensor];

function binary(name: string, onnx: string, vjp: BinaryVjp | null, result?: 'bool'): Op<null> {
  const op: Op<null> = {
    name,
    infer: (inputs) => {
      sameDType(name, inputs);
      const [x, y] = inputs;
      if (x!.dtype === 'bool' && result === undefined) {
        throw new DTypeError({ operation: name, expected: 'numbers', got: 'bool', remedy: "Cast first: x.cast('float32')." });
      }
      return [{ shape: broadcastShapes(name, x!.shape, y!.shape), dtype: result ?? x!.dtype }];
    },
    lower: ({ inputs, emit }) => [emit(onnx, inputs)],
  };
  if (vjp === null) return op;
  op.vjp = (ctx) => {
    const [x, y] = ctx.inputs as [Tensor, Tensor];
    const [gx, gy] = vjp(x, y, ctx.grads[0]!, ctx);
    return [ctx.needs(0) ? sumTo(gx(), x.shape) : null, ctx.needs(1) ? sumTo(gy(), y.shape) : null];
  };
  return op;
}

const addOp = binary('add', 'Add', (_x, _y, g) => [() => g, () => g]);
const subOp = binary('sub', 'Sub', (_x, _y, g) => [() => g, () => neg(g)]);
const mulOp = binary('mul', 'Mul', (x, y, g) => [() => mul(g, y), () => mul(g, x)]);
const divOp = binary('div', 'Div', (_x, y, g, { outputs: [q] }) => [() => div(g, y), () => neg(mul(g, div(q!, y)))]);
// d(xʸ) = y·xʸ⁻¹ dx + xʸ·ln x dy, with ln x taken as 0 where x is 0, as PyTorch does.
const powOp = binary('pow', 'Pow', (x, y, g, { outputs: [p] }) => [
  () => mul(g, mul(y, pow(x, sub(y, 1)))),
  () => mul(g, where(equal(x, 0), 0, mul(p!, log(where(equal(x, 0), 1, x))))),
]);
// Where both sides are equal, each takes half of the gradient, as in PyTorch.
const maximumOp = binary('maximum', 'Max', (x, y, g) => [() => mul(g, share(x, y)), () => mul(g, share(y, x))]);
const minimumOp = binary('minimum', 'Min', (x, y, g) => [() => mul(g, share(y, x)), () => mul(g, share(x, y))]);

/** 1 where x > y, ½ where x = y, 0 where x < y. */
function share(x: Tensor, y: Tensor): Tensor {
  return where(equal(x, y), 0.5, where(greater(x, y), 1, 0));
}

const operator =
  (op: Op<null>) =>
  (x: Operand, y: Operand): Tensor =>
    apply(op, [operand(x, y), operand(y, x)], null);

/** x + y */
export const add = operator(addOp);
/** x − y */
export const sub = operator(subOp);
/** x · y, element by element */
export const mul = operator(mulOp);
/** x / y */
export const div = operator(divOp);
const generalPow = operator(powOp);
/** max(x, y), element by element */
export const maximum = operator(maximumOp);
/** min(x, y), element by element */
export const minimum = operator(minimumOp);

/** xʸ. Small whole powers are written as products, which is faster and differentiable at 0. */
export function pow(x: Operand, y: Operand): Tensor {
  if (x instanceof Tensor && x.dtype === 'float32') {
    if (y === 0) return add(mul(x, 0), 1);
    if (y === 1) return x;
    if (y === 2) return mul(x, x);
    if (y === 3) return mul(mul(x, x), x);
  }
  return generalPow(x, y);
}

/** x² */
export function square(x: Tensor): Tensor {
  return mul(x, x);
}

const negOp: Op<null> = {
  name: 'neg',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  vjp: ({ grads: [g] }) => [neg(g!)],
  lower: ({ inputs, emit }) => [emit('Neg', inputs)],
};
/** −x */
export function neg(x: Tensor): Tensor {
  return (x.node.op as unknown) === negOp ? x.node.inputs[0]! : apply(negOp, [x], null);
}

const logOp: Op<null> = {
  name: 'log',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  vjp: ({ inputs: [x], grads: [g] }) => [div(g!, x!)],
  lower: ({ inputs, emit }) => [emit('Log', inputs)],
};
/** ln x */
export function log(x: Tensor): Tensor {
  return apply(logOp, [x], null);
}

/** x = y, as bool */
export const equal = operator(binary('equal', 'Equal', null, 'bool'));
/** x > y */
export const greater = operator(binary('greater', 'Greater', null, 'bool'));
/** x ≥ y */
export const greaterEqual = operator(binary('greaterEqual', 'GreaterOrEqual', null, 'bool'));
/** x < y */
export const less = operator(binary('less', 'Less', null, 'bool'));
/** x ≤ y */
export const lessEqual = operator(binary('lessEqual', 'LessOrEqual', null, 'bool'));
const logicalAndOp = binary('logicalAnd', 'And', null, 'bool');
const logicalOrOp = binary('logicalOr', 'Or', null, 'bool');
/** x and y, of masks */
export const logicalAnd = (x: Tensor, y: Tensor): Tensor => apply(logicalAndOp, [x, y], null);
/** x or y, of masks */
export const logicalOr = (x: Tensor, y: Tensor): Tensor => apply(logicalOrOp, [x, y], null);

const notOp: Op<null> = {
  name: 'logicalNot',
  infer: ([x]) => [{ shape: x!.shape, dtype: 'bool' }],
  lower: ({ inputs, emit }) => [emit('Not', inputs)],
};
/** not x, of a mask */
export function logicalNot(x: Tensor): Tensor {
  return apply(notOp, [x], null);
}

/** x ≠ y */
export function notEqual(x: Operand, y: Operand): Tensor {
  return logicalNot(equal(x, y));
}

const whereOp: Op<null> = {
  name: 'where',
  infer: (inputs) => {
    sameDType('where', inputs);
    const [mask, x, y] = inputs;
    if (mask!.dtype !== 'bool') throw new DTypeError({ operation: 'where', expected: 'a bool mask', got: mask!.dtype });
    return [{ shape: broadcastShapes('where', mask!.shape, x!.shape, y!.shape), dtype: x!.dtype }];
  },
  vjp: ({ inputs: [mask, x, y], grads: [g], needs }) => [
    null,
    needs(1) ? sumTo(where(mask!, g!, 0), x!.shape) : null,
    needs(2) ? sumTo(where(mask!, 0, g!), y!.shape) : null,
  ],
  lower: ({ inputs, emit }) => [emit('Where', inputs)],
};
/** x where the mask is true, y elsewhere. The side not taken gets no gradient, not even NaN times 0. */
export function where(mask: Tensor, x: Operand, y: Operand): Tensor {
  return apply(whereOp, [mask, operand(x, y), operand(y, x)], null);
}

/** x limited to min…max; the gradient passes where min ≤ x ≤ max. */
export function clip(x: Tensor, min: number = -Infinity, max: number = Infinity): Tensor {
  const low = min === -Infinity ? x : where(less(x, min), min, x);
  return max === Infinity ? low : where(greater(low, max), max, low);
}
