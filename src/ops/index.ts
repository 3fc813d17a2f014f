/** All ops, as functions and (by importing this file) as methods of Tensor. */
import './fluent.js';

export {
  elu,
  gelu,
  leakyRelu,
  mish,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
  straightThrough,
  tanh,
} from './activations.js';
export {
  add,
  clip,
  div,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  pow,
  square,
  sub,
  where,
} from './arithmetic.js';
export { arange, expand, eye, full, ones, type ReduceOptions, sum, zeros } from './broadcast.js';
export {
  type Conv1dOptions,
  type Conv2dOptions,
  type ConvTranspose1dOptions,
  type ConvTranspose2dOptions,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
} from './convolution.js';
export { grad } from './gradient.js';
export { gather, gatherElements, oneHot, pick, scatterAdd, triangularMask, tril, triu } from './indexing.js';
export {
  concat,
  flip,
  narrow,
  padConstant,
  type Range,
  repeatInterleave,
  slice,
  split,
  stack,
  tile,
} from './joining.js';
export { einsum, matmul } from './linalg.js';
export {
  abs,
  ceil,
  cos,
  erf,
  exp,
  expm1,
  floor,
  log1p,
  reciprocal,
  remainder,
  round,
  rsqrt,
  sign,
  sin,
  sqrt,
} from './math.js';
export { cast, flatten, reshape, squeeze, stopGradient, swapAxes, transpose, unsqueeze } from './movement.js';
export {
  type AffineOptions,
  type BatchNormOptions,
  type BatchNormResult,
  batchNorm,
  groupNorm,
  instanceNorm,
  type LayerNormOptions,
  layerNorm,
  rmsNorm,
} from './normalization.js';
export { argmax, argmin, cumsum, type Ordered, sort, topK } from './ordering.js';
export { type PadOptions, pad } from './padding.js';
export { avgPool2d, maxPool2d, type PoolOptions, upsampleNearest } from './pooling.js';
export { logSumExp, max, mean, min, norm, prod, std, variance } from './reduce.js';
export { pixelShuffle, pixelUnshuffle, type ResizeOptions, resize } from './resizing.js';
export { logSoftmax, softmax } from './softmax.js';
