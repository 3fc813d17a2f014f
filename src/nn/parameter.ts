/** Making the variables of layers. */
import { Variable } from '../core/leaves.js';
import { type Shape, sizeOf } from '../core/shape.js';
import type { Rng } from '../random/rng.js';
import { type Initializer, uniform } from './initializers.js';

/** A trainable variable whose first value is drawn from the next place of `rng`, when it is needed. */
export function parameter(shape: Shape, initializer: Initializer, rng: Rng): Variable {
  const stream = rng.host();
  return new Variable(shape, { initial: () => initializer(shape, stream) });
}

/** A variable that starts at one value: trainable, or a running statistic. */
export function filled(shape: Shape, value: number, { trainable = true } = {}): Variable {
  return new Variable(shape, { trainable, initial: () => new Float32Array(sizeOf(shape)).fill(value) });
}

/** U(−1/√fanIn, 1/√fanIn): what PyTorch gives the weights and biases of linear and convolution layers. */
export function fanInUniform(fanIn: number): Initializer {
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  return uniform({ low: -bound, high: bound });
}

/** What layers with a weight and a bias take besides their sizes. */
export interface WeightOptions {
  /** Where first values come from. */
  readonly rng: Rng;
  /** Whether there is a bias; default true. */
  readonly bias?: boolean;
  /** First values of the weight; default: PyTorch's for the layer. */
  readonly weightInitializer?: Initializer | undefined;
  /** First values of the bias; default: PyTorch's for the layer. */
  readonly biasInitializer?: Initializer | undefined;
}
