/** TensorFlow.js: `node tfjs.js wasm` or `node tfjs.js cpu`. Images as NHWC. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { batchesOf, networks } from './networks.js';
import { serve } from './serve.js';

const backend = process.argv[2] ?? 'wasm';

/** The operations that networks.js is written on. */
const adapter = {
  array: (data, shape) => tf.tensor(data, shape),
  number: (x) => tf.scalar(x),
  filterShape: (k, i, o) => [k, k, i, o],
  transposedFilter: (w) => w, // conv2dTranspose takes [k, k, outputs, inputs]
  imageShape: (c, side) => [side, side, c],
  allButChannels: [0, 1, 2],
  channels: (p) => (p.rank === 1 ? p : p.reshape([p.shape[0], 1, 1, p.shape[1]])),
  perGroup: (x, groups, f) => {
    const [b, h, w, c] = x.shape;
    return f(x.reshape([b, h * w, groups, c / groups]), [1, 3]).reshape(x.shape);
  },
  tokens: (x) => x.reshape([x.shape[0], -1, x.shape[3]]),
  image: (x, shape) => x.reshape(shape),
  joinChannels: (x, y) => tf.concat([x, y], 3),
  double: (x) => tf.image.resizeNearestNeighbor(x, [2 * x.shape[1], 2 * x.shape[2]]),
  conv: (x, w, stride, padding) => tf.conv2d(x, w, stride, padding, 'NHWC', 1, 'floor'),
  convTranspose: (x, w, stride, padding) => {
    const size = (n) => (n - 1) * stride - 2 * padding + w.shape[0];
    const shape = [x.shape[0], size(x.shape[1]), size(x.shape[2]), w.shape[2]];
    return tf.conv2dTranspose(x, w, shape, stride, padding);
  },
  matmul: (x, y) => {
    if (x.rank === y.rank) return tf.matMul(x, y);
    const rows = x.reshape([-1, x.shape.at(-1)]);
    return tf.matMul(rows, y).reshape([...x.shape.slice(0, -1), y.shape[1]]);
  },
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  less: (x, y) => tf.cast(tf.less(x, y), 'float32'),
  exp: tf.exp,
  rsqrt: tf.rsqrt,
  relu: tf.relu,
  leakyRelu: tf.leakyRelu,
  tanh: tf.tanh,
  softplus: tf.softplus,
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  sum: (x) => tf.sum(x),
  mean: (x, axes) => tf.mean(x, axes, true),
  softmax: (x) => tf.softmax(x),
  logSoftmax: (x) => tf.logSoftmax(x),
  reshape: (x, shape) => x.reshape(shape),
  transpose: (x, order) => tf.transpose(x, order),
  split: (x, n) => tf.split(x, n, -1),
  shifted: (tokens, T, vocabulary) =>
    [0, 1].map((start) => tf.cast(tf.oneHot(tokens.slice([0, start], [-1, T]), vocabulary), 'float32')),
};

const leaves = (tree) => (tree instanceof tf.Tensor ? [tree] : Object.values(tree).flatMap(leaves));
const mapTree = (tree, f) => {
  if (tree instanceof tf.Tensor) return f(tree);
  if (Array.isArray(tree)) return tree.map((t) => mapTree(t, f));
  return Object.fromEntries(Object.entries(tree).map(([k, t]) => [k, mapTree(t, f)]));
};

async function start(threads) {
  if (backend === 'wasm') {
    const require = createRequire(import.meta.url);
    setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
    setThreadsCount(threads);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`backend ${backend} does not start here`);
}

/** Runs a function of tensors on the same arguments again and again, and waits for its last result. */
function repeated(fn, ...shapes) {
  const args = shapes.map((shape) => tf.randomNormal(shape));
  return {
    once: async () => {
      const result = tf.tidy(() => fn(...args));
      const value = (await result.data())[0];
      result.dispose();
      return value;
    },
  };
}

function convolve({ batch, channels, side, kernel }) {
  const image = [batch, side, side, channels];
  const gradients = tf.grads((x, w) => tf.conv2d(x, w, 1, 'same'));
  return repeated((x, w, g) => gradients([x, w], g)[1], image, [kernel, kernel, channels, channels], image);
}

async function setup({ kind, size, threads }) {
  await start(threads);
  if (kind === 'product') return repeated((x, y) => tf.matMul(x, y), [size.m, size.k], [size.k, size.n]);
  if (kind === 'convolve') return convolve(size);
  if (kind !== 'step') throw new Error('this row is not written for TensorFlow.js');
  const net = networks[size.net](adapter, size);
  const players = net.players ?? { all: { parameters: net.parameters, loss: (own, _, x, n) => net.loss(own, x, n) } };
  const names = Object.keys(players);
  const variables = names.map((name) => mapTree(players[name].parameters, (t) => tf.variable(t)));
  const optimizers = names.map(() => tf.train.adam(net.rate ?? 1e-3, net.beta1 ?? 0.9, net.beta2 ?? 0.999, 1e-8));
  const next = batchesOf(net.item, size.batch, net.classes);
  const move = (i) => {
    const value = tf.tidy(() => {
      const x = tf.tensor(next(), [size.batch, ...net.item], net.classes === undefined ? 'float32' : 'int32');
      const noise = Object.fromEntries(
        Object.entries(net.noise()).map(([k, [data, shape]]) => [k, tf.tensor(data, shape)]),
      );
      const { value: loss, grads } = tf.variableGrads(
        () => players[names[i]].loss(variables[i], variables[1 - i], x, noise),
        leaves(variables[i]),
      );
      if (net.clip !== undefined) {
        const norm = tf.sqrt(tf.addN(Object.values(grads).map((g) => tf.sum(tf.square(g)))));
        const scale = tf.minimum(1, tf.div(net.clip, tf.add(norm, 1e-6)));
        for (const name of Object.keys(grads)) grads[name] = tf.mul(grads[name], scale);
      }
      optimizers[i].applyGradients(grads);
      if (net.decay !== undefined) {
        for (const v of leaves(variables[i])) v.assign(tf.mul(v, 1 - (net.rate ?? 1e-3) * net.decay));
      }
      return loss;
    });
    return value;
  };
  return {
    parameters: variables.flatMap(leaves).reduce((n, v) => n + v.size, 0),
    once: async () => {
      let loss;
      for (let i = 0; i < names.length; i++) {
        const t = move(i);
        loss = (await t.data())[0];
        t.dispose();
      }
      return loss;
    },
  };
}

await serve(setup, { version: tf.version.tfjs });
