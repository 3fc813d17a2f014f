/** A layer whose weight is computed from other variables; what spectral and weight norm share. */
import type { Variable } from '../core/leaves.js';
import type { Tensor } from '../core/tensor.js';
import type { Context, Module } from './module.js';

/** A layer with one weight: Linear, the convolutions, Embedding. */
export type WeightedLayer = Module & {
  readonly weight: Variable;
  readonly bias?: Variable | null;
  forward(x: Tensor, context?: Context): Tensor;
};

/** The layer's result as if `weight` were its weight. */
export function forwardWith(layer: WeightedLayer, weight: Tensor, x: Tensor, context?: Context): Tensor {
  // An object that is the layer but for its weight.
  const view = Object.create(layer, { weight: { value: weight } }) as WeightedLayer;
  return view.forward(x, context);
}

/** A weight as a matrix [size of `axis`, rest]. */
export function asMatrix(weight: Tensor, axis: number): Tensor {
  const order = weight.shape.map((_, i) => i).filter((i) => i !== axis);
  return weight.transpose([axis, ...order]).reshape([weight.shape[axis]!, -1]);
}
