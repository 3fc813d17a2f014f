import { ShapeError } from '../core/errors.js';
import { tensor, Variable } from '../core/leaves.js';
import { at, formatShape, sizeOf } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { batchNorm } from '../ops/index.js';
import { type Context, latest, Module } from './module.js';
import { checkChannels, type NormOptions } from './normalization.js';
import { filled } from './parameter.js';

export interface RunningNormOptions extends NormOptions {
  /** Share of the new batch in the running statistics; default 0.1. null: their plain mean over all batches. */
  readonly momentum?: number | null;
  /** Whether there are running statistics; without them evaluation uses the batch's own. Default true. */
  readonly trackRunningStats?: boolean;
}

abstract class BatchNorm extends Module {
  readonly weight: Variable | null;
  readonly bias: Variable | null;
  readonly running_mean: Variable | null;
  readonly running_var: Variable | null;
  readonly num_batches_tracked: Variable | null;
  readonly channels: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly #ranks: readonly number[];

  constructor(
    channels: number,
    ranks: readonly number[],
    { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true }: RunningNormOptions = {},
  ) {
    super();
    this.channels = channels;
    this.eps = eps;
    this.momentum = momentum;
    this.#ranks = ranks;
    const running = { trainable: false };
    this.weight = affine ? filled([channels], 1) : null;
    this.bias = affine ? filled([channels], 0) : null;
    this.running_mean = trackRunningStats ? filled([channels], 0, running) : null;
    this.running_var = trackRunningStats ? filled([channels], 1, running) : null;
    this.num_batches_tracked = trackRunningStats
      ? new Variable([], { dtype: 'int64', trainable: false, initial: () => new BigInt64Array(1) })
      : null;
  }

  forward(x: Tensor, { train = false }: Context = {}): Tensor {
    checkChannels(this.constructor.name, x, this.channels, this.#ranks);
    const { eps } = this;
    const affine = { weight: this.weight ?? undefined, bias: this.bias ?? undefined, eps };
    if (!train && this.running_mean !== null && this.running_var !== null) {
      return batchNorm(x, { ...affine, mean: latest(this.running_mean), variance: latest(this.running_var) }).y;
    }
    const { y, mean, variance } = batchNorm(x, affine);
    if (train) this.#track(x, mean.stopGradient(), variance.stopGradient());
    return y;
  }

  /** running ← (1 − m)·running + m·batch, with the unbiased variance of the batch. */
  #track(x: Tensor, mean: Tensor, variance: Tensor): void {
    if (this.running_mean === null || this.running_var === null || this.num_batches_tracked === null) return;
    const n = at(x.shape, 0) * sizeOf(x.shape.slice(2));
    if (n < 2) {
      throw new ShapeError({
        operation: this.constructor.name,
        expected: 'more than one value per channel while training',
        got: formatShape(x.shape),
        remedy: 'Use a larger batch, or leave out a last batch that is not full.',
      });
    }
    const batches = latest(this.num_batches_tracked).add(1);
    const share = this.momentum === null ? batches.cast('float32').reciprocal() : tensor(this.momentum);
    const update = (running: Variable, batch: Tensor): void => {
      const before = latest(running);
      running.assign(before.add(batch.sub(before).mul(share)));
    };
    update(this.running_mean, mean);
    update(this.running_var, variance.mul(n / (n - 1)));
    this.num_batches_tracked.assign(batches);
  }
}

/**
 * x̂ = (x − μ)/√(σ² + ε) per channel, y = x̂·weight + bias. While training μ and σ² are those of the batch, and the running
 * statistics move towards them: running ← (1 − m)·running + m·batch, m the momentum, with the variance's unbiased
 * estimate. In evaluation the running statistics are used. Two passes in one program count as two batches.
 *
 * Shapes: x [N, channels] or [N, channels, L] → the same. Variables: `weight` (1 at first), `bias` (0), and, not trained,
 * `running_mean` (0), `running_var` (1), all [channels], and the int64 scalar `num_batches_tracked`.
 * @throws ShapeError where x does not fit or has one value per channel while training; GraphError when training outside
 * a compiled function, since the statistics are assigned
 *
 * Source: Ioffe & Szegedy 2015, algorithms 1 and 2; PyTorch's nn.BatchNorm1d.
 */
export class BatchNorm1d extends BatchNorm {
  constructor(channels: number, options: RunningNormOptions = {}) {
    super(channels, [2, 3], options);
  }
}

/** BatchNorm1d for images: x [N, channels, H, W], statistics over items and places. */
export class BatchNorm2d extends BatchNorm {
  constructor(channels: number, options: RunningNormOptions = {}) {
    super(channels, [4], options);
  }
}
