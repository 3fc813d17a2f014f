/** Denoising diffusion implicit models: fewer steps, with as much noise as wanted, and a way back. */
import { UsageError } from '../core/errors.js';
import { type Rule, Scheduler, type SchedulerOptions } from './scheduler.js';

export interface DDIMSchedulerOptions extends SchedulerOptions {
  /** η: 0 draws nothing, so that x_T decides everything; 1 is DDPM. */
  readonly eta?: number;
}

/**
 * x′ = √ᾱ_s·x̂₀ + √(1 − ᾱ_s − σ²)·ε̂ + σ·z (Song et al. 2021, eq. 12),
 * σ = η·√((1 − ᾱ_s)/(1 − ᾱ_t))·√(1 − ᾱ_t/ᾱ_s) (eq. 16), from time t to s. ε̂ belongs to x̂₀ as it is used: clipping one moves
 * the other, as in Dhariwal & Nichol's code.
 */
export class DDIMScheduler extends Scheduler {
  readonly eta: number;

  /** @throws UsageError unless 0 ≤ η ≤ 1 */
  constructor({ eta = 0, ...options }: DDIMSchedulerOptions = {}) {
    super(options, 'leading');
    if (!(eta >= 0 && eta <= 1)) {
      throw new UsageError({
        operation: 'DDIM, eta',
        expected: 'a number in 0…1',
        got: `${eta}`,
        remedy: 'η = 0 draws no noise, η = 1 as much as DDPM.',
      });
    }
    this.eta = eta;
  }

  protected override rule(i: number): Rule {
    const time = this.timesteps[i]!;
    const next = this.nextTime(i);
    const deviation = this.eta * Math.sqrt(this.schedule.posterior(time, next).variance);
    const direction = Math.sqrt(1 - this.schedule.alphaBar(next) - deviation ** 2) / this.schedule.sigma(time);
    const rule = {
      sample: direction,
      original: this.schedule.alpha(next) - direction * this.schedule.alpha(time),
    };
    return this.eta === 0 ? rule : { ...rule, noise: deviation };
  }
}

/**
 * DDIM with η = 0 run backwards: from an item, taken as the sample at the least noisy time, to the noise that DDIM makes
 * (nearly) the same item of (Song et al. 2021, §5.4): x_{t′} = √ᾱ_{t′}·x̂₀ + √(1 − ᾱ_{t′})·ε̂ for the next larger time t′, with
 * x̂₀ and ε̂ as they are at t. S times make S − 1 steps. Do not clip x̂₀ here: it would not be undone on the way back.
 */
export class DDIMInverseScheduler extends Scheduler {
  /** The noisiest time, which the last step leads to. */
  private end = -1;

  constructor(options: SchedulerOptions = {}) {
    super(options, 'leading');
  }

  protected override visits(falling: readonly number[]): readonly number[] {
    const rising = falling.toReversed();
    this.end = rising.pop()!;
    return rising;
  }

  protected override nextTime(i: number): number {
    return this.timesteps[i + 1] ?? this.end;
  }

  protected override rule(i: number): Rule {
    const [time, next] = [this.timesteps[i]!, this.nextTime(i)];
    const direction = this.schedule.sigma(next) / this.schedule.sigma(time);
    return { sample: direction, original: this.schedule.alpha(next) - direction * this.schedule.alpha(time) };
  }
}
