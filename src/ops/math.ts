/** Elementary functions of one tensor. */
import type { LowerContext } from '../core/op.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { add, div, mul, neg, sub } from './arithmetic.js';
import { elementwise } from './elementwise.js';
import { expectKind } from './expect.js';

/** vjp(x, y, g): x the argument, y = f(x), g = ∂L/∂y. null: the derivative is zero almost everywhere. */
type UnaryVjp = (x: Tensor, y: Tensor, g: Tensor) => Tensor;

/** An op of one float32 tensor, with the ONNX op of that name or a lowering of its own. */
export function unary(
  name: string,
  onnx: string | ((x: string, ctx: LowerContext<null>) => string),
  vjp: UnaryVjp | null,
): (x: Tensor) => Tensor {
  const op: Op<null> = {
    name,
    infer: ([x]) => {
      expectKind(name, 'float32', x!);
      return [{ shape: x!.shape, dtype: 'float32' }];
    },
    simplify: elementwise,
    lower: (ctx) => [typeof onnx === 'string' ? ctx.emit(onnx, ctx.inputs) : onnx(ctx.inputs[0]!, ctx)],
  };
  if (vjp !== null) op.vjp = ({ inputs: [x], outputs: [y], grads: [g] }) => [vjp(x!, y!, g!)];
  return (x) => apply(op, [x], null);
}

/** |x|; gradient sign(x) */
export const abs = unary('abs', 'Abs', (x, _, g) => mul(g, sign(x)));
/** −1, 0 or 1 */
export const sign = unary('sign', 'Sign', null);
export const floor = unary('floor', 'Floor', null);
export const ceil = unary('ceil', 'Ceil', null);
/** To the nearest whole number, halves to even. */
export const round = unary('round', 'Round', null);
/** eˣ */
export const exp = unary('exp', 'Exp', (_, y, g) => mul(g, y));
/** √x */
export const sqrt = unary('sqrt', 'Sqrt', (_, y, g) => mul(g, div(0.5, y)));
/** 1/x */
export const reciprocal = unary('reciprocal', 'Reciprocal', (_, y, g) => neg(mul(g, mul(y, y))));
/** sin x, x in radians */
export const sin = unary('sin', 'Sin', (x, _, g) => mul(g, cos(x)));
/** cos x, x in radians */
export const cos = unary('cos', 'Cos', (x, _, g) => neg(mul(g, sin(x))));
/** The error function 2/√π ∫₀ˣ e^(−t²) dt */
export const erf = unary('erf', 'Erf', (x, _, g) => mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))));
/** 1/√x */
export function rsqrt(x: Tensor): Tensor {
  return reciprocal(sqrt(x));
}

/**
 * ln(1 + x), accurate near 0: with u = fl(1 + x) it is ln(u)·x/(u − 1), and x where u = 1
 * (Higham, Accuracy and Stability of Numerical Algorithms, §1.14.1).
 */
export const log1p = unary(
  'log1p',
  (x, { emit, scalar }) => {
    const u = emit('Add', [x, scalar(1)]);
    const difference = emit('Sub', [u, scalar(1)]);
    const none = emit('Equal', [difference, scalar(0)]);
    const safe = emit('Where', [none, scalar(1), difference]);
    const log = emit('Log', [u]);
    const scaled = emit('Mul', [log, emit('Div', [x, safe])]);
    // For x so large that u = x the quotient is 1, and for ∞ it would be ∞/∞.
    const large = emit('Greater', [x, scalar(2 ** 24)]);
    return emit('Where', [none, x, emit('Where', [large, log, scaled])]);
  },
  (x, _, g) => div(g, add(x, 1)),
);

/** eˣ − 1, accurate near 0: with u = eˣ it is (u − 1)·x/ln(u); x where u = 1 (Higham, §1.14.1). */
export const expm1 = unary(
  'expm1',
  (x, { emit, scalar }) => {
    const u = emit('Exp', [x]);
    const plain = emit('Sub', [u, scalar(1)]);
    const log = emit('Log', [u]);
    const none = emit('Equal', [log, scalar(0)]);
    const safe = emit('Where', [none, scalar(1), log]);
    const scaled = emit('Mul', [plain, emit('Div', [x, safe])]);
    // The correction is needed near 0 only; far out ln(u) would be ±∞.
    const near = emit('Less', [emit('Abs', [x]), scalar(1)]);
    return emit('Where', [none, x, emit('Where', [near, scaled, plain])]);
  },
  (_, y, g) => mul(g, add(y, 1)),
);

/** x − y·⌊x/y⌋: the remainder with the sign of y. */
export function remainder(x: Tensor, y: number): Tensor {
  return sub(x, mul(floor(div(x, y)), y));
}
