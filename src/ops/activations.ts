/** Activation functions. */
import { broadcastShapes } from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { add, greater, maximum, mul, neg, sub, where } from './arithmetic.js';
import { expand, sumTo } from './broadcast.js';
import { elementwise } from './elementwise.js';
import { expectKind, expectSameDType } from './expect.js';
import { erf, exp, expm1, unary } from './math.js';

/** σ(x) = 1/(1 + e^(−x)) */
export const sigmoid = unary('sigmoid', 'Sigmoid', (_, y, g) => mul(g, mul(y, sub(1, y))));
/** tanh x */
export const tanh = unary('tanh', 'Tanh', (_, y, g) => mul(g, sub(1, mul(y, y))));
/**
 * 1 where x > 0, else 0: a hard sigmoid so steep that only numbers below 10⁻³⁸ lie on its slope. In ONNX Runtime it is one
 * pass over memory; a comparison and a Where are two, and the second takes four times as long as a product
 * (1.6 million elements, one core: 0.4 ms and 0.4 + 1.6 ms).
 */
const step = unary(
  'step',
  (x, { emit }) => emit('HardSigmoid', [x], { alpha: { float: 3e38 }, beta: { float: 0 } }),
  null,
);
/** max(x, 0); gradient 0 at 0 */
export const relu = unary('relu', 'Relu', (_, y, g) => mul(g, step(y)));
/**
 * ln(1 + eˣ), without overflow: max(x, 0) + ln(1 + u) with u = e^(−|x|). Where w = fl(1 + u) has lost digits of u, they
 * are added back: ln(1 + u) ≈ ln w + (u − (w − 1)), to float32 accuracy for u ≤ 1. ONNX Runtime's own Softplus runs one
 * element at a time and takes three times as long.
 */
export const softplus = unary(
  'softplus',
  (x, { emit, scalar }) => {
    const u = emit('Exp', [emit('Neg', [emit('Abs', [x])])]);
    const w = emit('Add', [u, scalar(1)]);
    const lost = emit('Sub', [u, emit('Sub', [w, scalar(1)])]);
    return emit('Add', [emit('Relu', [x]), emit('Add', [emit('Log', [w]), lost])]);
  },
  (x, _, g) => mul(g, sigmoid(x)),
);

const leakyReluOp: Op<{ slope: number }> = {
  name: 'leakyRelu',
  infer: ([x]) => {
    expectKind('leakyRelu', 'float32', x!);
    return [{ shape: x!.shape, dtype: 'float32' }];
  },
  vjp: ({ inputs: [x], attrs: { slope }, grads: [g] }) => {
    const between = slope >= 0 && slope <= 1;
    return [mul(g!, between ? maximum(step(x!), slope) : add(mul(step(x!), 1 - slope), slope))];
  },
  simplify: elementwise,
  lower: ({ inputs, attrs: { slope }, emit }) => [emit('LeakyRelu', inputs, { alpha: { float: slope } })],
};

/** x for x > 0, slope·x elsewhere */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  return apply(leakyReluOp, [x], { slope });
}

/** x for x > 0, α(eˣ − 1) elsewhere (Clevert et al. 2015) */
export function elu(x: Tensor, alpha = 1): Tensor {
  // The branch that is not taken sees 0, so that a large x cannot overflow in it.
  const positive = greater(x, 0);
  return where(positive, x, mul(expm1(where(positive, 0, x)), alpha));
}

/** λ·elu(x, α) with the fixed point of Klambauer et al. 2017 */
export function selu(x: Tensor): Tensor {
  return mul(elu(x, 1.6732632423543772), 1.0507009873554805);
}

/** x·σ(x), also called swish */
export const silu = unary(
  'silu',
  (x, { emit }) => emit('Mul', [x, emit('Sigmoid', [x])]),
  // σ + y − y·σ = y + σ·(1 − y)
  (x, y, g) => mul(g, add(y, mul(sigmoid(x), sub(1, y)))),
);

/** x·tanh(softplus(x)) (Misra 2019) */
export function mish(x: Tensor): Tensor {
  return mul(x, tanh(softplus(x)));
}

/** (1 + x)/2, held in 0…1: for x in −1…1 a hard sigmoid of slope ½, in one pass where a sum and a product take two. */
const middle = unary(
  'middle',
  (x, { emit }) => emit('HardSigmoid', [x], { alpha: { float: 0.5 }, beta: { float: 0.5 } }),
  (_, __, g) => mul(g, 0.5),
);

const geluExact = unary(
  'gelu',
  // Written so that ONNX Runtime recognises it and runs one fused kernel.
  (x, { emit, scalar }) => {
    const e = emit('Erf', [emit('Div', [x, scalar(Math.SQRT2)])]);
    return emit('Mul', [emit('Mul', [x, emit('Add', [e, scalar(1)])]), scalar(0.5)]);
  },
  // Φ(x) + x·φ(x)
  (x, _, g) => {
    const u = mul(x, Math.SQRT1_2);
    const slope = mul(mul(u, exp(neg(mul(u, u)))), 1 / Math.sqrt(Math.PI)); // x·φ(x)
    return mul(g, add(middle(erf(u)), slope));
  },
);

/**
 * x·Φ(x), Φ the normal distribution function (Hendrycks & Gimpel 2016);
 * approximate 'tanh': ½x(1 + tanh(√(2/π)(x + 0.044715x³))), as GPT-2 uses it.
 */
export function gelu(x: Tensor, { approximate = 'none' }: { approximate?: 'none' | 'tanh' } = {}): Tensor {
  if (approximate === 'none') return geluExact(x);
  const inner = mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}

const straightThroughOp: Op<null> = {
  name: 'straightThrough',
  infer: ([forward, backward]) => {
    expectSameDType('straightThrough', forward!, backward!);
    return [{ shape: forward!.shape, dtype: forward!.dtype }];
  },
  vjp: ({ inputs: [, backward], grads: [g] }) => [null, sumTo(g!, backward!.shape)],
  lower: ({ inputs: [forward] }) => [forward!],
};

/** The value of `forward`, bit for bit, with the gradient of `backward` (the straight-through estimator). */
export function straightThrough(forward: Tensor, backward: Tensor): Tensor {
  const shape = broadcastShapes('straightThrough', forward.shape, backward.shape);
  return apply(straightThroughOp, [expand(forward, shape), backward], null);
}
