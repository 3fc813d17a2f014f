import { expect, test } from 'vitest';
import { resolveSettings } from '../../src/contract/index.js';
import { UsageError } from '../../src/core/errors.js';
import type { HostTensor } from '../../src/core/tensor.js';
import { findDataSet } from '../../src/data/registry.js';
import { explore } from '../../src/inference/explore.js';
import type { Explored } from '../../src/inference/explore-queries.js';
import { drawSamples } from '../../src/inference/sampling.js';
import { findModel } from '../../src/models/index.js';
import '../../src/node/index.js';
import { Trainer } from '../../src/train/trainer.js';
import { trainedOnSentences } from './text-models.js';

async function explored(id: string, dataId: string, given: Record<string, unknown> = {}): Promise<Explored> {
  const model = findModel(id);
  const record = findDataSet(dataId);
  const settings = resolveSettings(model, { steps: 3, ...given }, { preset: 'tiny', kind: record.kind });
  const data = await record.load('train', { count: 64 });
  const trainer = new Trainer({ model, settings, data, seed: 1 });
  for (let i = 0; i < 3; i++) await trainer.step();
  return { instance: trainer.instance, data: await record.load('validation', { count: 40 }) };
}

const rowsOf = ({ shape, data }: HostTensor, from: number, to: number): number[] => {
  const size = data.length / shape[0]!;
  return Array.from((data as Float32Array).subarray(from * size, to * size));
};

test('an autoencoder: what is encoded and decoded is the reconstruction; ends of ways are reconstructions', async () => {
  const vae = await explored('vae', 'synthetic-digits');
  const { items, labels, labelNames, total } = await explore(vae, { kind: 'data', from: 35, count: 20 });
  expect(items.shape).toEqual([5, 1, 28, 28]); // as many as there are
  expect(labels).toHaveLength(5);
  expect(labelNames).toHaveLength(10);
  expect(total).toBe(40);

  const { mean, logVariance, positions } = await explore(vae, { kind: 'encode', items: [7, 3] });
  expect(positions).toEqual([7, 3]);
  expect(logVariance?.shape).toEqual(mean.shape);
  const decoded = await explore(vae, { kind: 'decode', codes: mean });
  const { reconstructions } = await explore(vae, { kind: 'reconstruct', items: [7, 3] });
  expect(Array.from(decoded.items.data, Number)).toEqual(Array.from(reconstructions.data, Number));
  expect((await explore(vae, { kind: 'samples', count: 2, seed: 0, latents: mean })).items).toEqual(decoded.items);

  const way = await explore(vae, { kind: 'interpolate', between: [7, 3], steps: 4 });
  expect(way.items.shape).toEqual([4, 1, 28, 28]);
  rowsOf(way.items, 0, 1).forEach((v, i) => {
    expect(v).toBeCloseTo(rowsOf(reconstructions, 0, 1)[i]!, 5);
  });

  const { items: moved, dimensions } = await explore(vae, { kind: 'traverse', item: 0, steps: 3, range: 2 });
  expect(moved.shape[0]).toBe(3 * dimensions.length);
  const plane = await explore(vae, { kind: 'manifold', steps: 4, dimensions: [0, 1] });
  expect(plane.items.shape).toEqual([16, 1, 28, 28]);
});

test('samples are those that drawSamples draws', async () => {
  const cvae = await explored('cvae', 'synthetic-digits');
  const { items } = await explore(cvae, { kind: 'samples', count: 3, seed: 5, label: 4 });
  expect(items).toEqual(await drawSamples(cvae.instance, { count: 3, seed: 5, labels: [4] }));
  await expect(explore(cvae, { kind: 'samples', count: 1, seed: 5, steps: 9 })).rejects.toThrow(/'steps'/);
});

test('the way of diffusion tells the time and ᾱ of each frame, and ends where sampling ends', async () => {
  const ddpm = await explored('ddpm', 'moons');
  const query = { count: 2, seed: 3, steps: 6, sampler: 'ddim' } as const;
  const { views, numbers, fractions } = await explore(ddpm, { kind: 'trajectory', ...query });
  expect(fractions).toHaveLength(6);
  expect(views.x_t?.shape).toEqual([2, 6, 2]);
  expect(numbers.time).toEqual([...numbers.time!].sort((a, b) => b - a));
  expect(numbers.alpha_bar).toEqual([...numbers.alpha_bar!].sort((a, b) => a - b));
  expect(numbers.alpha_bar![0]).toBeGreaterThan(0);
  expect(numbers.alpha_bar![5]).toBeLessThan(1);
  const { items } = await explore(ddpm, { kind: 'samples', ...query });
  const last = (views.x_t!.data as Float32Array).subarray(10, 12);
  expect(Array.from(last)).toEqual(rowsOf(items, 0, 1));
});

test('a discriminator judges points one by one', async () => {
  const gan = await explored('gan', 'gaussians');
  const points: HostTensor = {
    shape: [40, 2],
    dtype: 'float32',
    data: new Float32Array(80).map((_, i) => Math.sin(i)),
  };
  const { scores } = await explore(gan, { kind: 'judge', points });
  expect(scores.shape).toEqual([40]);
  const one: HostTensor = { shape: [1, 2], dtype: 'float32', data: (points.data as Float32Array).slice(78) };
  expect((await explore(gan, { kind: 'judge', points: one })).scores.data[0]).toBe(scores.data[39]);
});

test('a language model: probabilities of the next token are those it writes by', async () => {
  const { trainer, test: data } = await trainedOnSentences('gpt', 5);
  const gpt = { instance: trainer.instance, data };
  const all = await explore(gpt, { kind: 'nextTokens', prompt: 'the ', count: 10_000 });
  expect(all.prompt.map(({ text }) => text).join('')).toBe('the ');
  expect(all.tokens).toHaveLength(all.vocabulary);
  expect(all.tokens.reduce((sum, t) => sum + t.probability, 0)).toBeCloseTo(1, 5);
  const entropy = all.tokens.reduce((sum, { probability: p }) => sum - p * Math.log(p), 0);
  expect(all.entropy).toBeCloseTo(entropy, 6);
  const greedy = { kind: 'continue', prompt: 'the ', maxNewTokens: 4, temperature: 0, seed: 1 } as const;
  const { text, tokens } = await explore(gpt, greedy);
  expect(tokens.map((t) => t.text).join('')).toBe(text);
  expect(tokens[0]!.token).toBe(all.tokens[0]!.token);
  expect(tokens[0]!.logProb).toBeCloseTo(Math.log(all.tokens[0]!.probability), 4);
});

test('an image is filled row by row, and what is known stays', async () => {
  const pixelcnn = await explored('pixelcnn', 'synthetic-digits');
  const { items, frames } = await explore(pixelcnn, { kind: 'fill', item: 2, known: 0.5, seed: 1 });
  const end = frames.shape[0]! - 1;
  expect(frames.shape.slice(1)).toEqual([1, 28, 28]);
  expect(end).toBeGreaterThan(20);
  expect(rowsOf(frames, end, end + 1).slice(0, 14 * 28)).toEqual(rowsOf(items, 0, 1).slice(0, 14 * 28));
  expect(rowsOf(frames, end, end + 1)).not.toEqual(rowsOf(items, 0, 1));
  const few = await explore(pixelcnn, { kind: 'fill', item: 2, known: 0.5, seed: 1, frames: 4 });
  expect(rowsOf(few.frames, 3, 4)).toEqual(rowsOf(frames, end, end + 1));
});

test('a question that a model cannot answer says why', async () => {
  const gan = await explored('gan', 'gaussians');
  await expect(explore(gan, { kind: 'encode', count: 2 })).rejects.toThrow(UsageError);
  await expect(explore(gan, { kind: 'nextTokens', prompt: '' })).rejects.toThrow(/language model/);
  await expect(explore(gan, { kind: 'trajectory', count: 1, seed: 0 })).rejects.toThrow(UsageError);
  await expect(explore(gan, { kind: 'fill', item: 0, known: 0.5, seed: 0 })).rejects.toThrow(UsageError);
  await expect(explore(gan, { kind: 'data', items: [40] })).rejects.toThrow(/positions in 0…39/);
  await expect(explore(gan, { kind: 'guess' } as never)).rejects.toThrow(/one of samples/);
});
