/** Sub-sequences of the training times: which of 0 … T − 1 a sampler visits. */
import { UsageError } from '../core/errors.js';
import type { NoiseSchedule } from './noise-schedule.js';

export const timestepSpacings = ['leading', 'trailing', 'linspace', 'quadratic', 'karras'] as const;

/**
 * - `leading`: 0, ⌊T/S⌋, 2⌊T/S⌋, …: the linear sub-sequence of the DDIM paper (appendix D.2)
 * - `trailing`: T − 1 and on down in steps of T/S (Lin et al. 2024, table 2)
 * - `linspace`: evenly from 0 to T − 1, both included
 * - `quadratic`: ⌊c·i²⌋ with the last one at 0.8·T, dense near the clean end: the quadratic sub-sequence of the DDIM paper.
 *   Where squares fall on one number the later ones move up, so that all S differ
 * - `karras`: noise levels σ/α of at most 80 that are even in their seventh root (Karras et al. 2022, eq. 5 and table 1);
 *   times in between are fractions
 */
export type TimestepSpacing = (typeof timestepSpacings)[number];

/** ρ of Karras et al. 2022: larger means shorter steps near the clean end. */
const rho = 7;

/** σ_max of Karras et al. 2022: nothing is left of an item of unit size, and larger levels would waste steps. */
const highestLevel = 80;

/**
 * S times, falling.
 * @throws UsageError unless S is a whole number from 1 to T
 */
export function timestepsOf(schedule: NoiseSchedule, S: number, spacing: TimestepSpacing): number[] {
  const T = schedule.numTrainTimesteps;
  if (!(Number.isInteger(S) && S >= 1 && S <= T)) {
    throw new UsageError({
      operation: 'sampling steps',
      expected: `a whole number from 1 to ${T}, the times that the model is trained on`,
      got: `${S}`,
      remedy: 'Choose fewer steps.',
    });
  }
  return rising(schedule, T, S, spacing).reverse();
}

function rising(schedule: NoiseSchedule, T: number, S: number, spacing: TimestepSpacing): number[] {
  const list = (at: (i: number) => number): number[] => Array.from({ length: S }, (_, i) => at(i));
  const part = (i: number): number => (S === 1 ? 0 : i / (S - 1));
  switch (spacing) {
    case 'leading':
      return list((i) => i * Math.floor(T / S));
    case 'trailing':
      return list((i) => Math.round(T - ((S - 1 - i) * T) / S) - 1);
    case 'linspace':
      return list((i) => (S === 1 ? T - 1 : Math.round(part(i) * (T - 1))));
    case 'quadratic': {
      let before = -1;
      return list((i) => {
        before = Math.max(before + 1, Math.floor(0.8 * T * part(i) ** 2));
        return before;
      });
    }
    default: {
      const level = (t: number): number => Math.min(schedule.sigma(t) / schedule.alpha(t), highestLevel) ** (1 / rho);
      const [least, most] = [level(0), level(T - 1)];
      return list((i) => (S === 1 ? T - 1 : schedule.timeOf((least + part(i) * (most - least)) ** rho)));
    }
  }
}
