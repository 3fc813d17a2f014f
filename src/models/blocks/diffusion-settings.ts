/** What can be set when a diffusion model is used. */
import { z } from 'zod';
import { UsageError } from '../../core/errors.js';
import { timestepSpacings } from '../../processes/index.js';
import { samplerNames } from './diffusion-walks.js';

const count = z.number().int().positive();

const stepsOf = (most: number) =>
  count.default(most).describe('Times visited, at most those of training. heun asks the network twice a step.');

/** Settings of sampling; the other ways of using a model have some of them. */
const sampling = z.strictObject({
  steps: stepsOf(50),
  sampler: z
    .enum(samplerNames)
    .default('ddim')
    .describe(
      'ddim is good in few steps, ddpm is the paper and wants many, dpm-solver++ and heun are of second order.',
    ),
  eta: z.number().min(0).max(1).default(0).describe("Noise of ddim's steps: 0 none, 1 as much as ddpm."),
  spacing: z
    .enum(['auto', ...timestepSpacings])
    .default('auto')
    .describe("Which times are visited; auto: the sampler's own choice."),
  variance: z
    .enum(['auto', 'fixed_small', 'fixed_large'])
    .default('auto')
    .describe("Variance of ddpm's steps; auto: what the model was trained with."),
  guidance: z
    .number()
    .min(0)
    .default(1)
    .describe('Scale of classifier-free guidance, ε(∅) + s·(ε(y) − ε(∅)): 1 is none, 3 is strong.'),
  classifierGuidance: z.number().min(0).default(0).describe('Scale of guidance by a classifier; 0: none.'),
  threshold: z
    .enum(['clip', 'dynamic', 'none'])
    .default('clip')
    .describe('What keeps estimates of clean images in range; points are left as they are.'),
});

export type SamplingSettings = z.output<typeof sampling>;

/** The settings of each use, for a model of T times. */
export function diffusionSettings(T: number) {
  const { guidance, threshold } = sampling.shape;
  const few = { steps: stepsOf(Math.min(50, T)) };
  return {
    sampling: sampling.extend(few),
    way: z.strictObject({
      steps: stepsOf(Math.min(100, T)),
      guidance,
      threshold: threshold.default('none').describe(threshold.description!),
    }),
    editing: sampling.omit({ classifierGuidance: true }).extend({
      ...few,
      strength: z.number().min(0).max(1).default(0.6).describe('Part of the way to noise and back: 1 changes all.'),
    }),
    inpainting: z.strictObject({
      ...few,
      jumpLength: count.default(5).describe('Steps that a jump back goes.'),
      jumpSamples: count.default(5).describe('How often each stretch is walked; 1: no jumps.'),
      guidance,
      threshold,
    }),
  };
}

/** @throws UsageError for guidance that the model was not trained for */
export function refuseGuidance(
  scale: number,
  classifierScale: number,
  { classes, classifier }: { classes: number; classifier: boolean },
): void {
  if (scale !== 1 && classes === 0) {
    throw new UsageError({
      operation: "sampling setting 'guidance'",
      expected: '1, which is none, since the model is unconditional',
      got: `${scale}`,
      remedy: 'Train on labelled data with conditional=true to guide.',
    });
  }
  if (classifierScale !== 0 && !classifier) {
    throw new UsageError({
      operation: "sampling setting 'classifierGuidance'",
      expected: '0, since the model has no classifier',
      got: `${classifierScale}`,
      remedy: 'Train with classifier=true, or use guidance.',
    });
  }
}
