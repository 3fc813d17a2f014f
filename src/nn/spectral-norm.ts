import { Variable } from '../core/leaves.js';
import { at, sizeOf } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { Rng } from '../random/rng.js';
import { normal } from './initializers.js';
import { type Context, latest, Module } from './module.js';
import { asMatrix, forwardWith, type WeightedLayer } from './reparametrized.js';

export interface SpectralNormOptions {
  /** Where the first singular vectors come from. */
  readonly rng: Rng;
  /** Power iterations at each pass while training; default 1. */
  readonly iterations?: number;
  /** Axis of the weight that counts outputs; default 0. For a transposed convolution it is 1. */
  readonly axis?: number;
  /** The least norm that a vector is divided by; default 1e-12. */
  readonly eps?: number;
}

/**
 * The layer with its weight divided by its largest singular value: W̄ = W/σ(W), σ ≈ uᵀ·W·v, so that the layer is
 * 1-Lipschitz in the 2-norm. While training, each pass improves u and v by power iteration:
 * v ← Wᵀu/‖Wᵀu‖, u ← Wv/‖Wv‖, both constants to the gradient; they converge as W settles.
 *
 * Shapes: those of the layer; W counts as a matrix [outputs, rest]. Variables: `weight_orig` (the layer's weight),
 * `weight_u` [outputs], `weight_v` [rest], not trained, and the layer's `bias`.
 * @throws GraphError when training outside a compiled function, since u and v are assigned
 *
 * Source: Miyato et al. 2018, algorithm 1; PyTorch's nn.utils.spectral_norm.
 */
export class SpectralNorm extends Module {
  readonly weight_orig: Variable;
  readonly weight_u: Variable;
  readonly weight_v: Variable;
  readonly bias: Variable | null;
  readonly iterations: number;
  readonly axis: number;
  readonly eps: number;
  readonly #layer: WeightedLayer;

  constructor(layer: WeightedLayer, { rng, iterations = 1, axis = 0, eps = 1e-12 }: SpectralNormOptions) {
    super();
    this.#layer = layer;
    this.weight_orig = layer.weight;
    const outputs = at(layer.weight.shape, axis);
    this.weight_u = unitVector(outputs, rng);
    this.weight_v = unitVector(sizeOf(layer.weight.shape) / outputs, rng);
    this.bias = layer.bias ?? null;
    this.iterations = iterations;
    this.axis = axis;
    this.eps = eps;
  }

  forward(x: Tensor, context: Context = {}): Tensor {
    const matrix = asMatrix(this.weight_orig, this.axis);
    let u = latest(this.weight_u);
    let v = latest(this.weight_v);
    if (context.train === true) {
      const fixed = matrix.stopGradient();
      for (let i = 0; i < this.iterations; i++) {
        v = this.#normalize(u.matmul(fixed));
        u = this.#normalize(fixed.matmul(v));
      }
      this.weight_u.assign(u);
      this.weight_v.assign(v);
    }
    const sigma = u.mul(matrix.matmul(v)).sum();
    return forwardWith(this.#layer, this.weight_orig.div(sigma), x, context);
  }

  #normalize(x: Tensor): Tensor {
    return x.div(x.norm().maximum(this.eps));
  }
}

/** A random direction. */
function unitVector(size: number, rng: Rng): Variable {
  const stream = rng.host();
  const initial = (): Float32Array => {
    const values = normal()([size], stream);
    const length = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
    return values.map((x) => x / length);
  };
  return new Variable([size], { trainable: false, initial });
}

/** `layer` with its weight divided by its largest singular value; see SpectralNorm. */
export function spectralNorm(layer: WeightedLayer, options: SpectralNormOptions): SpectralNorm {
  return new SpectralNorm(layer, options);
}
