/**
 * Schedules: the learning rate as a function of the number of the update, 1 for the first. Pure functions in float64,
 * so a resumed run continues on the same curve. Where PyTorch has the schedule, the values are its values:
 * PyTorch counts from 0, so with t = step − 1. A peak of 1 makes any of them a multiplier.
 */
import { UsageError } from '../core/errors.js';
import { checkNumber, count, countOrZero, fraction, nonNegative, positive } from './settings.js';

/** step (whole, from 1) → learning rate */
export type Schedule = (step: number) => number;

/** The same rate at each step. */
export function constant(rate: number): Schedule {
  checkNumber('constant', 'rate', rate, nonNegative);
  return () => rate;
}

/** A straight line: from + (to − from)·min(t, steps)/steps; `to` from step `steps + 1` on. PyTorch's LinearLR. */
export function linear(from: number, { to = 0, steps }: { to?: number; steps: number }): Schedule {
  checkNumber('linear', 'from', from, nonNegative);
  checkNumber('linear', 'to', to, nonNegative);
  checkNumber('linear', 'steps', steps, count);
  return (step) => from + (to - from) * Math.min((step - 1) / steps, 1);
}

/**
 * Half a cosine wave: to + ½(from − to)(1 + cos(π·t/steps)); `to` from step `steps + 1` on, where PyTorch's
 * CosineAnnealingLR would rise again. (Loshchilov & Hutter 2017, eq. 5)
 */
export function cosine(from: number, { to = 0, steps }: { to?: number; steps: number }): Schedule {
  checkNumber('cosine', 'from', from, nonNegative);
  checkNumber('cosine', 'to', to, nonNegative);
  checkNumber('cosine', 'steps', steps, count);
  return (step) => to + (from - to) * cosineFall(Math.min((step - 1) / steps, 1));
}

/** ½(1 + cos πx): from 1 at 0 to 0 at 1. */
function cosineFall(x: number): number {
  return (1 + Math.cos(Math.PI * x)) / 2;
}

/**
 * Rises in a straight line over `steps` steps to where `then` begins, and goes on with `then`:
 * then(1)·step/(steps + 1) for step ≤ steps, then(step − steps) after. The first step is not lost on a rate of 0, and
 * the peak is met once. PyTorch: SequentialLR of LinearLR(start_factor = 1/(steps + 1), total_iters = steps) and `then`.
 */
export function warmUp(steps: number, then: Schedule): Schedule {
  checkNumber('warmUp', 'steps', steps, countOrZero);
  return (step) => (step <= steps ? (then(1) * step) / (steps + 1) : then(step - steps));
}

/** A staircase: rate·factor^⌊t/every⌋. PyTorch's StepLR. */
export function step(rate: number, { every, factor = 0.1 }: { every: number; factor?: number }): Schedule {
  checkNumber('step', 'rate', rate, nonNegative);
  checkNumber('step', 'every', every, count);
  checkNumber('step', 'factor', factor, positive);
  return (n) => rate * factor ** Math.floor((n - 1) / every);
}

export interface OneCycleOptions {
  /** Length of the whole cycle. */
  readonly steps: number;
  /** Part of the cycle in which the rate rises (PyTorch: pct_start). */
  readonly rise?: number;
  /** The cycle begins at peak/startDivisor (PyTorch: div_factor). */
  readonly startDivisor?: number;
  /** It ends at the first rate divided by this (PyTorch: final_div_factor). */
  readonly endDivisor?: number;
  /** How two rates are joined (PyTorch: anneal_strategy 'cos' or 'linear'). */
  readonly shape?: 'cosine' | 'linear';
  /** Falls to the first rate as slowly as it rose, and to the last one after that (PyTorch: three_phase). */
  readonly threePhases?: boolean;
}

/**
 * Smith's one-cycle policy, with the values of PyTorch's OneCycleLR: the rate rises from peak/startDivisor to `peak` and
 * falls far below where it began. Unlike there, momentum stays as it is, and after the last step the last rate is kept.
 * (Smith & Topin 2018)
 */
export function oneCycle(peak: number, options: OneCycleOptions): Schedule {
  const { steps, rise = 0.3, startDivisor = 25, endDivisor = 1e4, shape = 'cosine', threePhases = false } = options;
  checkNumber('oneCycle', 'peak', peak, positive);
  checkNumber('oneCycle', 'steps', steps, count);
  checkNumber('oneCycle', 'rise', rise, fraction);
  checkNumber('oneCycle', 'startDivisor', startDivisor, positive);
  checkNumber('oneCycle', 'endDivisor', endDivisor, positive);
  const start = peak / startDivisor;
  const end = start / endDivisor;
  const top = rise * steps - 1;
  // Corners of the curve, as [t, rate].
  const corners: (readonly [number, number])[] = [
    [0, start],
    [top, peak],
    ...(threePhases ? ([[2 * rise * steps - 2, start]] as const) : []),
    [steps - 1, end],
  ];
  if (!corners.every(([t], i) => i === 0 || t > corners[i - 1]![0])) {
    throw new UsageError({
      operation: 'oneCycle',
      expected: 'room for each phase: 1 < rise·steps < steps, and with three phases rise·steps < (steps + 1)/2',
      got: `${steps} steps, rise ${rise}${threePhases ? ', three phases' : ''}`,
      remedy: 'Take more steps, or another rise.',
    });
  }
  return (n) => {
    const t = Math.min(n - 1, steps - 1);
    const next = Math.max(
      1,
      corners.findIndex(([corner]) => t <= corner),
    );
    const [from, to] = [corners[next - 1]!, corners[next]!];
    const x = (t - from[0]) / (to[0] - from[0]);
    return to[1] + (from[1] - to[1]) * (shape === 'cosine' ? cosineFall(x) : 1 - x);
  };
}
