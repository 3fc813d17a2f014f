/** The model contract. */
export type { Capabilities, LatentSpace, NoiseContext, SampleContext } from './capabilities.js';
export type {
  CreateContext,
  DataSpec,
  Loss,
  LossContext,
  ModelInstance,
  ModelRecord,
  Paper,
  Phase,
  TensorBatch,
} from './model.js';
export { defineModel, describeType, resolveSettings, type TrainingSettings } from './settings.js';
