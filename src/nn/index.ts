/** The public names of nn. */
import * as initializers from './initializers.js';

export { type ActivationName, activation, activationNames } from './activation.js';
export {
  type AttentionMask,
  attention,
  attentionWeights,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
} from './attention.js';
export { BatchNorm1d, BatchNorm2d, type RunningNormOptions } from './batch-norm.js';
export { Conv1d, Conv2d, ConvTranspose2d } from './convolution.js';
export { Dropout } from './dropout.js';
export { Embedding, type EmbeddingOptions } from './embedding.js';
export type { Initializer } from './initializers.js';
export { Linear } from './linear.js';
export { type Context, type Layer, Module, namedVariables } from './module.js';
export { GroupNorm, InstanceNorm2d, LayerNorm, type NormOptions, RMSNorm } from './normalization.js';
export type { WeightOptions } from './parameter.js';
export { applyRotary, LearnedPositions, type RotaryOptions, type SinusoidalOptions, sinusoidal } from './positional.js';
export { GRU, LSTM, type LSTMState, type RecurrentOptions } from './recurrent.js';
export { ModuleList, Sequential, type Step } from './sequential.js';
export { SpectralNorm, type SpectralNormOptions, spectralNorm } from './spectral-norm.js';
export { WeightNorm, weightNorm } from './weight-norm.js';
export { initializers };
