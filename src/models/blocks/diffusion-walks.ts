/**
 * What a denoising network is used for, as iterations: sampling, changing a picture, filling a hole, and the way from an
 * item to the noise that makes it and back.
 */
import type { Capabilities, Iteration, SampleContext } from '../../contract/index.js';
import { UsageError } from '../../core/errors.js';
import type { Shape } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { full, where, zeros } from '../../ops/index.js';
import {
  advance,
  type Coefficients,
  DDIMInverseScheduler,
  DDIMScheduler,
  DDPMScheduler,
  DPMSolverMultistepScheduler,
  EulerScheduler,
  HeunScheduler,
  learnedDeviation,
  type NoiseSchedule,
  type PredictionType,
  type RepaintCoefficients,
  repaintSteps,
  type Scheduler,
  type TimestepSpacing,
  type VarianceType,
} from '../../processes/index.js';

export const samplerNames = ['ddim', 'ddpm', 'dpm-solver++', 'euler', 'heun'] as const;

export interface SamplerSettings {
  readonly sampler: (typeof samplerNames)[number];
  readonly steps: number;
  readonly eta: number;
  readonly spacing: TimestepSpacing | 'auto';
}

/**
 * The sampler of that name with its times set.
 * @throws UsageError for an η where there is none, or more steps than times
 */
export function schedulerOf(
  { sampler, steps, eta, spacing }: SamplerSettings,
  process: { schedule: NoiseSchedule; predictionType: PredictionType; varianceType: VarianceType },
): Scheduler {
  if (sampler !== 'ddim' && eta !== 0) {
    throw new UsageError({
      operation: "sampling setting 'eta'",
      expected: `0 for the sampler ${sampler}`,
      got: `${eta}`,
      remedy: 'η belongs to ddim: choose --sampler ddim, or leave --eta out.',
    });
  }
  const options = { ...process, ...(spacing === 'auto' ? {} : { timestepSpacing: spacing }) };
  const make: Record<SamplerSettings['sampler'], () => Scheduler> = {
    ddim: () => new DDIMScheduler({ ...options, eta }),
    ddpm: () => new DDPMScheduler(options),
    'dpm-solver++': () => new DPMSolverMultistepScheduler(options),
    euler: () => new EulerScheduler(options),
    heun: () => new HeunScheduler(options),
  };
  return make[sampler]().setTimesteps(steps);
}

/** A denoising network in use. */
export interface Denoising {
  /** Of one item. */
  readonly shape: Shape;
  /** Classes that the network can be told; their number itself stands for 'none'. */
  readonly classes: number;
  /** What the network gives for x at a step, guided as wanted, and v where it learns variances. */
  predict(x: Tensor, c: Coefficients<Tensor>, labels: Tensor | undefined): { output: Tensor; variance?: Tensor };
  /** Keeps estimates of clean items where clean items lie. */
  readonly clean?: ((original: Tensor) => Tensor) | undefined;
  /** Items, images in 0…1, to what the process works on, images in −1…1. */
  fromItems(items: Tensor): Tensor;
  toItems(x: Tensor): Tensor;
}

interface Walk {
  readonly rows: readonly Coefficients[];
  /** Class of samples for which none is asked: one at random, or none. */
  readonly unlabelled: 'any' | 'none';
  /** The sample before the first step. */
  begin(context: SampleContext): Tensor;
  /** Changes the sample after each step. */
  after?(x: Tensor, row: Readonly<Record<string, Tensor>>, context: SampleContext): Tensor;
  finish?(x: Tensor, context: Pick<SampleContext, 'given'>): Tensor;
}

/** Steps along the rows. State: x, the clean estimate and noise of the step before, labels, and what else rows ask for. */
function walk(model: Denoising, { rows, unlabelled, begin, after, finish }: Walk): Iteration {
  const looksBack = rows[0]!.previousSample !== undefined;
  const names = Object.keys(rows[0]!);
  return {
    steps: rows.length,
    scalars: (i) => {
      const row = rows[i]! as unknown as Record<string, number>;
      return Object.fromEntries(names.map((name) => [name, row[name]!]));
    },
    start: (context) => {
      const { count, rng, labels } = context;
      const x = begin(context);
      const none = zeros(x.shape);
      const anyLabel = (): Tensor => rng.integers([count], model.classes);
      const noLabel = (): Tensor => full([count], model.classes, 'int32');
      return {
        x,
        original: none,
        epsilon: none,
        ...(looksBack ? { before: none } : {}),
        ...(model.classes === 0 ? {} : { labels: labels ?? (unlabelled === 'any' ? anyLabel() : noLabel()) }),
      };
    },
    step: (state, scalars, context) => {
      const c = scalars as unknown as Coefficients<Tensor>;
      const sample = state.x!;
      const { output, variance } = model.predict(sample, c, state.labels);
      const drawn = c.noise === undefined ? undefined : context.rng.normal(sample.shape);
      const noise = variance === undefined ? drawn : drawn?.mul(learnedDeviation(variance, c));
      const result = advance<Tensor, Tensor>(c, {
        sample,
        modelOutput: output,
        previous: { sample: state.before ?? sample, original: state.original! },
        ...(noise === undefined ? {} : { noise }),
        ...(model.clean === undefined ? {} : { clean: model.clean }),
      });
      return {
        ...state,
        x: after?.(result.prevSample, scalars, context) ?? result.prevSample,
        original: result.predOriginalSample,
        epsilon: result.predEpsilon,
        ...(looksBack ? { before: sample } : {}),
      };
    },
    finish: (state, context) => finish?.(state.x!, context) ?? model.toItems(state.x!),
    views: (state) => ({
      x_t: model.toItems(state.x!),
      epsilon: model.toItems(state.epsilon!.mul(1 / 3)), // three deviations reach from black to white
      x_0: model.toItems(state.original!),
    }),
    // ε = (x − √ᾱ·x₀)/√(1 − ᾱ): the factors of x₀ and x tell ᾱ
    numbers: (i) => {
      const { time, epsilonFromSample, epsilonFromOriginal } = rows[i]!;
      return { time, alpha_bar: (epsilonFromOriginal / epsilonFromSample) ** 2 };
    },
  };
}

const rowsOf = (scheduler: Scheduler): Coefficients[] => scheduler.timesteps.map((_, i) => scheduler.coefficients(i));

/** Samples from noise. */
export function generate(model: Denoising, scheduler: Scheduler): Iteration {
  return walk(model, {
    rows: rowsOf(scheduler),
    unlabelled: 'any',
    begin: ({ count, rng }) => rng.normal([count, ...model.shape]),
  });
}

/** Items of given noise x_T, `given.z`. */
export function generateFrom(model: Denoising, scheduler: Scheduler): Iteration {
  return walk(model, { rows: rowsOf(scheduler), unlabelled: 'none', begin: ({ given }) => given!.z! });
}

/** The noise that DDIM makes the items `given.x` of, by its steps backwards. */
export function invert(model: Denoising, scheduler: DDIMInverseScheduler): Iteration {
  return walk(
    { ...model, clean: undefined },
    {
      rows: rowsOf(scheduler),
      unlabelled: 'none',
      begin: ({ given }) => model.fromItems(given!.x!),
      finish: (x) => x,
    },
  );
}

/**
 * Items like `given.x`: noise is added to them as at a time on the way, and the rest of the way is walked (SDEdit, Meng et
 * al. 2022). Strength is the part of the way: at 1 hardly anything of the item is left.
 */
export function edit(model: Denoising, scheduler: Scheduler, strength: number): Iteration {
  const rows = rowsOf(scheduler);
  // A sampler with two evaluations a step begins where a step does.
  const whole = scheduler instanceof HeunScheduler ? 2 : 1;
  const skipped = Math.min(Math.round(((1 - strength) * rows.length) / whole) * whole, rows.length - 1);
  const time = scheduler.timesteps[skipped]!;
  const { schedule } = scheduler;
  return walk(model, {
    rows: rows.slice(skipped).map((row, i) => (i === 0 ? withoutHistory(row, schedule, scheduler, skipped) : row)),
    unlabelled: 'none',
    begin: ({ given, rng }) => {
      const x = model.fromItems(given!.x!);
      const noise = given!.noise ?? rng.normal(x.shape);
      return x.mul(schedule.alpha(time)).add(noise.mul(schedule.sigma(time)));
    },
  });
}

/** Items on the way to noise (Ho et al. 2020, eq. 4). */
export function noisingOf(
  { fromItems, toItems }: Pick<Denoising, 'fromItems' | 'toItems'>,
  schedule: NoiseSchedule,
): NonNullable<Capabilities['noising']> {
  return {
    alphaBar: (time) => schedule.alphaBar(time),
    noised: (x, noise, alphaBar) => {
      const sigma = alphaBar.neg().add(1).sqrt();
      return toItems(fromItems(x).mul(alphaBar.sqrt()).add(noise.mul(sigma)));
    },
  };
}

/** A row without the step before: what looks back there takes the estimate of its own step. */
function withoutHistory(row: Coefficients, schedule: NoiseSchedule, scheduler: Scheduler, i: number): Coefficients {
  if (row.previousOriginal === undefined) return row;
  const [time, next] = [scheduler.timesteps[i]!, scheduler.timesteps[i + 1] ?? -1];
  const sample = schedule.sigma(next) / schedule.sigma(time);
  const original = schedule.alpha(next) - sample * schedule.alpha(time);
  return {
    ...row,
    sample,
    original,
    previousOriginal: 0,
    ...(row.previousSample === undefined ? {} : { previousSample: 0 }),
  };
}

/** Items that are `given.x` where `given.mask` is 0 and new where it is 1 (RePaint, Lugmayr et al. 2022). */
export function inpaint(
  model: Denoising,
  scheduler: Scheduler,
  jumps: { readonly jumpLength: number; readonly jumpSamples: number },
): Iteration {
  const hole = (given: SampleContext['given']): Tensor => given!.mask!.greater(0.5);
  return walk(model, {
    rows: repaintSteps(scheduler, jumps),
    unlabelled: 'none',
    begin: ({ count, rng }) => rng.normal([count, ...model.shape]),
    after: (x, scalars, { given, rng }) => {
      const row = scalars as unknown as RepaintCoefficients<Tensor>;
      const clean = model.fromItems(given!.x!);
      const known = clean.mul(row.knownOriginal).add(rng.normal(x.shape).mul(row.knownNoise));
      const joined = where(hole(given), x, known);
      return joined.mul(row.keep).add(rng.normal(x.shape).mul(row.renoise));
    },
    finish: (x, { given }) => where(hole(given), model.toItems(x), given!.x!),
  });
}

/** The way from items to noise, and a sampler that takes the same way back. */
export function ways(
  steps: number,
  process: { schedule: NoiseSchedule; predictionType: PredictionType },
): { inverse: DDIMInverseScheduler; forward: DDIMScheduler } {
  const options = { ...process, timestepSpacing: 'linspace' } as const;
  return {
    inverse: new DDIMInverseScheduler(options).setTimesteps(steps),
    forward: new DDIMScheduler(options).setTimesteps(steps),
  };
}
