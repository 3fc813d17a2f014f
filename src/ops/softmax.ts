/** Softmax and its logarithm. */
import { normalizeAxis } from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { mul, sub } from './arithmetic.js';
import { sum } from './broadcast.js';
import { expectKind } from './expect.js';
import { exp } from './math.js';

const softmaxOp: Op<{ axis: number }> = {
  name: 'softmax',
  infer: ([x]) => {
    expectKind('softmax', 'float32', x!);
    return [{ shape: x!.shape, dtype: 'float32' }];
  },
  // y ⊙ (g − ⟨g, y⟩)
  vjp: ({ outputs: [y], attrs: { axis }, grads: [g] }) => [
    mul(y!, sub(g!, sum(mul(g!, y!), axis, { keepDims: true }))),
  ],
  lower: ({ inputs, attrs: { axis }, emit }) => [emit('Softmax', inputs, { axis })],
};

/** eˣ / Σ eˣ along `axis` */
export function softmax(x: Tensor, axis = -1): Tensor {
  return apply(softmaxOp, [x], { axis: normalizeAxis('softmax', axis, x.rank) });
}

const logSoftmaxOp: Op<{ axis: number }> = {
  name: 'logSoftmax',
  infer: ([x]) => {
    expectKind('logSoftmax', 'float32', x!);
    return [{ shape: x!.shape, dtype: 'float32' }];
  },
  // g − softmax(x)·Σg
  vjp: ({ outputs: [y], attrs: { axis }, grads: [g] }) => [sub(g!, mul(exp(y!), sum(g!, axis, { keepDims: true })))],
  lower: ({ inputs, attrs: { axis }, emit }) => [emit('LogSoftmax', inputs, { axis })],
};

/** x − ln Σ eˣ along `axis` */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return apply(logSoftmaxOp, [x], { axis: normalizeAxis('logSoftmax', axis, x.rank) });
}
