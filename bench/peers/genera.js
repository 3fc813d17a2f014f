/** genera itself: the product's training step on the benchmark's networks. */
import { Rng } from '../../dist/index.js';
import { cpuBackend } from '../../dist/node/index.js';
import { setDefaultBackend } from '../../dist/runtime/backend.js';
import { allot } from '../../dist/runtime/state.js';
import { PhaseStep } from '../../dist/train/step.js';
import { serve } from './serve.js';

/** Batches from a small made-up data set, gathered anew each step. */
function batchesOf({ item, classes }, batch) {
  const count = 4096;
  const size = item.reduce((a, b) => a * b, 1);
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const values =
    classes === undefined
      ? Uint8Array.from({ length: count * size }, () => 256 * random())
      : Uint8Array.from({ length: count * size }, () => classes * random());
  return () => {
    const shape = [batch, ...item];
    const data = classes === undefined ? new Float32Array(batch * size) : new Int32Array(batch * size);
    for (let i = 0; i < batch; i++) {
      const from = Math.floor(count * random()) * size;
      for (let j = 0; j < size; j++) {
        data[i * size + j] = classes === undefined ? values[from + j] / 255 : values[from + j];
      }
    }
    return { x: { shape, dtype: classes === undefined ? 'float32' : 'int32', data } };
  };
}

async function setup({ kind, size, threads }) {
  setDefaultBackend(cpuBackend({ threads }));
  const { default: create } = await import(`../nets/${size.net}.js`);
  const net = create(size);
  net.module.namedVariables();
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

await serve(setup, () => ({}));
