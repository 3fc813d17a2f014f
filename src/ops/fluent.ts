/**
 * The fluent form: every op whose first argument is a tensor is also a method of Tensor, `x.matmul(w).add(b).relu()`.
 * One table gives both the methods and their types.
 */
import { Tensor } from '../core/tensor.js';
import * as activations from './activations.js';
import * as arithmetic from './arithmetic.js';
import * as broadcast from './broadcast.js';
import * as convolution from './convolution.js';
import * as indexing from './indexing.js';
import * as joining from './joining.js';
import * as linalg from './linalg.js';
import * as math from './math.js';
import * as movement from './movement.js';
import * as normalization from './normalization.js';
import * as ordering from './ordering.js';
import * as padding from './padding.js';
import * as pooling from './pooling.js';
import * as reduce from './reduce.js';
import * as resizing from './resizing.js';
import * as softmaxes from './softmax.js';

const { add, sub, mul, div, pow, maximum, minimum, square, neg, log, clip } = arithmetic;
const { equal, notEqual, greater, greaterEqual, less, lessEqual, logicalAnd, logicalOr, logicalNot } = arithmetic;
const { abs, sign, floor, ceil, round, exp, sqrt, rsqrt, reciprocal, sin, cos, erf, log1p, expm1, remainder } = math;
const { sigmoid, tanh, relu, leakyRelu, elu, selu, silu, gelu, mish, softplus } = activations;
const { sum, expand } = broadcast;
const { mean, variance, std, max, min, prod, logSumExp, norm } = reduce;
const { reshape, transpose, swapAxes, squeeze, unsqueeze, flatten, cast, stopGradient } = movement;
const { slice, narrow, split, flip, tile, repeatInterleave } = joining;
const { gather, gatherElements, pick, oneHot, tril, triu } = indexing;
const { softmax, logSoftmax } = softmaxes;
const { matmul } = linalg;
const { conv1d, conv2d, convTranspose1d, convTranspose2d } = convolution;
const { maxPool2d, avgPool2d, upsampleNearest } = pooling;
const { resize, pixelShuffle, pixelUnshuffle } = resizing;
const { pad } = padding;
const { layerNorm, rmsNorm, groupNorm, instanceNorm, batchNorm } = normalization;
const { topK, sort, argmax, argmin, cumsum } = ordering;

const methods = {
  add,
  sub,
  mul,
  div,
  pow,
  maximum,
  minimum,
  square,
  neg,
  log,
  clip,
  equal,
  notEqual,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalOr,
  logicalNot,
  abs,
  sign,
  floor,
  ceil,
  round,
  exp,
  sqrt,
  rsqrt,
  reciprocal,
  sin,
  cos,
  erf,
  log1p,
  expm1,
  remainder,
  sigmoid,
  tanh,
  relu,
  leakyRelu,
  elu,
  selu,
  silu,
  gelu,
  mish,
  softplus,
  sum,
  expand,
  mean,
  variance,
  std,
  max,
  min,
  prod,
  logSumExp,
  norm,
  reshape,
  transpose,
  swapAxes,
  squeeze,
  unsqueeze,
  flatten,
  cast,
  stopGradient,
  slice,
  narrow,
  split,
  flip,
  tile,
  repeatInterleave,
  gather,
  gatherElements,
  pick,
  oneHot,
  tril,
  triu,
  softmax,
  logSoftmax,
  matmul,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  maxPool2d,
  avgPool2d,
  upsampleNearest,
  resize,
  pixelShuffle,
  pixelUnshuffle,
  pad,
  layerNorm,
  rmsNorm,
  groupNorm,
  instanceNorm,
  batchNorm,
  topK,
  sort,
  argmax,
  argmin,
  cumsum,
};

type Method<F> = F extends (x: never, ...rest: infer A) => infer R ? (...rest: A) => R : never;
type Methods = { [K in keyof typeof methods]: Method<(typeof methods)[K]> };

declare module '../core/tensor.js' {
  interface Tensor extends Methods {}
}

for (const [name, fn] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]): unknown {
      return (fn as (x: Tensor, ...rest: unknown[]) => unknown)(this, ...rest);
    },
  });
}
