/** Ancestral sampling of denoising diffusion models. */
import type { Tensor } from '../core/tensor.js';
import { type Rule, Scheduler, type SchedulerOptions } from './scheduler.js';
import type { Coefficients } from './step.js';

export const varianceTypes = ['fixed_small', 'fixed_large', 'learned_range'] as const;

/**
 * The variance of p(x_{t−1} | x_t): β̃_t, β_t (Ho et al. 2020, §3.2), or one that the network chooses between them for each
 * element (Nichol & Dhariwal 2021, eq. 15).
 */
export type VarianceType = (typeof varianceTypes)[number];

export interface DDPMSchedulerOptions extends SchedulerOptions {
  readonly varianceType?: VarianceType;
}

/**
 * x′ = μ̃(x, x̂₀) + √variance·z with the mean of q(x_s | x_t, x₀) (Ho et al. 2020, algorithm 2); the last step draws
 * nothing. On a sub-sequence of times the chain jumps over those between (Nichol & Dhariwal 2021, §4): `fixed_small` is
 * then DDIM with η = 1, `fixed_large` its σ̂ (Song et al. 2021, appendix D.3).
 *
 * With `learned_range` the noise of a step is `learnedDeviation(v, coefficients)·z`, v being the second half of the
 * network's output.
 */
export class DDPMScheduler extends Scheduler {
  readonly varianceType: VarianceType;

  constructor({ varianceType = 'fixed_small', ...options }: DDPMSchedulerOptions = {}) {
    super(options, 'leading');
    this.varianceType = varianceType;
  }

  protected override rule(i: number): Rule {
    const time = this.timesteps[i]!;
    const next = this.nextTime(i);
    const { sample, original, variance, beta } = this.schedule.posterior(time, next);
    const draws = next === -1 ? 0 : 1;
    switch (this.varianceType) {
      case 'fixed_small':
        return { sample, original, noise: draws * Math.sqrt(variance) };
      case 'fixed_large':
        return { sample, original, noise: draws * Math.sqrt(beta) };
      default: {
        // β̃ is 0 at the last step, where nothing is drawn; its logarithm only has to be finite.
        const logVarianceLow = Math.log(next === -1 ? beta : variance);
        return { sample, original, noise: draws, logVarianceLow, logVarianceHigh: Math.log(beta) };
      }
    }
  }
}

/** e^(½·ln variance), ln variance = w·ln β + (1 − w)·ln β̃ with w = (v + 1)/2 (Nichol & Dhariwal 2021, eq. 15). */
export function learnedDeviation(v: Tensor, c: Coefficients<Tensor>): Tensor {
  const share = v.add(1).mul(0.5);
  const [low, high] = [c.logVarianceLow!, c.logVarianceHigh!];
  return share.mul(high.sub(low)).add(low).mul(0.5).exp();
}
