/** Arithmetic with broadcasting, and the choices that its gradients need: comparisons, logic, where. */
import { fromNumbers } from '../core/dtype.js';
import { DTypeError } from '../core/errors.js';
import { constant } from '../core/leaves.js';
import { broadcastShapes } from '../core/shape.js';
import { apply, type Op, Tensor, type VjpContext } from '../core/tensor.js';
import { ones, sumTo } from './broadcast.js';
import { elementwise } from './elementwise.js';
import { expectKind, expectSameDType } from './expect.js';
import { isFrom } from './movement.js';

/** A tensor, or a number that takes the other side's dtype. */
export type Operand = Tensor | number;

/** `x` as a tensor of the dtype of `like`. */
function operand(name: string, x: Operand, like: Operand): Tensor {
  if (x instanceof Tensor) return x;
  const dtype = like instanceof Tensor ? like.dtype : 'float32';
  if (dtype !== 'float32' && !Number.isInteger(x)) {
    throw new DTypeError({
      operation: name,
      expected: `a whole number beside ${dtype}`,
      got: `${x}`,
      remedy: "Cast the tensor: x.cast('float32').",
    });
  }
  return constant({ shape: [], dtype, data: fromNumbers(dtype, [x]) });
}

type BinaryVjp = (x: Tensor, y: Tensor, g: Tensor, ctx: VjpContext<null>) => readonly [() => Tensor, () => Tensor];

/** An op of two numbers that gives a number. */
function binary(name: string, onnx: string, vjp: BinaryVjp): Op<null> {
  return {
    name,
    infer: ([x, y]) => {
      expectSameDType(name, x!, y!);
      expectKind(name, 'number', x!);
      return [{ shape: broadcastShapes(name, x!.shape, y!.shape), dtype: x!.dtype }];
    },
    vjp: (ctx) => {
      const [x, y] = ctx.inputs as [Tensor, Tensor];
      const [gx, gy] = vjp(x, y, ctx.grads[0]!, ctx);
      return [ctx.needs(0) ? sumTo(gx(), x.shape) : null, ctx.needs(1) ? sumTo(gy(), y.shape) : null];
    },
    simplify: elementwise,
    lower: ({ inputs, emit }) => [emit(onnx, inputs)],
  };
}

/** An op of two numbers, two masks, or either, that gives a mask. */
function comparison(name: string, onnx: string, takes: 'number' | 'mask' | 'any' = 'number'): Op<null> {
  return {
    name,
    infer: ([x, y]) => {
      expectSameDType(name, x!, y!);
      if (takes !== 'any') expectKind(name, takes, x!);
      return [{ shape: broadcastShapes(name, x!.shape, y!.shape), dtype: 'bool' }];
    },
    simplify: elementwise,
    lower: ({ inputs, emit }) => [emit(onnx, inputs)],
  };
}

const addOp = binary('add', 'Add', (_x, _y, g) => [() => g, () => g]);
const subOp = binary('sub', 'Sub', (_x, _y, g) => [() => g, () => neg(g)]);
const mulOp = binary('mul', 'Mul', (x, y, g) => [() => mul(g, y), () => mul(g, x)]);
const divOp = binary('div', 'Div', (_x, y, g, { outputs: [q] }) => [() => div(g, y), () => neg(mul(g, div(q!, y)))]);
// d(xʸ) = y·xʸ⁻¹ dx + xʸ·ln x dy; the first is 0 where y = 0, the second where x = 0 and y ≥ 0, as in PyTorch.
const powOp = binary('pow', 'Pow', (x, y, g, { outputs: [p] }) => {
  const constant = equal(y, 0);
  const flat = logicalAnd(equal(x, 0), greaterEqual(y, 0));
  return [
    () => mul(g, where(constant, 0, mul(y, pow(x, where(constant, 0, sub(y, 1)))))),
    () => mul(g, where(flat, 0, mul(p!, log(where(flat, 1, x))))),
  ];
});
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
    apply(op, [operand(op.name, x, y), operand(op.name, y, x)], null);

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
    if (y === 0) return ones(x.shape);
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
  infer: ([x]) => {
    expectKind('neg', 'number', x!);
    return [{ shape: x!.shape, dtype: x!.dtype }];
  },
  vjp: ({ grads: [g] }) => [neg(g!)],
  simplify: (y) => (isFrom(negOp, y.node.inputs[0]!) ? y.node.inputs[0]!.node.inputs[0]! : elementwise(y)),
  lower: ({ inputs, emit }) => [emit('Neg', inputs)],
};
/** −x */
export function neg(x: Tensor): Tensor {
  return apply(negOp, [x], null);
}

const logOp: Op<null> = {
  name: 'log',
  infer: ([x]) => {
    expectKind('log', 'float32', x!);
    return [{ shape: x!.shape, dtype: 'float32' }];
  },
  vjp: ({ inputs: [x], grads: [g] }) => [div(g!, x!)],
  lower: ({ inputs, emit }) => [emit('Log', inputs)],
};
/** ln x */
export function log(x: Tensor): Tensor {
  return apply(logOp, [x], null);
}

/** x = y, as bool */
export const equal = operator(comparison('equal', 'Equal', 'any'));
/** x > y */
export const greater = operator(comparison('greater', 'Greater'));
/** x ≥ y */
export const greaterEqual = operator(comparison('greaterEqual', 'GreaterOrEqual'));
/** x < y */
export const less = operator(comparison('less', 'Less'));
/** x ≤ y */
export const lessEqual = operator(comparison('lessEqual', 'LessOrEqual'));
const logicalAndOp = comparison('logicalAnd', 'And', 'mask');
const logicalOrOp = comparison('logicalOr', 'Or', 'mask');
/** x and y, of masks */
export const logicalAnd = (x: Tensor, y: Tensor): Tensor => apply(logicalAndOp, [x, y], null);
/** x or y, of masks */
export const logicalOr = (x: Tensor, y: Tensor): Tensor => apply(logicalOrOp, [x, y], null);

const notOp: Op<null> = {
  name: 'logicalNot',
  infer: ([x]) => {
    expectKind('logicalNot', 'mask', x!);
    return [{ shape: x!.shape, dtype: 'bool' }];
  },
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
    const [mask, x, y] = inputs;
    expectSameDType('where', x!, y!);
    expectKind('where', 'mask', mask!);
    return [{ shape: broadcastShapes('where', mask!.shape, x!.shape, y!.shape), dtype: x!.dtype }];
  },
  vjp: ({ inputs: [mask, x, y], grads: [g], needs }) => [
    null,
    needs(1) ? sumTo(where(mask!, g!, 0), x!.shape) : null,
    needs(2) ? sumTo(where(mask!, 0, g!), y!.shape) : null,
  ],
  lower: ({ inputs, outputs: [out], emit }) => {
    if (out!.dtype !== 'bool') return [emit('Where', inputs)];
    // ONNX Runtime has no Where of masks: (mask and x) or (not mask and y).
    const [mask, x, y] = inputs as [string, string, string];
    return [emit('Or', [emit('And', [mask, x]), emit('And', [emit('Not', [mask]), y])])];
  },
};
/** x where the mask is true, y elsewhere. The side not taken gets no gradient, not even NaN times 0. */
export function where(mask: Tensor, x: Operand, y: Operand): Tensor {
  return apply(whereOp, [mask, operand('where', x, y), operand('where', y, x)], null);
}

/** x limited to min…max; the gradient passes where min ≤ x ≤ max. */
export function clip(x: Tensor, min: number = -Infinity, max: number = Infinity): Tensor {
  const low = min === -Infinity ? x : where(less(x, min), min, x);
  return max === Infinity ? low : where(greater(low, max), max, low);
}
