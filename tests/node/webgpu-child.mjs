/** Trains a tiny model on the software adapter and on the CPU; prints both as JSON. Runs built files. */
import { dataSets } from '../../dist/data/registry.js';
import { resolveSettings } from '../../dist/index.js';
import { findModel } from '../../dist/models/index.js';
import { useDevice } from '../../dist/node/index.js';
import { defaultBackend } from '../../dist/runtime/backend.js';
import { Trainer } from '../../dist/train/trainer.js';

async function train(device) {
  useDevice(device, { software: true, threads: 1 });
  const model = findModel('vae');
  const data = await dataSets.find(({ id }) => id === 'synthetic-digits').load('train', { count: 64 });
  const settings = resolveSettings(model, {}, { preset: 'tiny', kind: data.kind });
  const trainer = new Trainer({ model, settings, seed: 1, data });
  const losses = [];
  for (let i = 0; i < 4; i++) losses.push((await trainer.step()).loss);
  const middle = await trainer.checkpoint();
  losses.push((await trainer.step()).loss);
  // Back to the step before: what was on the device has been read, and is written again.
  await trainer.restore(middle, 'checkpoint');
  losses.push((await trainer.step()).loss);
  const weights = [...(await trainer.weights()).values()].flatMap(({ data: values }) => Array.from(values));
  return { description: defaultBackend().description, losses, weights };
}

const [{ weights: expected, ...cpu }, { weights, ...webgpu }] = [await train('cpu'), await train('webgpu')];
const differences = weights.map((w, i) => Math.abs(w - expected[i]));
console.log(
  JSON.stringify({ cpu, webgpu, weights: [weights.length, expected.length], difference: Math.max(...differences) }),
);
