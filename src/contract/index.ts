/** The model contract. */
export type {
  Capabilities,
  Classes,
  Conditions,
  GivenIteration,
  Iteration,
  LatentSpace,
  NoiseContext,
  SampleContext,
} from './capabilities.js';
export type { Fitting } from './fitting.js';
export type { IterationState } from './iteration-state.js';
export type { LanguageModel, LanguageNetwork, LanguageTable, MaskedLanguageModel } from './language.js';
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
export { defineModel, describeType, descriptionOf, lengthTold, parseSettings, resolveSettings } from './settings.js';
export { textFields, tokenizerOf } from './text-settings.js';
export { type TrainingSettings, trainingFields } from './training-settings.js';
