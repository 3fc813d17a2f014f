/**
 * Solvers of the probability-flow equation. With x̄ = x/α and s = σ/α it is dx̄/ds = ε̂(x̄), so that Euler's rule in s is DDIM
 * with η = 0 (Song et al. 2021, eq. 14); the others have smaller errors for the same number of network evaluations.
 */
import { type Rule, Scheduler, type SchedulerOptions } from './scheduler.js';

/** Euler's rule: x̄′ = x̄ + (s′ − s)·ε̂. DDIM at noise levels of its own choice (Karras et al. 2022, algorithm 1 without ¶). */
export class EulerScheduler extends Scheduler {
  constructor(options: SchedulerOptions = {}) {
    super(options, 'karras');
  }

  protected override rule(i: number): Rule {
    return eulerRule(this, this.timesteps[i]!, this.nextTime(i));
  }
}

function eulerRule({ schedule }: Scheduler, time: number, next: number): Rule {
  const direction = schedule.sigma(next) / schedule.sigma(time);
  return { sample: direction, original: schedule.alpha(next) - direction * schedule.alpha(time) };
}

/**
 * Heun's rule (Karras et al. 2022, algorithm 1): a step of Euler's to s′, then again from s with the mean of both slopes,
 *
 *     x̄″ = x̄ + ½(s′ − s)·(ε̂(x̄) + ε̂(x̄′)),
 *
 * of second order. The last step, to the clean item, is Euler's. Each half is a step of its own here, so S times make
 * 2S − 1 steps with one evaluation each: even steps look ahead, odd ones correct.
 */
export class HeunScheduler extends Scheduler {
  constructor(options: SchedulerOptions = {}) {
    super(options, 'karras');
  }

  protected override visits(falling: readonly number[]): readonly number[] {
    return falling.flatMap((time, i) => (i === 0 ? [time] : [time, time]));
  }

  protected override rule(i: number): Rule {
    const { schedule } = this;
    if (i % 2 === 0) {
      return { ...eulerRule(this, this.timesteps[i]!, this.nextTime(i)), previousSample: 0, previousOriginal: 0 };
    }
    const [from, to] = [this.timesteps[i - 1]!, this.timesteps[i]!];
    const [alpha, alphaTo] = [schedule.alpha(from), schedule.alpha(to)];
    const [s, sTo] = [schedule.sigma(from) / alpha, schedule.sigma(to) / alphaTo];
    const half = (sTo - s) / 2;
    return {
      previousSample: (alphaTo / alpha) * (1 + half / s),
      previousOriginal: (-alphaTo * half) / s,
      sample: half / sTo,
      original: (-alphaTo * half) / sTo,
    };
  }
}

/**
 * DPM-Solver++(2M) (Lu et al. 2022, algorithm 2): exact for a clean estimate that is linear in λ = ln α/σ,
 *
 *     x′ = (σ′/σ)·x − α′(e^(−h) − 1)·D,   D = (1 + 1/(2r))·x̂₀ − 1/(2r)·x̂₀⁻,   h = λ′ − λ,  r = h⁻/h.
 *
 * The first step, which has no predecessor, and the last, whose h is infinite, take D = x̂₀.
 */
export class DPMSolverMultistepScheduler extends Scheduler {
  constructor(options: SchedulerOptions = {}) {
    super(options, 'trailing');
  }

  protected override rule(i: number): Rule {
    const { schedule } = this;
    const [time, next] = [this.timesteps[i]!, this.nextTime(i)];
    const sample = schedule.sigma(next) / schedule.sigma(time);
    if (i === 0 || next === -1) {
      return { ...eulerRule(this, time, next), previousOriginal: 0 };
    }
    const lambda = (t: number): number => schedule.logSnr(t) / 2;
    const h = lambda(next) - lambda(time);
    const ratio = (lambda(time) - lambda(this.timesteps[i - 1]!)) / h;
    const weight = -schedule.alpha(next) * Math.expm1(-h);
    return {
      sample,
      original: weight * (1 + 1 / (2 * ratio)),
      previousOriginal: -weight / (2 * ratio),
    };
  }
}
