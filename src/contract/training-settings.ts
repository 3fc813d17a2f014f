/** Settings that every model has. */
import { z } from 'zod';

/** Settings of training. A model overrides the defaults by declaring the same key in its own config. */
export const trainingFields = {
  epochs: z.number().positive().default(10).describe('Passes over the training data.'),
  steps: z.number().int().min(0).default(0).describe('Training steps; 0: as many as the epochs have.'),
  batchSize: z.number().int().positive().default(128).describe('Items per step.'),
  learningRate: z.number().positive().default(1e-3).describe("The optimizer's (peak) rate."),
  accumulate: z.number().int().positive().default(1).describe('Batches whose gradients are added up for one step.'),
  ema: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('Decay of the exponential moving average of the weights that samples and evaluation use; 0: off.'),
  validateEvery: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Steps between measurements on the validation items; 0: once an epoch.'),
  validation: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Training items held out for validation where the data set has no validation split of its own.'),
};

const trainingSchema = z.object(trainingFields);
export type TrainingSettings = z.output<typeof trainingSchema>;
