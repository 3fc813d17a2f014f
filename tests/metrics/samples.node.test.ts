/** Metrics of samples on models that draw what is known: the data themselves, one image for ever, labels on demand, NaN. */
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Capabilities, ModelInstance } from '../../src/contract/index.js';
import { tensor } from '../../src/core/leaves.js';
import type { Tensor } from '../../src/core/tensor.js';
import type { DataSet } from '../../src/data/data-set.js';
import { hostBatch } from '../../src/data/host-batches.js';
import type { FeatureExtractor } from '../../src/metrics/index.js';
import { Module } from '../../src/nn/index.js';
import { loadExtractor } from '../../src/node/extractors.js';
import { evaluateModel, findDataSet, NonFiniteError, slicedWasserstein } from '../../src/node/index.js';

class Empty extends Module {}
const modelOf = (capabilities: Capabilities): ModelInstance => ({ module: new Empty(), phases: [], capabilities });

let digits: DataSet;
let extractor: FeatureExtractor;
/** [K, 1, 28, 28]: for each digit an image that the extractor is sure of. */
let templates: Tensor;
beforeAll(async () => {
  extractor = await loadExtractor('genera-cnn-28');
  digits = await findDataSet('synthetic-digits').load('test', { count: 500 });
  const { x } = hostBatch(
    digits,
    Array.from({ length: 500 }, (_, i) => i),
  );
  const { probabilities } = await extractor.extract(x);
  const chosen = Array.from({ length: 10 }, (_, k) => {
    const sureness = (i: number): number => (digits.labels![i] === k ? probabilities!.values[i * 10 + k]! : -1);
    return Array.from({ length: 500 }, (_, i) => i).reduce((a, b) => (sureness(b) > sureness(a) ? b : a));
  });
  const { x: best } = hostBatch(digits, chosen);
  templates = tensor(best.data as Float32Array, [10, 1, 28, 28]);
});

const evaluate = (capabilities: Capabilities, names: readonly string[], count = 300) =>
  evaluateModel(modelOf(capabilities), digits, { metrics: names, extractor, count, seed: 1 });

describe('metrics of drawn images', () => {
  test('a model that draws one image only has precision without coverage, and one class', async () => {
    const one: Capabilities = {
      sample: ({ count, rng }) =>
        templates
          .narrow(0, 3, 1)
          .expand([count, 1, 28, 28])
          .add(rng.normal([count, 1, 28, 28]).mul(0.01))
          .clip(0, 1),
    };
    const names = ['fid', 'recall', 'coverage', 'inception_score', 'rarest_class', 'commonest_class'];
    const { metrics, n, n_real, n_fake, extractor: told } = await evaluate(one, names);
    expect(metrics.commonest_class).toBeGreaterThan(0.95);
    expect(metrics.rarest_class).toBe(0);
    expect(metrics.inception_score).toBeLessThan(1.3);
    expect(metrics.recall).toBeLessThan(0.1);
    expect(metrics.coverage).toBeLessThan(0.1);
    expect([n, n_real, n_fake]).toEqual([300, 500, 300]);
    expect(told).toEqual({ id: 'genera-cnn-28', sha256: extractor.sha256 });
  });

  test('a model that draws all classes has a lower distance, and classes evenly', async () => {
    const drawnFrom = (places: (count: number) => number): Capabilities => ({
      sample: ({ count, rng }) => {
        const which = rng.uniform([count]).mul(places(count)).floor().cast('int32');
        return templates
          .gather(which, 0)
          .add(rng.normal([count, 1, 28, 28]).mul(0.05))
          .clip(0, 1);
      },
    });
    const all = await evaluate(
      drawnFrom(() => 10),
      ['fid', 'rarest_class', 'inception_score'],
    );
    const two = await evaluate(
      drawnFrom(() => 2),
      ['fid', 'rarest_class', 'inception_score'],
    );
    expect(all.metrics.fid).toBeLessThan(two.metrics.fid!);
    expect(all.metrics.rarest_class).toBeGreaterThan(0.04);
    expect(two.metrics.rarest_class).toBe(0);
    expect(all.metrics.inception_score).toBeGreaterThan(two.metrics.inception_score! + 1);
  });

  test('label accuracy asks for each class in turn', async () => {
    const asked = (shift: number): Capabilities => ({
      classes: { count: 10, required: true },
      sample: ({ labels }) => templates.gather(labels!.cast('float32').add(shift).remainder(10).cast('int32'), 0),
    });
    expect((await evaluate(asked(0), ['accuracy'])).metrics.accuracy).toBe(1);
    expect((await evaluate(asked(1), ['accuracy'])).metrics.accuracy).toBe(0);
  });

  test('settings of sampling reach the sampler and stand beside the figures; unknown ones are refused first', async () => {
    const faded: Capabilities = {
      sampling: z.object({ steps: z.number().default(1) }),
      iterate: ({ steps }) => ({
        steps: Number(steps),
        start: ({ count, rng }) => ({ x: rng.uniform([count, 1, 28, 28]).mul(0).add(1) }),
        scalars: () => ({}),
        step: ({ x }) => ({ x: x!.mul(0.5) }),
        finish: ({ x }) => x!,
      }),
    };
    const evaluateAt = (sampling: Record<string, unknown>) =>
      evaluateModel(modelOf(faded), digits, { metrics: ['fid'], extractor, count: 70, seed: 1, sampling });
    const [one, four] = [await evaluateAt({}), await evaluateAt({ steps: 4 })];
    expect([one.sampling, four.sampling]).toEqual([{ steps: 1 }, { steps: 4 }]);
    expect(one.metrics.fid).not.toBeCloseTo(four.metrics.fid!, 1);
    await expect(evaluateAt({ stesp: 4 })).rejects.toThrow(/Did you mean 'steps'|steps/);
  });

  test('says that samples are too few for the rank, and how many it needs', async () => {
    const some: Capabilities = { sample: ({ count, rng }) => rng.uniform([count, 1, 28, 28]) };
    const { warnings } = await evaluate(some, ['fid'], 40);
    expect(warnings).toEqual([expect.stringMatching(/fid: 40 generated items.*64 numbers.*needs 65/s)]);
    expect((await evaluate(some, ['fid'], 65)).warnings).toBeUndefined();
  });

  test('names the sample that is NaN', async () => {
    const broken: Capabilities = {
      sample: ({ count, rng }) => rng.uniform([count, 1, 28, 28]).sub(0.999).log(),
    };
    await expect(evaluate(broken, ['fid'])).rejects.toThrow(NonFiniteError);
    await expect(evaluate(broken, ['fid'])).rejects.toThrow(/in sample 0/);
  });

  test('metrics of images need an extractor', async () => {
    const some = modelOf({ sample: ({ count, rng }) => rng.uniform([count, 1, 28, 28]) });
    await expect(evaluateModel(some, digits, { metrics: ['fid'], count: 10, seed: 1 })).rejects.toThrow(/--extractor/);
  });
});

test('points: a model that draws the data is as near as fresh data, another is not', async () => {
  const moons = await findDataSet('moons').load('test', { count: 1000 });
  const fresh = await findDataSet('moons').load('validation', { count: 1000 });
  const points = tensor(fresh.items as Float32Array, [1000, 2]);
  const draw = (scale: number): ModelInstance =>
    modelOf({
      sample: ({ count, rng }) => points.gather(rng.uniform([count]).mul(1000).floor().cast('int32'), 0).mul(scale),
    });
  const [good, bad] = [
    await evaluateModel(draw(1), moons, { count: 1000, seed: 2 }),
    await evaluateModel(draw(1.5), moons, { count: 1000, seed: 2 }),
  ];
  expect(Object.keys(good.metrics)).toEqual(['sliced_wasserstein', 'mmd']);
  const rows = (items: ArrayLike<number>) => ({ count: 1000, width: 2, values: items });
  const floor = slicedWasserstein(rows(moons.items), rows(fresh.items));
  expect(good.metrics.sliced_wasserstein).toBeLessThan(2 * floor);
  expect(bad.metrics.sliced_wasserstein).toBeGreaterThan(2 * floor);
  expect(Math.abs(good.metrics.mmd!)).toBeLessThan(0.005);
  expect(bad.metrics.mmd).toBeGreaterThan(0.01);
  expect(good.extractor).toBeUndefined();
});
