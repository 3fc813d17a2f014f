/**
 * The variational bound of a diffusion model on a batch with a time of its own for each item (Ho et al. 2020, eq. 5):
 *
 *     −ln p(x₀) ≤ KL(q(x_T | x₀) ‖ N(0, I)) + Σ_{t ≥ 1} KL(q(x_{t−1} | x_t, x₀) ‖ p(x_{t−1} | x_t)) − ln p(x₀ | x₁)
 *
 * in nats per item. Times count from 0 here, so the term of time 0 is the last of the three.
 */
import { tensor } from '../core/leaves.js';
import type { Tensor } from '../core/tensor.js';
import { discretizedGaussian, gaussian, klNormal } from '../losses/index.js';
import { where } from '../ops/index.js';
import type { Rng } from '../random/rng.js';
import type { VarianceType } from './ddpm-scheduler.js';
import { drawTimes } from './draw-times.js';
import type { NoiseSchedule } from './noise-schedule.js';

/** Entries of a table of T numbers at times t, int32 [B], shaped to broadcast over items of the given rank: [B, 1, …]. */
export function atTimes(table: ArrayLike<number>, t: Tensor, rank: number): Tensor {
  const values = tensor(Float32Array.from(table)).gather(t);
  return values.reshape([t.shape[0]!, ...Array.from({ length: rank - 1 }, () => 1)]);
}

export interface BoundOptions {
  readonly varianceType: VarianceType;
  /** Values that an element can take, evenly from −1 to 1; without, the items are real vectors. */
  readonly levels?: number;
}

export interface BoundTerm {
  /** Clean items, [B, …]. */
  readonly original: Tensor;
  /** x_t */
  readonly sample: Tensor;
  /** x̂₀ */
  readonly predOriginal: Tensor;
  /** v of `learned_range`, in about −1 … 1. */
  readonly variance?: Tensor;
  /** int32 [B] */
  readonly t: Tensor;
}

export class VariationalBound {
  private readonly schedule: NoiseSchedule;
  private readonly options: BoundOptions;
  private readonly tables: Readonly<Record<'sample' | 'original' | 'low' | 'high' | 'share', Float64Array>>;

  constructor(schedule: NoiseSchedule, options: BoundOptions) {
    this.schedule = schedule;
    this.options = options;
    const T = schedule.numTrainTimesteps;
    const table = (at: (t: number) => number): Float64Array => Float64Array.from({ length: T }, (_, t) => at(t));
    const posterior = (t: number) => schedule.posterior(t, t - 1);
    const low = table((t) => Math.log(T === 1 ? posterior(t).beta : posterior(Math.max(t, 1)).variance));
    const high = table((t) => Math.log(posterior(t).beta));
    // Weight of ‖ε − ε̂‖² in the term of each time, with which times are drawn; a tenth of the draws is spread evenly.
    const weight = table((t) => {
      const from = Math.max(t, T === 1 ? 0 : 1);
      const { original, variance, beta } = posterior(from);
      const spread = this.options.varianceType === 'fixed_large' || variance === 0 ? beta : variance;
      return (original ** 2 / (2 * spread)) * (1 / schedule.snr(from));
    });
    const total = weight.reduce((a, b) => a + b, 0);
    this.tables = {
      sample: table((t) => posterior(t).sample),
      original: table((t) => posterior(t).original),
      low,
      high,
      share: weight.map((w) => (0.9 * w) / total + 0.1 / T),
    };
  }

  /** KL(q(x_T | x₀) ‖ N(0, I)): [B], nats. Nothing of it can be learned. */
  prior(original: Tensor): Tensor {
    const last = this.schedule.numTrainTimesteps - 1;
    const mean = original.mul(this.schedule.alpha(last));
    const logVariance = mean.mul(0).add(2 * Math.log(this.schedule.sigma(last)));
    return klNormal({ mean, logVariance }, { mean: 0, logVariance: 0 });
  }

  /** The term of each item's time: [B], nats. The sum over all T times, plus the prior term, is the bound. */
  term({ original, sample, predOriginal, variance, t }: BoundTerm): Tensor {
    const at = (name: keyof typeof this.tables): Tensor => atTimes(this.tables[name], t, sample.rank);
    const mean = sample.mul(at('sample')).add(predOriginal.mul(at('original')));
    const trueMean = sample.mul(at('sample')).add(original.mul(at('original')));
    const logVariance = this.logVariance(at('low'), at('high'), variance).expand(sample.shape);
    const divergence = klNormal({ mean: trueMean, logVariance: at('low').expand(sample.shape) }, { mean, logVariance });
    const { levels } = this.options;
    const decoder =
      levels === undefined
        ? gaussian(original, mean, logVariance)
        : discretizedGaussian(original, mean, logVariance.mul(0.5), { levels });
    return where(t.equal(0), decoder.neg(), divergence);
  }

  private logVariance(low: Tensor, high: Tensor, v: Tensor | undefined): Tensor {
    switch (this.options.varianceType) {
      case 'fixed_small':
        return low;
      case 'fixed_large':
        return high;
      default:
        return v!.add(1).mul(0.5).mul(high.sub(low)).add(low); // Nichol & Dhariwal 2021, eq. 15
    }
  }

  /**
   * Draws a time for each item, where the terms are large more often; term/probability is an unbiased estimate of the sum
   * over all times.
   * @returns t int32 [B], probability [B]
   */
  drawTimes(count: number, rng: Rng): { t: Tensor; probability: Tensor } {
    const t = drawTimes(this.tables.share, count, rng);
    return { t, probability: atTimes(this.tables.share, t, 1) };
  }
}
