/** What the samplers share: a noise schedule, what the network predicts, and the times that are visited. */
import { UsageError } from '../core/errors.js';
import { NoiseSchedule, type NoiseScheduleOptions } from './noise-schedule.js';
import { originalOf, type PredictionType } from './prediction.js';
import { advance, type Coefficients, type StepInputs, type StepResult, type Vector } from './step.js';
import { type TimestepSpacing, timestepsOf } from './timesteps.js';

export interface SchedulerOptions extends NoiseScheduleOptions {
  /** A schedule that is there already, instead of the options that make one. */
  readonly schedule?: NoiseSchedule;
  readonly predictionType?: PredictionType;
  readonly timestepSpacing?: TimestepSpacing;
}

/**
 * A sampler. `setTimesteps` chooses the times; then step i takes the sample at `timesteps[i]` to the next one.
 * A scheduler knows no network and keeps nothing between steps.
 */
export abstract class Scheduler {
  readonly schedule: NoiseSchedule;
  readonly predictionType: PredictionType;
  readonly timestepSpacing: TimestepSpacing;
  /** The time at which the network is asked in each step. */
  timesteps: readonly number[] = [];

  constructor(
    { schedule, predictionType = 'epsilon', timestepSpacing, ...options }: SchedulerOptions,
    spacing: TimestepSpacing,
  ) {
    this.schedule = schedule ?? new NoiseSchedule(options);
    this.predictionType = predictionType;
    this.timestepSpacing = timestepSpacing ?? spacing;
  }

  /** The factors of step i that this sampler is made of. */
  protected abstract rule(i: number): Rule;

  /**
   * Chooses S times; returns the scheduler.
   * @throws UsageError unless S is a whole number from 1 to T
   */
  setTimesteps(count: number): this {
    this.timesteps = this.visits(timestepsOf(this.schedule, count, this.timestepSpacing));
    return this;
  }

  /** The times in the order of the steps. */
  protected visits(falling: readonly number[]): readonly number[] {
    return falling;
  }

  /** The time that step i leads to; −1, the clean item, after the last. */
  protected nextTime(i: number): number {
    return this.timesteps[i + 1] ?? -1;
  }

  /** The numbers of step i. */
  coefficients(i: number): Coefficients {
    const time = this.timesteps[i];
    if (time === undefined) {
      throw new UsageError({
        operation: 'sampling step',
        expected: this.timesteps.length === 0 ? 'setTimesteps first' : `a step in 0…${this.timesteps.length - 1}`,
        got: `step ${i}`,
      });
    }
    const [alpha, sigma] = [this.schedule.alpha(time), this.schedule.sigma(time)];
    const { sample, output } = originalOf(this.predictionType, alpha, sigma);
    return {
      time,
      originalFromSample: sample,
      originalFromOutput: output,
      epsilonFromSample: 1 / sigma,
      epsilonFromOriginal: -alpha / sigma,
      ...this.rule(i),
    };
  }

  /** Step i from the sample at `timesteps[i]`. */
  step<V extends Vector<V, number>>(i: number, inputs: StepInputs<V>): StepResult<V> {
    return advance<V, number>(this.coefficients(i), inputs);
  }

  /** √ᾱ_t·x₀ + √(1 − ᾱ_t)·ε, a draw of q(x_t | x₀). */
  addNoise<V extends Vector<V, number>>(original: V, noise: V, time: number): V {
    return original.mul(this.schedule.alpha(time)).add(noise.mul(this.schedule.sigma(time)));
  }
}

/** The part of a step's numbers that differs between samplers. */
export type Rule = Omit<
  Coefficients,
  'time' | 'originalFromSample' | 'originalFromOutput' | 'epsilonFromSample' | 'epsilonFromOriginal'
>;
