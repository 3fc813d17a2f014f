import { Variable } from '../core/leaves.js';
import { at } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { type Context, Module } from './module.js';
import { forwardWith, type WeightedLayer } from './reparametrized.js';

/**
 * The layer with the length and the direction of its weights learned apart: W = g·V/‖V‖, the norm taken over all axes
 * but `axis`.
 *
 * Shapes: those of the layer. Variables: `weight_g` (size 1 but on `axis`; first the norms of the layer's weight),
 * `weight_v` (the layer's weight), and the layer's `bias`. A row of V that is zero gives NaN.
 *
 * Source: Salimans & Kingma 2016, eq. 2; PyTorch's nn.utils.weight_norm.
 */
export class WeightNorm extends Module {
  readonly weight_g: Variable;
  readonly weight_v: Variable;
  readonly bias: Variable | null;
  readonly #layer: WeightedLayer;
  readonly #others: readonly number[];

  constructor(layer: WeightedLayer, { axis = 0 }: { readonly axis?: number } = {}) {
    super();
    const { weight } = layer;
    this.#layer = layer;
    this.#others = weight.shape.map((_, i) => i).filter((i) => i !== axis);
    this.weight_g = new Variable(
      weight.shape.map((n, i) => (i === axis ? n : 1)),
      { initial: () => normsAlong(weight, axis) },
    );
    this.weight_v = weight;
    this.bias = layer.bias ?? null;
  }

  forward(x: Tensor, context: Context = {}): Tensor {
    const v = this.weight_v;
    const weight = v.mul(this.weight_g.div(v.norm(this.#others, { keepDims: true })));
    return forwardWith(this.#layer, weight, x, context);
  }
}

/** The norms of the first values of a weight. */
function normsAlong(weight: Variable, axis: number): Float32Array {
  const values = weight.initial() as Float32Array;
  const inner = weight.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const squares = new Float64Array(at(weight.shape, axis));
  values.forEach((x, i) => {
    const row = Math.floor(i / inner) % squares.length;
    squares[row] = (squares[row] as number) + x * x;
  });
  return Float32Array.from(squares, Math.sqrt);
}

/** `layer` with the length and the direction of its weights learned apart; see WeightNorm. */
export function weightNorm(layer: WeightedLayer, options: { readonly axis?: number } = {}): WeightNorm {
  return new WeightNorm(layer, options);
}
