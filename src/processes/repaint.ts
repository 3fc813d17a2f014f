/** RePaint: inpainting with an unconditional diffusion model (Lugmayr et al. 2022, algorithm 1). */
import { UsageError } from '../core/errors.js';
import type { Scheduler } from './scheduler.js';
import type { Coefficients } from './step.js';

/**
 * A step of the sampler to time s, after which the known part is put in as q(x_s | x₀) has it,
 * known = knownOriginal·x₀ + knownNoise·z, and the whole is taken back by renoised = keep·x + renoise·z. 1 and 0 there
 * where the walk goes on downwards.
 */
export interface RepaintCoefficients<S = number> extends Coefficients<S> {
  readonly knownOriginal: S;
  readonly knownNoise: S;
  readonly keep: S;
  readonly renoise: S;
}

export interface RepaintOptions {
  /** Steps that a jump goes back (j in the paper). */
  readonly jumpLength: number;
  /** How often each stretch is walked (r in the paper): 1 never goes back. */
  readonly jumpSamples: number;
}

/**
 * The walk over a scheduler's times. Every `jumpLength` steps it goes back up and down again, `jumpSamples` − 1 times, so
 * that what is drawn gets to agree with what is known.
 * @param scheduler with its times set; one whose steps need nothing of the step before
 * @throws UsageError unless both options are whole numbers ≥ 1
 */
export function repaintSteps(scheduler: Scheduler, { jumpLength, jumpSamples }: RepaintOptions): RepaintCoefficients[] {
  if (![jumpLength, jumpSamples].every((n) => Number.isInteger(n) && n >= 1)) {
    throw new UsageError({
      operation: 'inpainting jumps',
      expected: 'whole numbers ≥ 1',
      got: `length ${jumpLength}, samples ${jumpSamples}`,
    });
  }
  const { schedule, timesteps } = scheduler;
  const S = timesteps.length;
  /** Positions count from the clean end: 0 is the least noisy time, −1 the clean item. */
  const timeAt = (position: number): number => (position < 0 ? -1 : timesteps[S - 1 - position]!);
  const jumps = new Map<number, number>();
  for (let p = 0; p < S - jumpLength; p += jumpLength) jumps.set(p, jumpSamples - 1);

  const steps: RepaintCoefficients[] = [];
  for (let p = S - 1; p >= 0; ) {
    const landing = timeAt(p - 1);
    const left = jumps.get(p - 1) ?? 0;
    const target = left > 0 ? p - 1 + jumpLength : p - 1;
    const kept = schedule.alphaBar(timeAt(target)) / schedule.alphaBar(landing);
    steps.push({
      ...scheduler.coefficients(S - 1 - p),
      knownOriginal: schedule.alpha(landing),
      knownNoise: schedule.sigma(landing),
      keep: Math.sqrt(kept),
      renoise: Math.sqrt(1 - kept),
    });
    jumps.set(p - 1, left - 1);
    p = target;
  }
  return steps;
}
