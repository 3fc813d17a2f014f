/** genera itself: the product's training step on the benchmark's networks. */

import { CharacterTokenizer } from '../../dist/data/tokenizers/index.js';
import { compile, grad, Rng } from '../../dist/index.js';
import { writeText } from '../../dist/inference/generation.js';
import { cpuBackend } from '../../dist/node/index.js';
import { defaultBackend, setDefaultBackend } from '../../dist/runtime/backend.js';
import { allot } from '../../dist/runtime/state.js';
import { TrainingBatches } from '../../dist/train/batches.js';
import { PhaseStep } from '../../dist/train/step.js';
import { serve } from './serve.js';

/** Batches of a small made-up data set, as the trainer makes them; of tokens, gathered here. */
function batchesOf({ item, classes }, batch) {
  const count = 4096;
  const size = item.reduce((a, b) => a * b, 1);
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const items = Uint8Array.from({ length: count * size }, () => (classes ?? 256) * random());
  if (classes === undefined) {
    const dataSet = { id: 'made-up', split: 'train', kind: 'image', shape: item, count, items, checksum: '' };
    const batches = new TrainingBatches(dataSet, { batchSize: batch, dropLast: true }, defaultBackend().ahead);
    let index = 0;
    return () => batches.at(index++);
  }
  return () => {
    const data = new Int32Array(batch * size);
    for (let i = 0; i < batch; i++) {
      const from = Math.floor(count * random()) * size;
      data.set(items.subarray(from, from + size), i * size);
    }
    return { x: { shape: [batch, ...item], dtype: 'int32', data } };
  };
}

const host = (shape) => ({
  shape,
  dtype: 'float32',
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.random() - 0.5),
});

function training({ size }) {
  const net = create(size);
  const rng = new Rng({ stream: 'train' });
  const steps = net.phases.map((phase) => new PhaseStep(phase, { rng, ema: net.ema, accumulate: 1 }));
  const moved = new Set(net.phases.flatMap((phase) => phase.parameters));
  allot(net.module.variables().filter((v) => !moved.has(v)));
  const next = batchesOf(net, size.batch);
  let step = 0;
  return {
    parameters: net.module.parameters().reduce((n, v) => n + v.size, 0),
    once: async () => {
      step++;
      let loss;
      for (const phase of steps) loss = (await phase.run([next()], 0, step)).loss;
      return loss;
    },
  };
}

/** What `compile` makes of a function, run on the same arguments again and again. */
function repeated(fn, args) {
  const program = compile(fn);
  return { once: async () => (await program.run(args))?.[0]?.data[0] };
}

const kinds = {
  step: training,
  forward: ({ size }) => {
    const net = create(size);
    allot(net.module.variables());
    const next = batchesOf({ item: net.input ?? net.item, classes: net.classes }, size.batch);
    return repeated((x) => [net.forward(x)], [next().x]);
  },
  write: ({ size: { cache, prompt, tokens, ...size } }) => {
    const net = create(size);
    allot(net.module.variables());
    const tokenizer = new CharacterTokenizer(
      Array.from({ length: size.vocabulary }, (_, i) => String.fromCharCode(48 + i)),
    );
    const beginning = tokenizer.decode(Array.from({ length: prompt }, (_, i) => i % size.vocabulary));
    return {
      once: async () => {
        await writeText(net, tokenizer, beginning, { temperature: 0, maxNewTokens: tokens, cache });
      },
    };
  },
  product: ({ size: { m, k, n } }) => repeated((x, y) => [x.matmul(y)], [host([m, k]), host([k, n])]),
  convolve: ({ size: { batch, channels, side, kernel } }) => {
    const image = [batch, channels, side, side];
    const fn = (x, w, g) => {
      const y = x.conv2d(w, { padding: 'same' });
      return [y, ...grad(y.mul(g).sum(), [x, w])];
    };
    return repeated(fn, [host(image), host([channels, channels, kernel, kernel]), host(image)]);
  },
};

let create;
async function setup(request) {
  const backend = cpuBackend({ threads: request.threads });
  setDefaultBackend(backend);
  if (request.size.net !== undefined) {
    const { default: make } = await import(`../nets/${request.size.net}.js`);
    create = (size) => {
      const net = make(size);
      net.module.namedVariables();
      return net;
    };
  }
  return kinds[request.kind](request);
}

await serve(setup);
