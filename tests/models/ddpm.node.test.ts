import { beforeAll, describe, expect, it } from 'vitest';
import { type ModelInstance, resolveSettings } from '../../src/contract/index.js';
import type { HostTensor } from '../../src/core/tensor.js';
import { hostBatch } from '../../src/data/host-batches.js';
import { findDataSet } from '../../src/data/registry.js';
import { dataSpecOf, instantiate } from '../../src/inference/instance.js';
import { iterateItems } from '../../src/inference/iteration.js';
import { interpolateItems, reconstructItems } from '../../src/inference/latent.js';
import { drawSamples } from '../../src/inference/sampling.js';
import { drawTrajectory } from '../../src/inference/trajectory.js';
import ddpm from '../../src/models/ddpm.js';
import '../../src/node/index.js';
import { Trainer } from '../../src/train/trainer.js';

async function trainerFor(dataId: string, given: Record<string, unknown> = {}, count = 64): Promise<Trainer> {
  const record = findDataSet(dataId);
  const settings = resolveSettings(ddpm, { steps: 300, ...given }, { preset: 'tiny', kind: record.kind });
  return new Trainer({ model: ddpm, settings, data: await record.load('train', { count }), seed: 3 });
}

async function untrained(dataId: string, given: Record<string, unknown> = {}): Promise<ModelInstance> {
  return (await trainerFor(dataId, given)).instance;
}

const floats = ({ data }: HostTensor): Float32Array => data as Float32Array;
const distance = (a: HostTensor, b: HostTensor): number =>
  Math.sqrt(floats(a).reduce((sum, x, i) => sum + (x - floats(b)[i]!) ** 2, 0) / a.data.length);

describe('training', () => {
  it.each([
    ['grey images with labels', 'synthetic-digits', {}],
    ['colour images', 'shapes', { conditional: false }],
    ['pixels one by one', 'synthetic-digits', { patch: 1 }],
    ['points without labels', 'swiss-roll', {}],
    ['a classifier beside', 'synthetic-digits', { classifier: true }],
    ['a classifier of points', 'moons', { classifier: true }],
    ['x₀ and learned variances', 'synthetic-digits', { prediction: 'sample', variance: 'learned_range' }],
    ['v and min-SNR weights', 'moons', { prediction: 'v_prediction', minSnr: 5 }],
    ['the bound itself', 'synthetic-digits', { objective: 'vlb', betaSchedule: 'squaredcos_cap_v2' }],
    ['dropout and no attention but in the middle', 'synthetic-digits', { dropout: 0.2, attention: 0 }],
  ] as const)('%s: steps and draws', async (_, data, given) => {
    const trainer = await trainerFor(data, given);
    for (let i = 0; i < 2; i++) {
      expect(Object.values(await trainer.step()).every(Number.isFinite)).toBe(true);
    }
    const samples = await drawSamples(trainer.instance, { count: 3, seed: 1, settings: { steps: 4 } });
    expect(samples.shape).toEqual([3, ...findDataSet(data).shape]);
    expect(floats(samples).every(Number.isFinite)).toBe(true);
    if (findDataSet(data).kind === 'image') expect(floats(samples).every((x) => x >= 0 && x <= 1)).toBe(true);
  });

  it('has one loss with min-SNR weights, whether times are drawn by weight or weighted', async () => {
    const meanOf = async (name: string, given: Record<string, unknown>): Promise<number> => {
      const trainer = await trainerFor('moons', { minSnr: 5, batchSize: 512, learningRate: 1e-9, ...given }, 2000);
      let sum = 0;
      for (let i = 0; i < 20; i++) sum += (await trainer.step())[name]! / 20;
      return sum;
    };
    // With learned variances times are drawn evenly; the new network's output is 0 in both.
    const weighted = await meanOf('mse', { variance: 'learned_range' });
    expect(Math.abs((await meanOf('loss', {})) / weighted - 1)).toBeLessThan(0.03);
    expect((await meanOf('loss', { minSnr: 0 })) / weighted).toBeGreaterThan(1.2);
  });

  it('refuses what does not fit together', async () => {
    await expect(untrained('synthetic-digits', { multipliers: [1, 2, 2] })).rejects.toThrow(/sides that 8 divides/);
    await expect(untrained('synthetic-digits', { architecture: 'mlp' })).rejects.toThrow(/expected unet/);
    await expect(untrained('swiss-roll', { architecture: 'unet' })).rejects.toThrow(/expected mlp/);
    await expect(untrained('swiss-roll', { classifier: true })).rejects.toThrow(/no labels/);
  });
});

describe('a model of points', () => {
  let model: ModelInstance;
  let trainer: Trainer;
  beforeAll(async () => {
    trainer = await trainerFor(
      'moons',
      { steps: 1200, width: 48, batchSize: 128, learningRate: 3e-3, timesteps: 100, classifier: true },
      2000,
    );
    for (let i = 0; i < 1200; i++) await trainer.step();
    model = trainer.instance;
  });
  const draw = (settings: Record<string, unknown>, labels?: number[]): Promise<HostTensor> =>
    drawSamples(model, { count: 200, seed: 5, settings, ...(labels && { labels }) });
  /** Share of points whose nearest item of the data has the label. */
  const accuracy = async (points: HostTensor, label: number): Promise<number> => {
    const { items, labels, count } = await findDataSet('moons').load('test');
    let right = 0;
    for (let i = 0; i < points.shape[0]!; i++) {
      const [x, y] = [floats(points)[2 * i]!, floats(points)[2 * i + 1]!];
      let nearest = 0;
      let least = Infinity;
      for (let j = 0; j < count; j++) {
        const d = (items[2 * j]! - x) ** 2 + (items[2 * j + 1]! - y) ** 2;
        if (d < least) [least, nearest] = [d, j];
      }
      right += Number(labels![nearest] === label);
    }
    return right / points.shape[0]!;
  };

  it('makes the classes that it is asked for, more surely with guidance of either kind', async () => {
    for (const label of [0, 1]) {
      const plain = await accuracy(await draw({}, [label]), label);
      expect(plain).toBeGreaterThan(0.85);
      expect(await accuracy(await draw({ guidance: 3 }, [label]), label)).toBeGreaterThanOrEqual(plain);
      const free = await accuracy(await draw({ guidance: 0 }, [label]), label);
      expect(free).toBeLessThan(0.75);
      const judged = await accuracy(await draw({ guidance: 0, classifierGuidance: 3 }, [label]), label);
      expect(judged).toBeGreaterThan(free + 0.1);
    }
  });

  it('guides by the straight line through both predictions', async () => {
    const one = (guidance: number): Promise<HostTensor> => draw({ guidance, steps: 1, spacing: 'trailing' }, [0]);
    const [none, plain, twice] = [await one(0), await one(1), await one(2)];
    const wanted = { ...twice, data: floats(plain).map((x, i) => 2 * x - floats(none)[i]!) };
    expect(distance(twice, wanted)).toBeLessThan(1e-4);
    expect(distance(plain, none)).toBeGreaterThan(1e-3);
  });

  it('reaches about the same points with every deterministic sampler', async () => {
    const best = await draw({ sampler: 'heun', steps: 60 }, [1]);
    for (const [sampler, steps] of [
      ['ddim', 100],
      ['euler', 80],
      ['dpm-solver++', 60],
      ['heun', 20],
    ] as const) {
      expect(distance(await draw({ sampler, steps, spacing: 'karras' }, [1]), best)).toBeLessThan(0.15);
    }
    const noisy = [await draw({ sampler: 'ddpm', steps: 100 }), await draw({ eta: 1, steps: 100 })] as const;
    expect(distance(noisy[0], noisy[1])).toBeLessThan(1e-4); // one and the same
  });

  it('finds the noise of items and makes them again', async () => {
    const data = await findDataSet('moons').load('test', { count: 40 });
    const items = hostBatch(
      data,
      Array.from({ length: 40 }, (_, i) => i),
    );
    const codes = await iterateItems(
      model,
      'iteratedEncode',
      { given: { x: items.x }, labels: items.labels },
      { seed: 0 },
    );
    const spread = Math.sqrt(floats(codes).reduce((sum, z) => sum + z * z, 0) / codes.data.length);
    expect(spread).toBeGreaterThan(0.6);
    expect(spread).toBeLessThan(1.5);
    expect(distance(await reconstructItems(model, items, { seed: 0 }), items.x)).toBeLessThan(0.1);
    const between = await interpolateItems(model, data, [[0, 1]], { steps: 5, mode: 'slerp' });
    expect(between.shape).toEqual([5, 2]);
  });

  it('keeps items at strength 0, and forgets them at 1', async () => {
    const data = await findDataSet('moons').load('test', { count: 40 });
    const { x, labels } = hostBatch(
      data,
      Array.from({ length: 40 }, (_, i) => i),
    );
    const change = (settings: Record<string, unknown>): Promise<HostTensor> =>
      iterateItems(model, 'imageToImage', { given: { x }, labels }, { seed: 1, settings });
    const near = distance(await change({ strength: 0 }), x);
    expect(near).toBeLessThan(0.25);
    const far = distance(await change({ strength: 1 }), x);
    expect(far).toBeGreaterThan(3 * near);
    for (const sampler of ['heun', 'dpm-solver++', 'ddpm']) {
      expect(distance(await change({ sampler, strength: 0.3 }), x)).toBeLessThan(far);
    }
  });

  it('shows the way of the samples that it draws', async () => {
    const way = await drawTrajectory(model, { count: 40, seed: 5, frames: 4, settings: { steps: 20 }, labels: [0] });
    const samples = await drawSamples(model, { count: 40, seed: 5, settings: { steps: 20 }, labels: [0] });
    expect(way.fractions).toEqual([0.25, 0.5, 0.75, 1]);
    expect(Object.keys(way.views)).toEqual(['x_t', 'epsilon', 'x_0']);
    const { x_t, x_0 } = way.views as Record<'x_t' | 'x_0', HostTensor>;
    expect(x_t.shape).toEqual([40, 4, 2]);
    for (let i = 0; i < 40; i++) {
      const last = floats(x_t).subarray((i * 4 + 3) * 2, (i * 4 + 4) * 2);
      expect([...last]).toEqual([...floats(samples).subarray(2 * i, 2 * i + 2)]);
      expect([...last]).toEqual([...floats(x_0).subarray((i * 4 + 3) * 2, (i * 4 + 4) * 2)]);
    }
  });

  it('draws the same whether asked one after the other or at once', async () => {
    const ask = (seed: number) => drawSamples(model, { count: 40, seed, settings: { steps: 10 } });
    const [a, b] = [await ask(1), await ask(2)];
    const both = await Promise.all([ask(1), ask(2)]);
    expect(floats(both[0])).toEqual(floats(a));
    expect(floats(both[1])).toEqual(floats(b));
    expect(distance(a, b)).toBeGreaterThan(0.1);
  });
});

describe('inpainting', () => {
  it('leaves what is not masked bit for bit as it is', async () => {
    const model = await untrained('shapes', { conditional: false });
    const data = await findDataSet('shapes').load('test', { count: 35 });
    const { x } = hostBatch(
      data,
      Array.from({ length: 35 }, (_, i) => i),
    );
    const half = Float32Array.from({ length: 35 * 32 * 32 }, (_, i) => Number(i % 32 >= 16));
    const mask: HostTensor = { shape: [35, 1, 32, 32], dtype: 'float32', data: half };
    const settings = { steps: 6, jumpLength: 2, jumpSamples: 2 };
    const filled = await iterateItems(model, 'inpaint', { given: { x, mask } }, { seed: 1, settings });
    expect(filled.shape).toEqual([35, 3, 32, 32]);
    let changed = 0;
    for (let i = 0; i < filled.data.length; i++) {
      if (i % 32 < 16) expect(filled.data[i]).toBe(x.data[i]);
      else changed += Number(filled.data[i] !== x.data[i]);
    }
    expect(changed).toBeGreaterThan(filled.data.length / 4);
  });
});

describe('bad settings of sampling', () => {
  it.each([
    [{ steps: 21 }, /sampling steps: expected a whole number from 1 to 20.*got 21/],
    [{ steps: 0 }, /'steps'.*got 0/],
    [{ eta: 1.5 }, /'eta'.*≤ 1, got 1.5/],
    [{ eta: -0.1 }, /'eta'.*got -0.1/],
    [{ eta: 0.5, sampler: 'heun' }, /'eta'.*expected 0 for the sampler heun/],
    [{ sampler: 'ddimm' }, /one of ddim, ddpm/],
    [{ guidance: 3 }, /'guidance'.*unconditional.*conditional=true/],
    [{ classifierGuidance: 1 }, /no classifier/],
    [{ setps: 10 }, /Did you mean steps/],
  ])('%j', async (settings, message) => {
    const model = await untrained('swiss-roll');
    await expect(drawSamples(model, { count: 1, seed: 0, settings })).rejects.toThrow(message);
  });

  it('labels for a model that has none, and work that only images can have done', async () => {
    const model = await untrained('swiss-roll');
    await expect(drawSamples(model, { count: 1, seed: 0, labels: [1] })).rejects.toThrow(/not conditional/);
    await expect(iterateItems(model, 'inpaint', {}, { seed: 0 })).rejects.toThrow(/cannot/);
  });
});

it('bounds the likelihood in bits per dimension that agree between draws', async () => {
  const model = await untrained('synthetic-digits', { timesteps: 5 });
  const data = await findDataSet('synthetic-digits').load('test', { count: 1 });
  const spec = dataSpecOf(data);
  expect(spec.shape).toEqual([1, 28, 28]);
  const { Rng } = await import('../../src/random/rng.js');
  const { compile } = await import('../../src/runtime/program.js');
  const rng = new Rng({ stream: 'test' });
  const program = compile((x: never) => model.capabilities.elbo!(x, { rng }).elbo);
  const many = hostBatch(
    data,
    Array.from({ length: 400 }, () => 0),
  ).x;
  const one = Array.from((await program.run([many as never], { seed: 1 })).data, Number);
  const other = Array.from((await program.run([many as never], { seed: 2 })).data, Number);
  const mean = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
  expect(Math.abs(mean(one) / mean(other) - 1)).toBeLessThan(0.1);
  expect(-mean(one) / 784 / Math.LN2).toBeGreaterThan(0.5); // bits per dimension of a network that knows nothing
  const again = instantiate(ddpm, resolveSettings(ddpm, { timesteps: 5 }, { preset: 'tiny' }), spec, {
    seed: 3,
    totalSteps: 1,
  });
  expect(again.capabilities.levels).toBe(256);
});
