import type { Variable } from '../core/leaves.js';
import type { Tensor } from '../core/tensor.js';
import { Module } from './module.js';
import { fanInUniform, parameter, type WeightOptions } from './parameter.js';

/**
 * y = x·Wᵀ + b
 *
 * Shapes: x […, inputs] → […, outputs]; `weight` [outputs, inputs], `bias` [outputs].
 * First values: both U(−k, k), k = 1/√inputs.
 * @throws ShapeError where x's last axis is not `inputs`
 *
 * Source: PyTorch's nn.Linear.
 */
export class Linear extends Module {
  readonly weight: Variable;
  readonly bias: Variable | null;

  constructor(
    inputs: number,
    outputs: number,
    {
      rng,
      bias = true,
      weightInitializer = fanInUniform(inputs),
      biasInitializer = fanInUniform(inputs),
    }: WeightOptions,
  ) {
    super();
    this.weight = parameter([outputs, inputs], weightInitializer, rng);
    this.bias = bias ? parameter([outputs], biasInitializer, rng) : null;
  }

  forward(x: Tensor): Tensor {
    const y = x.matmul(this.weight.swapAxes());
    return this.bias === null ? y : y.add(this.bias);
  }
}
