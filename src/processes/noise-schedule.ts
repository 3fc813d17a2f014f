/**
 * Noise schedules of the forward process q(x_t | x_{t−1}) = N(√(1 − β_t)·x_{t−1}, β_t·I) (Ho et al. 2020, eq. 2), whose
 * marginals are q(x_t | x₀) = N(√ᾱ_t·x₀, (1 − ᾱ_t)·I) with ᾱ_t = Π (1 − β_s) (eq. 4). Times count from 0 to T − 1, as in
 * code; −1 is the clean item. All numbers are float64.
 */
import { UsageError } from '../core/errors.js';

export const betaSchedules = ['linear', 'scaled_linear', 'squaredcos_cap_v2', 'sigmoid'] as const;

/**
 * How β grows from betaStart to betaEnd:
 * - `linear`: in a straight line (Ho et al. 2020, §4)
 * - `scaled_linear`: √β in a straight line (Rombach et al. 2022)
 * - `squaredcos_cap_v2`: ᾱ_t = cos²((t/T + 0.008)/1.008·π/2), β at most 0.999 (Nichol & Dhariwal 2021, eq. 17);
 *   betaStart and betaEnd have no part in it
 * - `sigmoid`: along a logistic curve from −6 to 6 (Xu et al. 2022)
 */
export type BetaSchedule = (typeof betaSchedules)[number];

export interface NoiseScheduleOptions {
  /** T */
  readonly numTrainTimesteps?: number;
  readonly betaStart?: number;
  readonly betaEnd?: number;
  readonly betaSchedule?: BetaSchedule;
}

/** Mean and variance of q(x_s | x_t, x₀), s < t: N(sample·x_t + original·x₀, variance·I). */
export interface Posterior {
  readonly sample: number;
  readonly original: number;
  readonly variance: number;
  /** 1 − ᾱ_t/ᾱ_s, the variance of q(x_t | x_s): β_t where s = t − 1. */
  readonly beta: number;
}

export class NoiseSchedule {
  readonly numTrainTimesteps: number;
  /** β_t, t = 0 … T − 1 */
  readonly betas: Float64Array;
  /** ᾱ_t, t = 0 … T − 1 */
  readonly alphasCumprod: Float64Array;

  /** @throws UsageError unless T is a positive whole number and 0 < betaStart ≤ betaEnd < 1 */
  constructor({
    numTrainTimesteps: T = 1000,
    betaStart = 1e-4,
    betaEnd = 0.02,
    betaSchedule = 'linear',
  }: NoiseScheduleOptions = {}) {
    if (!(Number.isInteger(T) && T >= 1)) {
      throw new UsageError({ operation: 'noise schedule', expected: 'a whole number of times ≥ 1', got: `${T}` });
    }
    if (!(betaStart > 0 && betaStart <= betaEnd && betaEnd < 1)) {
      throw new UsageError({
        operation: 'noise schedule',
        expected: '0 < betaStart ≤ betaEnd < 1',
        got: `${betaStart} and ${betaEnd}`,
      });
    }
    this.numTrainTimesteps = T;
    this.betas = betasOf(betaSchedule, T, betaStart, betaEnd);
    let product = 1;
    this.alphasCumprod = this.betas.map((beta) => {
      product *= 1 - beta;
      return product;
    });
  }

  /** ᾱ at a time; 1 at −1. Between whole times ln σ/α is interpolated, for samplers that choose noise levels. */
  alphaBar(t: number): number {
    if (t === -1) return 1;
    const last = this.numTrainTimesteps - 1;
    if (!(t >= 0 && t <= last)) {
      throw new UsageError({ operation: 'noise schedule', expected: `a time in 0…${last}`, got: `${t}` });
    }
    const low = Math.floor(t);
    if (low === t) return this.alphasCumprod[t]!;
    const [a, b] = [this.logSnr(low), this.logSnr(low + 1)];
    return 1 / (1 + Math.exp(-(a + (t - low) * (b - a))));
  }

  /** √ᾱ: how much of the clean item is left. */
  alpha(t: number): number {
    return Math.sqrt(this.alphaBar(t));
  }

  /** √(1 − ᾱ): the deviation of the noise. */
  sigma(t: number): number {
    return Math.sqrt(1 - this.alphaBar(t));
  }

  /** Signal-to-noise ratio ᾱ/(1 − ᾱ). */
  snr(t: number): number {
    const alphaBar = this.alphaBar(t);
    return alphaBar / (1 - alphaBar);
  }

  /** ln ᾱ/(1 − ᾱ), which is 2λ in the papers of DPM-Solver. */
  logSnr(t: number): number {
    return Math.log(this.snr(t));
  }

  /** The time at which σ/α has this value: the inverse of the interpolation in `alphaBar`, held at both ends. */
  timeOf(noiseLevel: number): number {
    const wanted = -2 * Math.log(noiseLevel);
    let low = 0;
    let high = this.numTrainTimesteps - 1;
    if (wanted >= this.logSnr(low)) return low;
    if (wanted <= this.logSnr(high)) return high;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.logSnr(middle) >= wanted) low = middle;
      else high = middle;
    }
    const [a, b] = [this.logSnr(low), this.logSnr(high)];
    return low + (wanted - a) / (b - a);
  }

  /** q(x_s | x_t, x₀) for any s < t (Ho et al. 2020, eq. 6 and 7, on a chain that jumps from s to t). */
  posterior(t: number, s: number): Posterior {
    const [atT, atS] = [this.alphaBar(t), this.alphaBar(s)];
    const beta = 1 - atT / atS;
    return {
      sample: (Math.sqrt(atT / atS) * (1 - atS)) / (1 - atT),
      original: (Math.sqrt(atS) * beta) / (1 - atT),
      variance: ((1 - atS) / (1 - atT)) * beta,
      beta,
    };
  }
}

function betasOf(kind: BetaSchedule, T: number, start: number, end: number): Float64Array {
  const between = (a: number, b: number, t: number): number => (T === 1 ? a : a + ((b - a) * t) / (T - 1));
  const curve: Record<BetaSchedule, (t: number) => number> = {
    linear: (t) => between(start, end, t),
    scaled_linear: (t) => between(Math.sqrt(start), Math.sqrt(end), t) ** 2,
    squaredcos_cap_v2: (t) => Math.min(1 - cosineAlphaBar((t + 1) / T) / cosineAlphaBar(t / T), 0.999),
    sigmoid: (t) => start + (end - start) / (1 + Math.exp(-between(-6, 6, t))),
  };
  return Float64Array.from({ length: T }, (_, t) => curve[kind](t));
}

function cosineAlphaBar(fraction: number): number {
  return Math.cos((((fraction + 0.008) / 1.008) * Math.PI) / 2) ** 2;
}
