import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  DDIMInverseScheduler,
  DDIMScheduler,
  DDPMScheduler,
  DPMSolverMultistepScheduler,
  EulerScheduler,
  HeunScheduler,
  NoiseSchedule,
  type PredictionType,
  repaintSteps,
  type Scheduler,
} from '../../src/processes/index.js';
import { Value } from './host.js';

type Paths = Record<string, number[]>;
const fixture = JSON.parse(readFileSync(new URL('../fixtures/processes.json', import.meta.url), 'utf8')) as Record<
  'ddpm' | 'ddim' | 'solver' | 'euler' | 'heun',
  Paths
>;

/** The samples after each step, from x, by a network given as (x, t) ↦ output. */
function walk(
  scheduler: Scheduler,
  x: number,
  network: (x: number, t: number) => number,
  { noise = () => 0, clip }: { noise?: (i: number) => number; clip?: boolean } = {},
): number[] {
  let sample = new Value(x);
  let previous = { sample, original: sample };
  return scheduler.timesteps.map((t, i) => {
    const result = scheduler.step(i, {
      sample,
      modelOutput: new Value(network(sample.value, t)),
      noise: new Value(noise(i)),
      previous,
      ...(clip === true ? { clean: (v: Value) => new Value(Math.min(1, Math.max(-1, v.value))) } : {}),
    });
    previous = { sample, original: result.predOriginalSample };
    sample = result.prevSample;
    return sample.value;
  });
}

const network = (x: number, t: number): number => Math.sin(1.3 * x + 0.01 * t) + 0.2 * x;
const noise = (i: number): number => Math.cos(7 * i + 1);

function expectPath(got: number[], wanted: number[]): void {
  expect(got).toHaveLength(wanted.length);
  got.forEach((x, i) => {
    expect(Math.abs(x - wanted[i]!)).toBeLessThanOrEqual(1e-8 * (1 + Math.abs(wanted[i]!)));
  });
}

describe('trajectories as the papers write them', () => {
  it.each(Object.keys(fixture.ddpm))('DDPM %s', (name) => {
    const [betaSchedule, predictionType, varianceType, clipping] = name.split(' ') as [never, never, never, string];
    const scheduler = new DDPMScheduler({ betaSchedule, predictionType, varianceType }).setTimesteps(10);
    expectPath(walk(scheduler, 0.7, network, { noise, clip: clipping === 'clipped' }), fixture.ddpm[name]!);
  });

  it.each(Object.keys(fixture.ddim))('DDIM %s', (name) => {
    const [betaSchedule, predictionType, eta, timestepSpacing] = name.split(' ') as [never, never, string, never];
    const scheduler = new DDIMScheduler({ betaSchedule, predictionType, eta: Number(eta), timestepSpacing });
    expectPath(walk(scheduler.setTimesteps(10), 0.7, network, { noise }), fixture.ddim[name]!);
  });

  it.each(Object.keys(fixture.solver))('DPM-Solver++(2M) %s', (name) => {
    const [betaSchedule, predictionType] = name.split(' ') as [never, never];
    const scheduler = new DPMSolverMultistepScheduler({ betaSchedule, predictionType }).setTimesteps(8);
    expectPath(walk(scheduler, 0.7, network), fixture.solver[name]!);
  });

  it.each(Object.keys(fixture.euler))('Euler and Heun, %s', (name) => {
    const predictionType = name as PredictionType;
    expectPath(walk(new EulerScheduler({ predictionType }).setTimesteps(8), 0.7, network), fixture.euler[name]!);
    const halves = walk(new HeunScheduler({ predictionType }).setTimesteps(8), 0.7, network);
    expect(halves).toHaveLength(15);
    // Odd steps correct, the last one is Euler's.
    expectPath(
      halves.filter((_, i) => i % 2 === 1 || i === 14),
      fixture.heun[name]!,
    );
  });
});

describe('with the exact denoiser of N(m, s²)', () => {
  const [mean, deviation] = [0.4, 0.3];
  const schedule = new NoiseSchedule();
  /** E[x₀ | x_t] */
  const denoise = (x: number, t: number): number => {
    const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)];
    const share = (alpha * deviation ** 2) / ((alpha * deviation) ** 2 + sigma ** 2);
    return mean + share * (x - alpha * mean);
  };
  const options = { schedule, predictionType: 'sample' } as const;
  /** Where the probability flow takes x from a time to the clean end. */
  const flow = (x: number, t: number): number => {
    const spread = Math.sqrt((schedule.alpha(t) * deviation) ** 2 + schedule.sigma(t) ** 2);
    return mean + (deviation * (x - schedule.alpha(t) * mean)) / spread;
  };
  const error = (scheduler: Scheduler): number =>
    Math.abs(walk(scheduler, 1.1, denoise).at(-1)! - flow(1.1, scheduler.timesteps[0]!));

  it('deterministic samplers reach the end of the flow, those of second order faster', () => {
    const euler = (S: number): number => error(new EulerScheduler(options).setTimesteps(S));
    const heun = (S: number): number => error(new HeunScheduler(options).setTimesteps(S));
    const solver = (S: number): number =>
      error(new DPMSolverMultistepScheduler({ ...options, timestepSpacing: 'karras' }).setTimesteps(S));
    for (const S of [20, 40]) {
      expect(euler(S) / euler(2 * S)).toBeCloseTo(2, 0);
      for (const sampler of [heun, solver]) {
        expect(sampler(S)).toBeLessThan(euler(S) / 2.5);
        expect(sampler(S) / sampler(2 * S)).toBeGreaterThan(3.5);
      }
    }
    expect(error(new DDIMScheduler({ ...options, timestepSpacing: 'trailing' }).setTimesteps(1000))).toBeLessThan(5e-3);
  });

  /** Mean and variance of the samples: every step is affine, x′ = a·x + b + e·z. */
  const moments = (scheduler: Scheduler): [mean: number, variance: number] => {
    let [m, v] = [0, 1];
    scheduler.timesteps.forEach((t, i) => {
      const c = scheduler.coefficients(i);
      const slope = c.sample + c.original * (denoise(1, t) - denoise(0, t));
      m = c.sample * m + c.original * denoise(m, t);
      v = slope ** 2 * v + (c.noise ?? 0) ** 2;
    });
    return [m, v];
  };

  it('all T steps of DDPM give the distribution, with either variance', () => {
    for (const varianceType of ['fixed_small', 'fixed_large'] as const) {
      const [m, v] = moments(new DDPMScheduler({ ...options, varianceType }).setTimesteps(1000));
      expect(m).toBeCloseTo(mean, 3);
      expect(Math.sqrt(v)).toBeCloseTo(deviation, 2);
    }
    const few = (varianceType: 'fixed_small' | 'fixed_large'): number =>
      moments(new DDPMScheduler({ ...options, varianceType }).setTimesteps(10))[1];
    expect(few('fixed_small')).toBeLessThan(deviation ** 2); // β̃ is too small a variance, β too large
    expect(few('fixed_large')).toBeGreaterThan(few('fixed_small'));
  });

  it('DDIM with η = 1 is DDPM with the small variance; with η = 0 it is Euler', () => {
    const path = (scheduler: Scheduler): number[] => walk(scheduler.setTimesteps(25), 0.2, denoise, { noise });
    expectPath(path(new DDIMScheduler({ ...options, eta: 1 })), path(new DDPMScheduler(options)));
    expectPath(path(new DDIMScheduler(options)), path(new EulerScheduler({ ...options, timestepSpacing: 'leading' })));
  });

  it('DDIM backwards finds the noise that DDIM makes the item of', () => {
    for (const [S, tolerance] of [
      [50, 0.04],
      [500, 0.004],
    ] as const) {
      const inverse = new DDIMInverseScheduler({ ...options, timestepSpacing: 'linspace' }).setTimesteps(S);
      expect(inverse.timesteps).toHaveLength(S - 1);
      expect(inverse.timesteps[0]).toBe(0);
      const code = walk(inverse, 0.6, denoise).at(-1)!;
      const back = walk(new DDIMScheduler({ ...options, timestepSpacing: 'linspace' }).setTimesteps(S), code, denoise);
      expect(Math.abs(back.at(-1)! - 0.6)).toBeLessThan(tolerance);
    }
  });
});

it('adds noise as the marginals say', () => {
  const scheduler = new DDPMScheduler();
  const x = scheduler.addNoise(new Value(2), new Value(-3), 400).value;
  const bar = scheduler.schedule.alphasCumprod[400]!;
  expect(x).toBeCloseTo(2 * Math.sqrt(bar) - 3 * Math.sqrt(1 - bar), 12);
});

it('learned variances lie between the fixed ones', () => {
  const of = (varianceType: 'fixed_small' | 'fixed_large' | 'learned_range') =>
    new DDPMScheduler({ varianceType }).setTimesteps(50);
  for (const i of [0, 20, 48]) {
    const learned = of('learned_range').coefficients(i);
    expect(learned.noise).toBe(1);
    expect(Math.exp(learned.logVarianceLow! / 2)).toBeCloseTo(of('fixed_small').coefficients(i).noise!, 10);
    expect(Math.exp(learned.logVarianceHigh! / 2)).toBeCloseTo(of('fixed_large').coefficients(i).noise!, 10);
  }
  expect(of('learned_range').coefficients(49).noise).toBe(0);
});

it('says what is wrong', () => {
  for (const eta of [-0.1, 1.5, Number.NaN]) {
    expect(() => new DDIMScheduler({ eta })).toThrow(/DDIM, eta: expected a number in 0…1/);
  }
  expect(() => new DDIMScheduler().coefficients(0)).toThrow(/setTimesteps first/);
  expect(() => new DDIMScheduler().setTimesteps(4).coefficients(4)).toThrow(/0…3/);
});

describe('RePaint', () => {
  const scheduler = new DDPMScheduler().setTimesteps(20);

  it('without resampling walks straight down', () => {
    const steps = repaintSteps(scheduler, { jumpLength: 5, jumpSamples: 1 });
    expect(steps.map((s) => s.time)).toEqual(scheduler.timesteps);
    expect(steps.every((s) => s.keep === 1 && s.renoise === 0)).toBe(true);
    expect(steps.at(-1)).toMatchObject({ knownOriginal: 1, knownNoise: 0, noise: 0 });
  });

  it('walks each stretch as often as asked, and returns to the noise of the time it jumps to', () => {
    const steps = repaintSteps(scheduler, { jumpLength: 5, jumpSamples: 3 });
    const { schedule, timesteps } = scheduler;
    steps.forEach((step, i) => {
      const at = timesteps.indexOf(step.time);
      const landing = timesteps[at + 1] ?? -1;
      const next = steps[i + 1]?.time ?? -1;
      expect(step.knownOriginal).toBe(schedule.alpha(landing));
      expect(step.keep * step.knownOriginal).toBeCloseTo(schedule.alpha(next), 12);
      expect((step.keep * step.knownNoise) ** 2 + step.renoise ** 2).toBeCloseTo(schedule.sigma(next) ** 2, 12);
    });
    const visits = (t: number): number => steps.filter((s) => s.time === t).length;
    expect(timesteps.map(visits)).toEqual([
      ...Array.from({ length: 4 }, () => 1),
      ...Array.from({ length: 15 }, () => 3),
      1,
    ]);
  });

  it('refuses jumps that are none', () => {
    expect(() => repaintSteps(scheduler, { jumpLength: 0, jumpSamples: 2 })).toThrow(/inpainting jumps/);
  });
});
