import { describe, expect, test } from 'vitest';
import { type ModelInstance, resolveSettings } from '../../src/contract/index.js';
import { fromStep, tensor } from '../../src/core/leaves.js';
import type { Tensor } from '../../src/core/tensor.js';
import { evaluate } from '../../src/core/tensor.js';
import type { DataSet } from '../../src/data/data-set.js';
import { hostBatch } from '../../src/data/host-batches.js';
import { findDataSet } from '../../src/data/registry.js';
import { evaluateModel } from '../../src/inference/evaluation.js';
import { dataSpecOf, instantiate } from '../../src/inference/instance.js';
import { findModel } from '../../src/models/index.js';
import '../../src/node/index.js';
import { Rng } from '../../src/random/rng.js';
import { compile } from '../../src/runtime/program.js';
import { readVariables } from '../../src/runtime/state.js';
import { Trainer } from '../../src/train/trainer.js';

const digits = await findDataSet('synthetic-digits').load('train', { count: 64 });
const scenes = await findDataSet('shapes').load('train', { count: 64 });

function tiny(id: string, data: DataSet, given: Record<string, unknown> = {}, totalSteps = 10) {
  const model = findModel(id);
  const settings = resolveSettings(model, given, { preset: 'tiny' });
  return instantiate(model, settings, dataSpecOf(data), { seed: 1, totalSteps });
}

async function measure(
  instance: ModelInstance,
  data: DataSet,
  names: string[],
): Promise<Readonly<Record<string, number>>> {
  return (await evaluateModel(instance, data, { metrics: names, seed: 0 })).metrics;
}

function trainer(id: string, data: DataSet, given: Record<string, unknown> = {}): Trainer {
  const model = findModel(id);
  return new Trainer({
    model,
    data,
    seed: 1,
    settings: resolveSettings(model, { steps: 20, ...given }, { preset: 'tiny' }),
  });
}

describe('vae', () => {
  test('has the parameters of the MLP form under the names it always had', () => {
    const { module } = tiny('vae', digits);
    expect([...module.namedVariables()].map(([name, { shape }]) => `${name} ${shape.join('×')}`)).toEqual([
      'encoder.hidden.weight 32×784',
      'encoder.hidden.bias 32',
      'encoder.mean.weight 4×32',
      'encoder.mean.bias 4',
      'encoder.logVariance.weight 4×32',
      'encoder.logVariance.bias 4',
      'decoder.hidden.weight 32×4',
      'decoder.hidden.bias 32',
      'decoder.output.weight 784×32',
      'decoder.output.bias 784',
    ]);
  });

  test('with a Gaussian likelihood learns the variance of its errors', async () => {
    const run = trainer('vae', digits, { likelihood: 'gaussian', batchSize: 64, learningRate: 0.03, steps: 200 });
    for (let i = 0; i < 200; i++) await run.step();
    const value = (await readVariables(run.instance.module.variables())).get('observation.logVariance')!;
    const variance = Math.exp(Math.log1p(Math.exp(Number(value.data[0]) + 12)) - 12);
    const { mse } = await measure(run.instance, digits, ['mse']);
    expect(variance / mse!).toBeGreaterThan(0.8);
    expect(variance / mse!).toBeLessThan(1.5);
  });

  test.each(['mlp', 'conv'])('%s: the importance-weighted bound is no lower than the ELBO', async (architecture) => {
    for (const likelihood of ['bernoulli', 'gaussian']) {
      const model = tiny('vae', digits, { architecture, likelihood });
      const { neg_elbo, nll } = await measure(model, digits, ['neg_elbo', 'nll']);
      expect(nll!).toBeLessThanOrEqual(neg_elbo! + 1e-3);
    }
  });

  test('conv refuses images whose sides 4 does not divide', () => {
    const odd = { ...digits, shape: [1, 30, 28] };
    expect(() => tiny('vae', odd, { architecture: 'conv' })).toThrow(
      /sides 4 divides, got items of shape \[1, 30, 28\]/,
    );
    expect(() => tiny('vq-vae', odd)).toThrow(/sides 4 divides/);
    expect(() => tiny('vae', odd)).not.toThrow();
  });
});

test('dae: each corruption spoils the share that is asked for', async () => {
  const rng = new Rng({ seed: 5, stream: 'test' });
  const { x } = hostBatch(
    digits,
    Array.from({ length: 64 }, (_, i) => i),
  );
  const spoilt = async (corruption: string) => {
    const { corrupt } = tiny('dae', digits, { corruption, strength: 0.3 }).capabilities;
    return (await compile((t: Tensor) => corrupt!(t, { rng })).run([x])).data as Float32Array;
  };
  const values = x.data as Float32Array;
  const bright = [...values.keys()].filter((i) => values[i]! > 0 && values[i]! < 1);
  const masked = await spoilt('masking');
  expect(bright.filter((i) => masked[i] === 0).length / bright.length).toBeCloseTo(0.3, 1);
  expect(bright.every((i) => masked[i] === 0 || masked[i] === values[i])).toBe(true);
  const specks = await spoilt('salt-and-pepper');
  expect(bright.filter((i) => specks[i] === 0).length / bright.length).toBeCloseTo(0.15, 1);
  expect(bright.filter((i) => specks[i] === 1).length / bright.length).toBeCloseTo(0.15, 1);
  const noisy = await spoilt('gaussian');
  const deviation = Math.sqrt(noisy.reduce((sum, v, i) => sum + (v - values[i]!) ** 2, 0) / noisy.length);
  expect(deviation).toBeCloseTo(0.3, 2);
});

describe('beta-vae', () => {
  test('β and the capacity rise in their share of the training and then stay', async () => {
    const weights: number[] = [];
    const annealed = trainer('beta-vae', scenes, { beta: 8, annealing: 0.5 });
    for (let i = 0; i < 20; i++) weights.push((await annealed.step()).beta!);
    expect(weights.slice(0, 3)).toEqual([expect.closeTo(0.8, 5), expect.closeTo(1.6, 5), expect.closeTo(2.4, 5)]);
    expect(weights.slice(9)).toEqual(new Array(11).fill(8));
    const nats: number[] = [];
    const held = trainer('beta-vae', scenes, { capacity: 25, capacityGrowth: 1 });
    for (let i = 0; i < 20; i++) nats.push((await held.step()).capacity!);
    expect(nats[0]).toBeCloseTo(1.25, 5);
    expect(nats[19]).toBeCloseTo(25, 5);
  });

  test('validation sees what they end with', async () => {
    const model = findModel('beta-vae');
    const settings = resolveSettings(model, { beta: 8, annealing: 1, steps: 20 }, { preset: 'tiny' });
    const run = new Trainer({ model, data: scenes, validation: scenes, seed: 1, settings });
    expect((await run.validate())!.beta).toBe(8);
  });

  test('β = 1 is the loss of vae', async () => {
    const lossOf = async (id: string, given: Record<string, unknown>) => {
      const run = trainer(id, scenes, { architecture: 'conv', likelihood: 'gaussian', latent: 4, ...given });
      return (await run.step()).loss;
    };
    // The names of the phases are the same, so the noise is too.
    expect(await lossOf('beta-vae', { beta: 1 })).toBeCloseTo((await lossOf('vae', {}))!, 2);
  });
});

describe('vq-vae', () => {
  const net = tiny('vq-vae', digits);

  test('reads the nearest entry, and decodes a map of entries as it is', async () => {
    const variables = await readVariables(net.module.variables());
    const [counts, sums] = ['codebook.counts', 'codebook.sums'].map(
      (name) => variables.get(name)!.data as Float32Array,
    );
    const entries = Array.from({ length: 16 }, (_, k) => [0, 1, 2, 3].map((d) => sums![4 * k + d]! / counts![k]!));
    const { x } = hostBatch(digits, [0, 1, 2]);
    const { encode, decode, reconstruct, quantize } = net.capabilities;
    const program = compile((t: Tensor) => {
      const { mean } = encode!(t);
      const noise = { rng: new Rng({ stream: 'test' }) };
      return { codes: quantize!.indices(t), mean, again: decode!(mean), copy: reconstruct!(t, noise) };
    });
    const { codes, mean, again, copy } = await program.run([x]);
    expect(codes.shape).toEqual([3, 7, 7]);
    expect(again.data).toEqual(copy.data);
    for (const place of [0, 20, 48]) {
      const read = [0, 1, 2, 3].map((d) => Number(mean.data[d * 49 + place]));
      const entry = entries[Number(codes.data[place])]!;
      for (const [d, v] of read.entries()) expect(v).toBeCloseTo(entry[d]!, 5);
    }
  });

  test('the gradient reaches the encoder through the decoder, and no entry lies dead', async () => {
    const run = trainer('vq-vae', digits, { commitment: 0, batchSize: 32, steps: 60 });
    const before = await readVariables(run.instance.module.variables());
    for (let i = 0; i < 60; i++) await run.step();
    const after = await readVariables(run.instance.module.variables());
    expect(after.get('encoder.half.weight')!.data).not.toEqual(before.get('encoder.half.weight')!.data);
    expect([...(after.get('codebook.counts')!.data as Float32Array)].every((n) => n >= 1)).toBe(true);
    const { codebook_usage } = await measure(run.instance, digits, ['codebook_usage']);
    expect(codebook_usage).toBeGreaterThan(0.5);
  });

  test('validation leaves the codebook as it is', async () => {
    const instance = tiny('vq-vae', digits);
    const before = await readVariables(instance.module.variables());
    const rng = new Rng({ stream: 'test' });
    const program = compile(
      (x: Tensor) => instance.phases[0]!.loss({ x }, { rng, train: false, atStep: fromStep }).loss,
    );
    await program.run([hostBatch(digits, [0, 1]).x]);
    expect((await readVariables(instance.module.variables())).get('codebook.sums')).toEqual(
      before.get('codebook.sums'),
    );
  });
});

test('db-vae lets items with rare codes count for more', async () => {
  const imbalanced = await findDataSet('shapes-imbalanced').load('train', { count: 64 });
  const instance = tiny('db-vae', imbalanced, { bins: 4 });
  const { histograms } = instance.module as unknown as {
    histograms: { binned(t: Tensor): Tensor; logRarity(t: Tensor, alpha: number): Tensor; follow(t: Tensor): void };
  };
  const binned = histograms.binned(
    tensor([
      [-9, 0, 0, 0],
      [1, -1, 2.9, 9],
    ]),
  );
  const rarity = histograms.logRarity(binned, 0.5);
  const [bins, values] = await evaluate([binned.argmax(), rarity]);
  expect([...bins!.data]).toEqual([0, 2, 2, 2, 2, 1, 3, 3]);
  // Means that are always around 1 fill one bin of each dimension: an item elsewhere becomes rare, more so for a small α.
  const usual = tensor(new Float32Array(4 * 8).fill(1), [8, 4]);
  const follow = compile(() => histograms.follow(histograms.binned(usual)));
  for (let i = 0; i < 30; i++) await follow.run([]);
  const items = tensor([
    [1, 1, 1, 1],
    [1, 1, 1, -1],
    [-1, -1, -1, -1],
  ]);
  const weights = await Promise.all(
    [0.5, 0.05].map(async (alpha) =>
      [...(await histograms.logRarity(histograms.binned(items), alpha).data())].map(Number),
    ),
  );
  for (const [often, seldom, never] of weights as [number, number, number][]) {
    expect(seldom).toBeGreaterThan(often + 1);
    expect(never).toBeCloseTo(seldom, 5); // the rarest dimension counts
  }
  expect(weights[1]![1]! - weights[1]![0]!).toBeGreaterThan(weights[0]![1]! - weights[0]![0]!);
  // All bins are even at first: density 1, so ln W = −ln 1.5 for both.
  for (const value of values!.data) expect(Number(value)).toBeCloseTo(-Math.log(1.5), 5);

  // The loss weighs each item by that.
  const { x, labels } = hostBatch(imbalanced, [0, 1, 2, 3, 4, 5, 6, 7]);
  const { classify, encode } = instance.capabilities;
  const read = compile((pixels: Tensor, y: Tensor) => ({
    losses: classify!(pixels).logSoftmax().pick(y).neg(),
    weights: histograms.logRarity(histograms.binned(encode!(pixels).mean), 0.2).softmax(),
  }));
  const { losses, weights: shares } = await read.run([x, labels!]);
  const [each, share] = [Array.from(losses.data, Number), Array.from(shares.data, Number)];
  const expected = each.reduce((sum, loss, i) => sum + loss * share[i]!, 0);
  const train = compile((pixels: Tensor, y: Tensor) => {
    const told = { rng: new Rng({ stream: 'test' }), train: true, atStep: fromStep };
    return instance.phases[0]!.loss({ x: pixels, labels: y }, told).metrics!.crossEntropy!;
  });
  expect(Number((await train.run([x, labels!])).data[0])).toBeCloseTo(expected, 5);
});
