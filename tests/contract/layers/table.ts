/** Our layer for each case of the fixture: the one list that the layer contract runs over. */
import type { Tensor } from '../../../src/core/tensor.js';
import { MultiHeadAttention } from '../../../src/nn/attention.js';
import { BatchNorm1d, BatchNorm2d } from '../../../src/nn/batch-norm.js';
import { Conv1d, Conv2d, ConvTranspose2d } from '../../../src/nn/convolution.js';
import { Embedding } from '../../../src/nn/embedding.js';
import { Linear } from '../../../src/nn/linear.js';
import type { Context, Module } from '../../../src/nn/module.js';
import { GroupNorm, InstanceNorm2d, LayerNorm, RMSNorm } from '../../../src/nn/normalization.js';
import { GRU, LSTM } from '../../../src/nn/recurrent.js';
import { Sequential } from '../../../src/nn/sequential.js';
import { spectralNorm } from '../../../src/nn/spectral-norm.js';
import { weightNorm } from '../../../src/nn/weight-norm.js';
import { tanh } from '../../../src/ops/index.js';
import type { Rng } from '../../../src/random/rng.js';

/** A module and how it is called on the case's inputs: one result per output of the fixture. */
export interface Subject {
  readonly module: Module;
  readonly call: (inputs: Record<string, Tensor>, context: Context) => Tensor[];
}

/** A layer from one tensor to one tensor; with several inputs, it is called on each in turn. */
function each(module: Module & { forward(x: Tensor, context?: Context): Tensor }): Subject {
  return { module, call: (inputs, context) => Object.values(inputs).map((x) => module.forward(x, context)) };
}

function attend(module: MultiHeadAttention, causal = false): Subject {
  const call: Subject['call'] = ({ x, padding, ...rest }) => {
    const mask = padding === undefined ? {} : { mask: padding.reshape([padding.shape[0]!, 1, 1, padding.shape[1]!]) };
    return [module.forward(x!, { causal, ...mask, ...rest })];
  };
  return { module, call };
}

function lstm(module: LSTM): Subject {
  const call: Subject['call'] = ({ x, h, c }) => {
    const { output, state } = module.forward(x!, h === undefined ? {} : { state: { h, c: c! } });
    return [output, state.h, state.c];
  };
  return { module, call };
}

function gru(module: GRU): Subject {
  const call: Subject['call'] = ({ x, h }) => {
    const { output, state } = module.forward(x!, h === undefined ? {} : { state: h });
    return [output, state];
  };
  return { module, call };
}

const deep = { layers: 2, bidirectional: true };

export const table: Record<string, (rng: Rng) => Subject> = {
  linear: (rng) => each(new Linear(4, 3, { rng })),
  'linear without bias': (rng) => each(new Linear(4, 3, { rng, bias: false })),
  sequential: (rng) => each(new Sequential(new Linear(4, 3, { rng }), tanh, new Linear(3, 2, { rng }))),
  embedding: (rng) => each(new Embedding(5, 3, { rng })),
  'embedding with padding': (rng) => each(new Embedding(5, 3, { rng, paddingIndex: 1 })),

  conv1d: (rng) => each(new Conv1d(4, 6, 3, { rng, stride: 2, padding: 1, dilation: 2, groups: 2 })),
  conv2d: (rng) => each(new Conv2d(3, 4, 3, { rng, padding: 1 })),
  'conv2d, all options': (rng) =>
    each(new Conv2d(4, 6, [3, 2], { rng, stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 2, bias: false })),
  'conv2d, same': (rng) => each(new Conv2d(2, 3, 4, { rng, padding: 'same' })),
  convTranspose2d: (rng) => each(new ConvTranspose2d(4, 3, 4, { rng, stride: 2, padding: 1 })),
  'convTranspose2d, all options': (rng) =>
    each(new ConvTranspose2d(4, 6, 3, { rng, stride: 2, padding: 1, outputPadding: 1, groups: 2, dilation: 2 })),

  layerNorm: () => each(new LayerNorm(6)),
  'layerNorm over two axes': () => each(new LayerNorm([3, 6], { eps: 1e-2 })),
  'layerNorm without affine': () => each(new LayerNorm(6, { affine: false })),
  groupNorm: () => each(new GroupNorm(2, 6)),
  instanceNorm2d: () => each(new InstanceNorm2d(3, { affine: true })),
  'instanceNorm2d without affine': () => each(new InstanceNorm2d(3)),
  rmsNorm: () => each(new RMSNorm(6, { eps: 1e-5 })),
  'batchNorm1d, evaluation': () => each(new BatchNorm1d(4)),
  'batchNorm2d, evaluation': () => each(new BatchNorm2d(4)),
  'batchNorm1d, training': () => each(new BatchNorm1d(4)),
  'batchNorm1d of sequences, training': () => each(new BatchNorm1d(4)),
  'batchNorm2d, training': () => each(new BatchNorm2d(3, { momentum: 0.3 })),
  'batchNorm2d, cumulative': () => each(new BatchNorm2d(3, { momentum: null })),
  'batchNorm2d without statistics': () => each(new BatchNorm2d(3, { trackRunningStats: false, affine: false })),

  attention: (rng) => attend(new MultiHeadAttention(8, 2, { rng })),
  'attention, causal': (rng) => attend(new MultiHeadAttention(8, 2, { rng }), true),
  'attention without bias, padded': (rng) => attend(new MultiHeadAttention(8, 4, { rng, bias: false })),
  'attention, cross, masked': (rng) => attend(new MultiHeadAttention(8, 2, { rng })),
  'attention, cross, other sizes': (rng) => attend(new MultiHeadAttention(8, 2, { rng, keySize: 6, valueSize: 7 })),

  lstm: (rng) => lstm(new LSTM(4, 3, { rng })),
  'lstm, deep, both ways': (rng) => lstm(new LSTM(4, 3, { rng, ...deep })),
  'lstm without bias': (rng) => lstm(new LSTM(4, 3, { rng, layers: 2, bias: false })),
  gru: (rng) => gru(new GRU(4, 3, { rng })),
  'gru, deep, both ways': (rng) => gru(new GRU(4, 3, { rng, ...deep })),
  'gru without bias': (rng) => gru(new GRU(4, 3, { rng, layers: 2, bias: false })),

  'spectralNorm, evaluation': (rng) => each(spectralNorm(new Linear(4, 3, { rng }), { rng })),
  'spectralNorm, linear': (rng) => each(spectralNorm(new Linear(4, 3, { rng }), { rng })),
  'spectralNorm, conv2d': (rng) => each(spectralNorm(new Conv2d(2, 3, 3, { rng, padding: 1 }), { rng, iterations: 2 })),
  'spectralNorm, convTranspose2d': (rng) => each(spectralNorm(new ConvTranspose2d(2, 3, 3, { rng }), { rng, axis: 1 })),
  'weightNorm, linear': (rng) => each(weightNorm(new Linear(4, 3, { rng }))),
  'weightNorm, conv2d': (rng) => each(weightNorm(new Conv2d(2, 3, 3, { rng, bias: false }), { axis: 1 })),
};
