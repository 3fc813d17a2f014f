/** Activation functions by name, for settings that choose one. */
import { UsageError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import { elu, gelu, leakyRelu, mish, relu, selu, sigmoid, silu, softplus, tanh } from '../ops/index.js';
import { didYouMean } from '../util/nearest.js';

const functions = {
  elu: (x: Tensor) => elu(x),
  gelu: (x: Tensor) => gelu(x),
  geluTanh: (x: Tensor) => gelu(x, { approximate: 'tanh' }),
  identity: (x: Tensor) => x,
  leakyRelu: (x: Tensor) => leakyRelu(x),
  mish,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
  tanh,
};

export type ActivationName = keyof typeof functions;

/** The names that `activation` knows. */
export const activationNames = Object.keys(functions) as readonly ActivationName[];

/**
 * The activation of that name: `new Sequential(linear, activation('relu'))`. Slopes and scales are the defaults of the
 * functions in ops; for others pass `(x) => leakyRelu(x, 0.2)`.
 * @throws UsageError for an unknown name
 */
export function activation(name: ActivationName): (x: Tensor) => Tensor {
  if (Object.hasOwn(functions, name)) return functions[name];
  throw new UsageError({
    operation: 'activation',
    expected: `one of ${activationNames.join(', ')}`,
    got: `'${String(name)}'`,
    remedy: didYouMean(name, activationNames),
  });
}
