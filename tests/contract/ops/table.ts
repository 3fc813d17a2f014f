/**
 * The basic ops, one row or more each: a name that begins with the op's, and a function of tensors. The inputs and the
 * expected results of a row lie under its name in tests/fixtures/basic-ops.json, written by basic-ops.py beside it.
 */
import * as g from '../../../src/index.js';
import { sumTo } from '../../../src/ops/broadcast.js';
import type { Range } from '../../../src/ops/joining.js';

export type OpFunction = (...inputs: g.Tensor[]) => g.Tensor | g.Tensor[];

/** The same function under several names. */
const each = (names: readonly string[], fn: OpFunction): Record<string, OpFunction> =>
  Object.fromEntries(names.map((name) => [name, fn]));

const broadcasts = ['vector', 'both', 'left', 'scalar', 'ones'];

type Binary = 'add' | 'sub' | 'mul' | 'div';
const binary = (op: Binary, free: (typeof g)[Binary]): Record<string, OpFunction> => ({
  ...each([op, ...broadcasts.map((pair) => `${op} broadcast ${pair}`)], (a, b) => a![op](b!)),
  [`${op} number`]: (a) => a![op](2.5),
  [`${op} number on the left`]: (a) => free(2.5, a!),
});

type Comparison = 'equal' | 'notEqual' | 'greater' | 'greaterEqual' | 'less' | 'lessEqual';
const comparison = (op: Comparison): Record<string, OpFunction> => ({
  ...each([op, `${op} int32`, `${op} int64`], (a, b) => a![op](b!)),
  [`${op} number`]: (a) => a![op](2),
});

type Unary =
  | ('exp' | 'sin' | 'cos' | 'erf' | 'abs' | 'sqrt' | 'rsqrt' | 'reciprocal' | 'sign' | 'floor' | 'ceil' | 'round')
  | ('log1p' | 'expm1' | 'sigmoid' | 'tanh' | 'relu' | 'softplus' | 'elu' | 'selu' | 'silu' | 'mish' | 'gelu')
  | ('leakyRelu' | 'square' | 'neg' | 'log');
const unary = (op: Unary, ...points: string[]): Record<string, OpFunction> =>
  each([op, ...points.map((point) => `${op} ${point}`)], (a) => a![op]());

type Reduction = 'sum' | 'mean' | 'max' | 'min' | 'variance' | 'std' | 'logSumExp' | 'norm' | 'prod';
const reduction = (op: Reduction): Record<string, OpFunction> => ({
  [op]: (a) => a![op](),
  [`${op} keepDims`]: (a) => a![op]([0, 1], { keepDims: true }),
  [`${op} axis 0`]: (a) => a![op](0),
  [`${op} last axis`]: (a) => a![op](-1, { keepDims: true }),
  [`${op} axes 0 2`]: (a) => a![op]([0, 2]),
});

const equations = [
  ...['ij,jk->ik', 'ij,kj->ik', 'bhqd,bhkd->bhqk', 'bhqk,bhkd->bhqd', 'ij->ji', 'ij->', 'ij->j', 'i,j->ij', 'i,i->'],
  ...['bi,bi->b', 'bi,bj->bij', 'ij,jk', 'ij,ij->ij', 'ijk,k->ji', 'ij,k->jk', 'ab,bc,cd->ad', 'cb,a->ab'],
  'nchw,oc->nohw',
];

const slices: Record<string, Range[]> = {
  slice: [[1, 3]],
  'slice second axis': [null, [2, 5]],
  'slice item': [1],
  'slice last item': [null, -1],
  'slice element': [2, 3],
  'slice negative bounds': [
    [-3, -1],
    [-4, null],
  ],
  'slice step 2': [null, [0, null, 2]],
  'slice step 3 from 1': [
    [1, null, 3],
    [1, 8, 3],
  ],
  'slice step beyond': [null, [1, 5, 7]],
  'slice backwards': [[-1, null, -1]],
  'slice step -2': [
    [3, 0, -2],
    [-1, null, -2],
  ],
  'slice step -2 from 3': [null, [3, null, -2]],
  'slice mixed': [[0, 3, 2], 1, [4, 1, -1]],
  'slice beyond the end': [
    [2, 99],
    [-99, 2],
  ],
  'slice everything': [null, [0, null]],
  'slice nothing': [[2, 2]],
  'slice nothing by steps': [[0, 0, 2]],
  'slice nothing backwards': [[1, 3, -1]],
  'slice nothing past the end': [[9, 12]],
  'slice nothing before the start': [[-9, null, -1]],
  'slice int64': [[3, null, -2]],
  'slice masks': [[1, 3]],
};

export const table: Readonly<Record<string, OpFunction>> = {
  // Arithmetic
  ...binary('add', g.add),
  ...each(['add int32', 'add int64'], (a, b) => a!.add(b!)),
  ...binary('sub', g.sub),
  ...each(['sub int32', 'sub int64'], (a, b) => a!.sub(b!)),
  ...binary('mul', g.mul),
  ...each(['mul int32', 'mul int64'], (a, b) => a!.mul(b!)),
  'mul itself': (a) => a!.mul(a!),
  ...binary('div', g.div),
  ...each(['div int32', 'div by zero'], (a, b) => a!.div(b!)),
  ...each(['pow', 'pow broadcast', 'pow zero', 'pow zero to a negative'], (a, b) => a!.pow(b!)),
  'pow negative base': (a) => a!.pow(g.tensor(3)),
  'pow to the 0': (a) => a!.pow(0),
  'pow to the 1': (a) => a!.pow(1),
  'pow to the 2': (a) => a!.pow(2),
  'pow to the 3': (a) => a!.pow(3),
  'pow to the 4': (a) => a!.pow(4),
  'pow to the -1': (a) => a!.pow(-1),
  'pow to the 0.5': (a) => a!.pow(0.5),
  'pow to the 2.5': (a) => a!.pow(2.5),
  'pow to the 0 of infinity': (a) => a!.pow(0),
  'pow of a number': (a) => g.pow(2, a!),
  'pow int32': (a) => a!.pow(3),
  ...each(['maximum', 'maximum ties'], (a, b) => a!.maximum(b!)),
  ...each(['minimum', 'minimum ties'], (a, b) => a!.minimum(b!)),
  'maximum number': (a) => a!.maximum(0.25),
  'maximum int32': (a) => a!.maximum(2),
  ...unary('square'),
  ...unary('neg', 'int64'),
  'neg twice': (a) => a!.neg().neg(),
  ...unary('log', 'small and zero', 'of 0 and below'),

  // Comparisons and choices
  ...comparison('equal'),
  'equal masks': (a, b) => a!.equal(b!),
  ...comparison('notEqual'),
  ...comparison('greater'),
  ...comparison('greaterEqual'),
  ...comparison('less'),
  ...comparison('lessEqual'),
  logicalAnd: (a, b) => a!.logicalAnd(b!),
  logicalOr: (a, b) => a!.logicalOr(b!),
  logicalNot: (a) => a!.logicalNot(),
  ...each(['where', 'where masks', 'where int32', 'where NaN is not taken'], (m, a, b) => g.where(m!, a!, b!)),
  'where numbers': (m, a) => g.where(m!, a!, 0.5),
  'where two numbers': (m) => g.where(m!, 1.5, -0.5),
  ...each(['clip', 'clip bounds'], (a) => a!.clip(-0.5, 1)),
  'clip below': (a) => a!.clip(0.1),
  'clip above': (a) => a!.clip(undefined, 0.1),
  'clip int32': (a) => a!.clip(2, 4),

  // Elementary functions
  ...unary('exp', 'extremes', 'overflow'),
  ...unary('sin', 'far out'),
  ...unary('cos'),
  ...unary('erf', 'tails'),
  ...unary('abs', 'zero'),
  ...unary('sqrt', 'extremes'),
  ...unary('rsqrt', 'extremes'),
  ...unary('reciprocal', 'extremes'),
  ...unary('sign'),
  ...unary('floor'),
  ...unary('ceil'),
  ...unary('round'),
  ...unary('log1p', 'small', 'large', 'at the ends'),
  ...unary('expm1', 'small', 'large', 'at the ends'),
  remainder: (a) => a!.remainder(1.5),
  'remainder negative': (a) => a!.remainder(-1.5),

  // Activations
  ...unary('sigmoid', 'far out'),
  ...unary('tanh', 'far out'),
  ...unary('relu', 'far out', 'zero'),
  ...unary('softplus', 'far out'),
  ...unary('elu', 'far out', 'zero'),
  ...unary('selu', 'far out', 'zero'),
  ...unary('silu', 'far out'),
  ...unary('mish', 'far out'),
  ...unary('gelu', 'far out'),
  ...each(['gelu tanh', 'gelu tanh far out'], (a) => a!.gelu({ approximate: 'tanh' })),
  ...unary('leakyRelu', 'far out', 'zero'),
  ...each(['leakyRelu 0.2', 'leakyRelu 0.2 far out'], (a) => a!.leakyRelu(0.2)),
  ...each(['elu 0.5', 'elu 0.5 far out'], (a) => a!.elu(0.5)),
  straightThrough: (a, b) => g.straightThrough(a!, b!),

  // Broadcasting and constants
  expand: (a) => a!.expand([2, 3, 4]),
  'expand scalar': (a) => a!.expand([2, 3]),
  'expand masks': (a) => a!.expand([2, 2]),
  sumTo: (a) => sumTo(a!, [3, 1]),
  full: () => g.full([2, 3], 0.25),
  'full int32': () => g.full([2], 7, 'int32'),
  zeros: () => g.zeros([2, 3]),
  'zeros empty': () => g.zeros([0, 3]),
  ones: () => g.ones([3]),
  'ones masks': () => g.ones([3], 'bool'),
  arange: () => g.arange(5),
  'arange int64': () => g.arange(4, { start: 3, step: 2, dtype: 'int64' }),
  eye: () => g.eye(3),

  // Reductions
  ...reduction('sum'),
  'sum int32': (a) => a!.sum(1),
  ...each(['sum int64', 'sum nothing'], (a) => a!.sum(0)),
  'sum of a scalar': (a) => a!.sum(),
  'sum of size 1': (a) => a!.sum(1),
  ...reduction('mean'),
  ...reduction('max'),
  ...each(['max int32', 'max ties'], (a) => a!.max(1)),
  'max int64': (a) => a!.max(0),
  ...reduction('min'),
  'min int32': (a) => a!.min(1),
  ...each(['min int64', 'min ties'], (a) => a!.min(0)),
  ...reduction('variance'),
  'variance population': (a) => a!.variance(0, { correction: 0 }),
  ...reduction('std'),
  'std population': (a) => a!.std(0, { correction: 0 }),
  ...reduction('prod'),
  ...each(['prod int32', 'prod with one zero', 'prod with two zeros'], (a) => a!.prod(1)),
  ...each(['prod int64', 'prod nothing', 'prod of 7'], (a) => a!.prod(0)),
  ...reduction('logSumExp'),
  ...each(['logSumExp large', 'logSumExp with -Infinity', 'logSumExp of infinities'], (a) => a!.logSumExp(1)),
  ...reduction('norm'),
  'norm of 0': (a) => a!.norm(),
  ...each(['softmax', 'softmax large', 'softmax masked'], (a) => a!.softmax()),
  'softmax axis 1': (a) => a!.softmax(1),
  'softmax axis 0': (a) => a!.softmax(0),
  ...each(['logSoftmax', 'logSoftmax large'], (a) => a!.logSoftmax()),
  'logSoftmax axis 1': (a) => a!.logSoftmax(1),
  'logSoftmax axis 0': (a) => a!.logSoftmax(0),

  // Products
  ...each(
    [
      ...['', ' batch', ' shared right', ' shared left', ' broadcast', ' batch of one', ' row', ' column', ' dot'],
      ...[' row batch', ' batch column', ' nothing'],
    ].map((shapes) => `matmul${shapes}`),
    (a, b) => a!.matmul(b!),
  ),
  ...Object.fromEntries(equations.map((e) => [`einsum ${e}`, (...t: g.Tensor[]) => g.einsum(e, ...t)])),

  // Movement
  reshape: (a) => a!.reshape([3, 4]),
  'reshape with -1': (a) => a!.reshape([3, -1, 2]),
  'reshape to a scalar': (a) => a!.reshape([]),
  'reshape of a reshape': (a) => a!.reshape([12]).reshape([4, 3]),
  'reshape nothing': (a) => a!.reshape([3, 0, 2]),
  'reshape int64': (a) => a!.reshape([2, 2]),
  ...each(['transpose', 'transpose masks'], (a) => a!.transpose()),
  'transpose by a permutation': (a) => a!.transpose([1, 2, 0]),
  'transpose of a transpose': (a) => a!.transpose([1, 2, 0]).transpose([2, 1, 0]),
  swapAxes: (a) => a!.swapAxes(),
  'swapAxes 0 2': (a) => a!.swapAxes(0, 2),
  unsqueeze: (a) => a!.unsqueeze(1),
  'unsqueeze last': (a) => a!.unsqueeze(-1),
  squeeze: (a) => a!.squeeze(),
  'squeeze axis': (a) => a!.squeeze(-1),
  flatten: (a) => a!.flatten(),
  'flatten from 1': (a) => a!.flatten(1),
  'flatten part': (a) => a!.flatten(0, 1),
  stopGradient: (a) => a!.stopGradient().mul(a!),
  'cast to int32': (a) => a!.cast('int32'),
  'cast to int64': (a) => a!.cast('int64'),
  'cast to bool': (a) => a!.cast('bool'),
  ...each(['cast from bool', 'cast from int64', 'cast to itself'], (a) => a!.cast('float32')),

  // Cutting and joining
  ...Object.fromEntries(Object.entries(slices).map(([name, r]) => [name, (a: g.Tensor) => a.slice(...r)])),
  narrow: (a) => a!.narrow(1, 1, 2),
  'narrow last axis': (a) => a!.narrow(-1, 0, 3),
  flip: (a) => a!.flip(),
  'flip axis': (a) => a!.flip(-1),
  'flip masks': (a) => a!.flip(0),
  ...each(['concat', 'concat with nothing', 'concat one', 'concat int32'], (...t) => g.concat(t)),
  'concat last axis': (...t) => g.concat(t, -1),
  'concat itself': (a) => g.concat([a!, a!], 1),
  stack: (...t) => g.stack(t),
  'stack last axis': (...t) => g.stack(t, -1),
  split: (a) => a!.split(2),
  'split sizes': (a) => a!.split([1, 3, 2], 1),
  'split with nothing': (a) => a!.split([0, 2], -1),
  padConstant: (a) => g.padConstant(a!, [[0, 3], [1, 2]], 0), // biome-ignore format: one pair per axis
  'padConstant value': (a) => g.padConstant(a!, [[0, 0], [2, 0]], -1.5), // biome-ignore format: one pair per axis
  'padConstant none': (a) => g.padConstant(a!, [[0, 0], [0, 0]], 3), // biome-ignore format: one pair per axis
  'padConstant of nothing': (a) => g.padConstant(a!, [[2, 0], [1, 1]], 0.5), // biome-ignore format: one pair per axis
  'padConstant infinity': (a) => g.padConstant(a!, [[1, 1]], -Infinity),
  'padConstant int64': (a) => g.padConstant(a!, [[1, 1]], 7),
  tile: (a) => a!.tile([2, 3]),
  repeatInterleave: (a) => a!.repeatInterleave(2, 0),
  'repeatInterleave last axis': (a) => a!.repeatInterleave(3, -1),

  // Indices
  ...each(
    ['', ' matrix', ' negative', ' nothing', ' int32', ' many rows'].map((rows) => `gather${rows}`),
    (a, i) => a!.gather(i!),
  ),
  ...each(['gather axis 1', 'gather scalar index'], (a, i) => a!.gather(i!, 1)),
  'gather last axis': (a, i) => a!.gather(i!, -1),
  ...each(['scatterAdd', 'scatterAdd repeated'], (u, i) => g.scatterAdd(u!, i!, { size: 4 })),
  ...each(
    ['matrix', 'negative', 'numbers', 'int32', 'of nothing to 3'].map((rows) => `scatterAdd ${rows}`),
    (u, i) => g.scatterAdd(u!, i!, { size: 3 }),
  ),
  ...each(['scatterAdd many rows', 'scatterAdd of nothing to 300'], (u, i) => g.scatterAdd(u!, i!, { size: 300 })),
  'scatterAdd axis 1': (u, i) => g.scatterAdd(u!, i!, { axis: 1, size: 3 }),
  'scatterAdd last axis': (u, i) => g.scatterAdd(u!, i!, { axis: -1, size: 3 }),
  ...each(['gatherElements', 'gatherElements part'], (a, i) => a!.gatherElements(i!)),
  'gatherElements axis 0': (a, i) => a!.gatherElements(i!, 0),
  ...each(['pick', 'pick from a vector'], (a, i) => a!.pick(i!)),
  oneHot: (i) => i!.oneHot(4),
  'oneHot out of range': (i) => i!.oneHot(3),
  triangularMask: () => g.triangularMask(3),
  'triangularMask diagonal': () => g.triangularMask(2, 4, 1),
  ...each(['tril', 'tril of infinities'], (a) => a!.tril()),
  'tril -1': (a) => a!.tril(-1),
  'tril 1': (a) => a!.tril(1),
  triu: (a) => a!.triu(),
  'triu -1': (a) => a!.triu(-1),
  'triu 1': (a) => a!.triu(1),

  // The gradient as an op
  grad: (a) => g.grad(a!.pow(3).sum(), a!),
  'grad with a cotangent': (a, c) => g.grad(a!.sin(), a!, { cotangent: c! }),
  'grad of many': (a, b) => g.grad(a!.square().mul(b!).sum(), [a!, b!]),
};
