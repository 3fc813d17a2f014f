import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.js';
import {
  betaSchedules,
  DDPMScheduler,
  minSnrWeight,
  NoiseSchedule,
  originalOf,
  predictionTypes,
  targetOf,
} from '../../src/processes/index.js';
import { timestepsOf } from '../../src/processes/timesteps.js';

interface Fixture {
  schedules: Record<string, { betas: number[]; alphasCumprod: number[] }>;
  timesteps: Record<string, number[]>;
  karras: Record<string, number[]>;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/processes.json', import.meta.url), 'utf8')) as Fixture;

/** Relative error. */
function expectNear(got: number, wanted: number, tolerance = 1e-12): void {
  expect(Math.abs(got - wanted)).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(wanted), 1e-12));
}

describe.each(betaSchedules)('the %s schedule', (betaSchedule) => {
  const schedule = new NoiseSchedule({ betaSchedule });

  it('has the values of its paper', () => {
    const { betas, alphasCumprod } = fixture.schedules[betaSchedule]!;
    betas.forEach((beta, i) => {
      expectNear(schedule.betas[i * 111]!, beta, 1e-10);
      expectNear(schedule.alphasCumprod[i * 111]!, alphasCumprod[i]!, 1e-9);
    });
  });

  it('has the marginals that single steps of the forward process add up to', () => {
    let [factor, variance] = [1, 0];
    for (let t = 0; t < 1000; t++) {
      factor *= Math.sqrt(1 - schedule.betas[t]!);
      variance = (1 - schedule.betas[t]!) * variance + schedule.betas[t]!;
      expectNear(schedule.alpha(t), factor, 1e-9);
      expectNear(schedule.sigma(t) ** 2, variance, 1e-9);
    }
    expect(schedule.alphaBar(999)).toBeLessThan(0.01);
  });

  it("has the posterior that Bayes' rule gives", () => {
    for (const [t, s] of [
      [1, 0],
      [500, 499],
      [999, 899],
      [300, 20],
      [7, -1],
    ] as const) {
      const { sample, original, variance, beta } = schedule.posterior(t, s);
      const [atT, atS] = [schedule.alphaBar(t), schedule.alphaBar(s)];
      // q(x_t | x_s) = N(√(ᾱt/ᾱs) x_s, β) times q(x_s | x₀) = N(√ᾱs x₀, 1 − ᾱs)
      if (s === -1) {
        expectNear(original, 1, 1e-9);
        expect(sample).toBe(0);
        expect(variance).toBe(0);
        continue;
      }
      const precision = atT / atS / beta + 1 / (1 - atS);
      expectNear(variance, 1 / precision, 1e-6);
      expectNear(sample, Math.sqrt(atT / atS) / beta / precision, 1e-6);
      expectNear(original, Math.sqrt(atS) / (1 - atS) / precision, 1e-6);
    }
    expectNear(schedule.posterior(400, 399).beta, schedule.betas[400]!, 1e-9);
  });

  it('loses signal at each step, also between the times, and finds times by noise level', () => {
    for (let t = 0.25; t < 999; t += 0.75) expect(schedule.snr(t)).toBeLessThan(schedule.snr(t - 0.25));
    for (const t of [0, 0.4, 17.25, 500, 998.9, 999]) {
      expectNear(schedule.timeOf(schedule.sigma(t) / schedule.alpha(t)) + 1, t + 1, 1e-7);
    }
    expect(schedule.timeOf(1e-9)).toBe(0);
    expect(schedule.timeOf(1e9)).toBe(999);
    expectNear(schedule.snr(300), (schedule.alpha(300) / schedule.sigma(300)) ** 2, 1e-9);
  });
});

describe('sub-sequences of times', () => {
  const schedule = new NoiseSchedule();

  it.each(Object.keys(fixture.timesteps))('%s as NumPy makes it', (name) => {
    const [spacing, count] = name.split(' ') as ['leading', string];
    const got = timestepsOf(schedule, Number(count), spacing);
    const wanted = fixture.timesteps[name]!;
    if (new Set(wanted).size === wanted.length) expect(got).toEqual(wanted);
    else expect(Math.max(...got.map((t, i) => Math.abs(t - wanted[i]!)))).toBeLessThanOrEqual(3);
  });

  it.each(Object.keys(fixture.karras))("Karras's levels on the %s schedule", (betaSchedule) => {
    const got = timestepsOf(new NoiseSchedule({ betaSchedule: betaSchedule as 'linear' }), 8, 'karras');
    for (const [i, t] of got.entries()) expectNear(t + 1, fixture.karras[betaSchedule]![i]! + 1, 1e-9);
  });

  it.each(['leading', 'trailing', 'linspace', 'quadratic', 'karras'] as const)('%s: S distinct times', (spacing) => {
    for (const S of [1, 2, 3, 7, 100, 333, 999, 1000]) {
      const times = timestepsOf(schedule, S, spacing);
      expect(times).toHaveLength(S);
      expect(times.every((t, i) => t >= 0 && t <= 999 && (i === 0 || t < times[i - 1]!))).toBe(true);
    }
    if (spacing !== 'karras')
      expect(timestepsOf(schedule, 1000, spacing)).toEqual(Array.from({ length: 1000 }, (_, i) => 999 - i));
  });

  it('refuses more steps than times, none, and halves', () => {
    for (const S of [1001, 0, 2.5, Number.NaN]) {
      expect(() => new DDPMScheduler().setTimesteps(S)).toThrow(
        /sampling steps: expected a whole number from 1 to 1000/,
      );
    }
  });
});

it('refuses schedules that are none', () => {
  for (const options of [{ numTrainTimesteps: 0 }, { betaStart: 0 }, { betaStart: 0.03 }, { betaEnd: 1 }]) {
    expect(() => new NoiseSchedule(options)).toThrow(UsageError);
  }
  expect(() => new NoiseSchedule().alphaBar(1000)).toThrow(/0…999/);
});

describe('predictions', () => {
  it('give back the clean item', () => {
    const [alpha, sigma, clean, noise] = [0.6, 0.8, 0.37, -1.2];
    const x = alpha * clean + sigma * noise;
    for (const type of predictionTypes) {
      const target = targetOf(type, alpha, sigma);
      const from = originalOf(type, alpha, sigma);
      expectNear(from.sample * x + from.output * (target.original * clean + target.noise * noise), clean);
    }
  });

  it('weigh the same with min-SNR, whatever is predicted', () => {
    const [alpha, sigma, error] = [0.96, 0.28, 0.01];
    const snr = (alpha / sigma) ** 2;
    // An error e of x̂₀ is an error e·b⁻¹ of the output.
    const losses = predictionTypes.map((type) => {
      const outputError = type === 'sample' ? error : error / originalOf(type, alpha, sigma).output;
      return minSnrWeight(type, snr, 5) * outputError ** 2;
    });
    for (const loss of losses) expectNear(loss, 5 * error ** 2);
    expect(minSnrWeight('sample', 0.3, 5)).toBe(0.3);
  });
});
