/** jax-js on WebAssembly, steps jitted. Images as NCHW. */
import * as jax from '@jax-js/jax';
import { batchesOf, networks } from './networks.js';
import { serve } from './serve.js';

const { numpy: np, nn, lax, tree } = jax;
/** jax-js's functions take their arguments' memory; within a traced step a borrowed reference costs nothing. */
const lend =
  (f) =>
  (...args) =>
    f(...args.map((a) => (a instanceof Object && 'ref' in a ? a.ref : a)));
const borrow = (fs) =>
  Object.fromEntries(Object.entries(fs).map(([k, f]) => [k, typeof f === 'function' ? lend(f) : f]));

const adapter = borrow({
  array: (data, shape) => np.array(data).reshape(shape),
  number: (x) => x,
  filterShape: (k, i, o) => [o, i, k, k],
  transposedFilter: (w) => np.transpose(w, [1, 0, 2, 3]), // as PyTorch's [inputs, outputs, k, k]
  imageShape: (c, side) => [c, side, side],
  allButChannels: [0, 2, 3],
  channels: (p) => (p.shape.length === 1 ? p.reshape([1, p.shape[0], 1, 1]) : p.reshape([...p.shape, 1, 1])),
  perGroup: (x, groups, f) => {
    const shape = x.shape;
    return f(x.reshape([shape[0], groups, (shape[1] / groups) * shape[2] * shape[3]]), [2]).reshape(shape);
  },
  tokens: (x) => {
    const [b, c, h, w] = x.shape;
    return np.transpose(x.reshape([b, c, h * w]), [0, 2, 1]);
  },
  image: (x, shape) => np.transpose(x, [0, 2, 1]).reshape(shape),
  joinChannels: (x, y) => np.concatenate([x, y], 1),
  double: (x) => np.repeat(np.repeat(x, 2, 2), 2, 3),
  conv: (x, w, s, p) =>
    lax.convGeneralDilated(
      x,
      w,
      [s, s],
      [
        [p, p],
        [p, p],
      ],
    ),
  convTranspose: (x, w, s, p) => {
    const k = w.shape[2] - 1 - p;
    const flipped = np.flip(np.transpose(w, [1, 0, 2, 3]), [2, 3]);
    return lax.convGeneralDilated(
      x,
      flipped,
      [1, 1],
      [
        [k, k],
        [k, k],
      ],
      { lhsDilation: [s, s] },
    );
  },
  matmul: (x, y) => np.matmul(x, y),
  add: (x, y) => np.add(x, y),
  sub: (x, y) => np.subtract(x, y),
  mul: (x, y) => np.multiply(x, y),
  less: (x, y) => np.less(x, y).astype(np.float32),
  exp: (x) => np.exp(x),
  rsqrt: (x) => np.reciprocal(np.sqrt(x)),
  relu: (x) => nn.relu(x),
  leakyRelu: (x, slope) => nn.leakyRelu(x, slope),
  tanh: (x) => np.tanh(x),
  softplus: (x) => nn.softplus(x),
  silu: (x) => nn.silu(x),
  gelu: (x) => nn.gelu(x, { approximate: false }),
  sum: (x) => np.sum(x),
  mean: (x, axes) => np.mean(x, axes, { keepdims: true }),
  softmax: (x) => nn.softmax(x, -1),
  logSoftmax: (x) => nn.logSoftmax(x, -1),
  reshape: (x, shape) => x.reshape(shape),
  transpose: (x, order) => np.transpose(x, order),
  split: (x, n) => np.split(x, n, -1),
  shifted: (tokens, T, vocabulary) => {
    const [before] = np.split(tokens.ref, [T], 1);
    const [, after] = np.split(tokens, [1], 1);
    return [before, after].map((t) => nn.oneHot(t, vocabulary));
  },
});

/** One step of Adam on nested parameters. */
function adam(net, t, gradients, parameters, m, v) {
  const { rate = 1e-3, beta1 = 0.9, beta2 = 0.999, decay = 0, clip } = net;
  let g = gradients;
  if (clip !== undefined) {
    const norm = np.sqrt(
      tree
        .leaves(g)
        .map((x) => np.sum(np.square(x.ref)))
        .reduce((a, b) => np.add(a, b)),
    );
    const scale = np.minimum(1, np.reciprocal(np.add(norm, 1e-6)).mul(clip));
    g = tree.map((x) => x.mul(scale.ref), g);
  }
  const m1 = tree.map((a, b) => a.mul(beta1).add(b.ref.mul(1 - beta1)), m, g);
  const v1 = tree.map((a, b) => a.mul(beta2).add(np.square(b).mul(1 - beta2)), v, g);
  const c1 = np.subtract(1, np.exp(t.ref.mul(Math.log(beta1))));
  const c2 = np.subtract(1, np.exp(t.mul(Math.log(beta2))));
  const moved = tree.map(
    (p, a, b) => {
      const step = a.ref
        .div(c1.ref)
        .div(np.sqrt(b.ref.div(c2.ref)).add(1e-8))
        .mul(rate);
      return p.mul(1 - rate * decay).sub(step);
    },
    parameters,
    m1,
    v1,
  );
  return [moved, m1, v1];
}

/** Runs a jitted function on the same arguments again and again, and waits for its last result. */
function repeated(fn, ...shapes) {
  const jitted = jax.jit(fn);
  const args = shapes.map((shape) =>
    np.array(Float32Array.from({ length: shape.reduce((p, q) => p * q, 1) }, Math.random)).reshape(shape),
  );
  return { once: async () => (await jitted(...args.map((x) => x.ref)).data())[0] };
}

function convolve({ batch, channels, side, kernel }) {
  const image = [batch, channels, side, side];
  const p = (kernel - 1) / 2;
  const loss = (w, x, g) =>
    np.sum(
      lax
        .convGeneralDilated(
          x,
          w,
          [1, 1],
          [
            [p, p],
            [p, p],
          ],
        )
        .mul(g),
    );
  const both = (x, w, g) => {
    const gx = jax.grad((x) => loss(w.ref, x, g.ref))(x.ref);
    return np.add(np.sum(jax.grad((w) => loss(w, x, g))(w)), np.sum(gx));
  };
  return repeated(both, image, [channels, channels, kernel, kernel], image);
}

async function setup({ kind, size }) {
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  if (kind === 'product') return repeated(np.matmul, [size.m, size.k], [size.k, size.n]);
  if (kind === 'convolve') return convolve(size);
  if (kind !== 'step') throw new Error('this row is not written for jax-js');
  const net = networks[size.net](adapter, size);
  const players = net.players ?? { all: { parameters: net.parameters, loss: (own, _, x, n) => net.loss(own, x, n) } };
  const names = Object.keys(players);
  const states = names.map((name) => {
    const p = players[name].parameters;
    const zeros = () => tree.map((x) => np.zeros(x.shape), p);
    return { p, m: zeros(), v: zeros() };
  });
  const steps = names.map((name) =>
    jax.jit((p, m, v, other, x, noise, t) => {
      const loss = (own) => players[name].loss(own, other, x, noise);
      const [value, gradients] = jax.valueAndGrad(loss)(tree.ref(p));
      return [value, ...adam(net, t, gradients, p, m, v)];
    }),
  );
  const next = batchesOf(net.item, size.batch, net.classes);
  let count = 0;
  const move = async (i) => {
    const x = np.array(next()).reshape([size.batch, ...net.item]);
    const noise = Object.fromEntries(
      Object.entries(net.noise()).map(([k, [data, shape]]) => [k, np.array(data).reshape(shape)]),
    );
    const s = states[i];
    const other = tree.ref((states[1 - i] ?? { p: {} }).p);
    const [value, p, m, v] = steps[i](s.p, s.m, s.v, other, x, noise, np.array(count));
    Object.assign(s, { p, m, v });
    return (await value.data())[0];
  };
  return {
    parameters: states.flatMap((s) => tree.leaves(s.p)).reduce((n, x) => n + x.size, 0),
    once: async () => {
      count++;
      let loss;
      for (let i = 0; i < names.length; i++) loss = await move(i);
      return loss;
    },
  };
}

await serve(setup);
