/** The questions behind the families' pictures: each answer against a computation of its own. */
import { expect, test } from 'vitest';
import { resolveSettings } from '../../src/contract/index.js';
import { UsageError } from '../../src/core/errors.js';
import type { HostTensor, Tensor } from '../../src/core/tensor.js';
import { findDataSet } from '../../src/data/registry.js';
import { explore } from '../../src/inference/explore.js';
import type { Explored } from '../../src/inference/explore-queries.js';
import { findModel } from '../../src/models/index.js';
import '../../src/node/index.js';
import { compile } from '../../src/runtime/program.js';
import { readVariables } from '../../src/runtime/state.js';
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

const numbersOf = ({ data }: HostTensor): number[] => Array.from(data, Number);

type Matrix = number[][];

/** x·W + b with W [inputs, outputs], row by row. */
const affine = (x: Matrix, W: Matrix, b: number[]): Matrix =>
  x.map((row) => b.map((bias, o) => row.reduce((sum, v, i) => sum + v * W[i]![o]!, bias)));

const normed = (x: Matrix, gain: number[], bias: number[]): Matrix =>
  x.map((row) => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
    return row.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-5)) * gain[i]! + bias[i]!);
  });

/** The attention of every head of a GPT with relu, [layers][heads] of [n, n], in plain numbers. */
function attentionByHand(
  variables: ReadonlyMap<string, HostTensor>,
  tokens: readonly number[],
  heads: number,
): Matrix[][] {
  const vector = (name: string): number[] => numbersOf(variables.get(name)!);
  const matrix = (name: string): Matrix => {
    const { shape, data } = variables.get(name)!;
    return Array.from({ length: shape[0]! }, (_, i) =>
      Array.from(data.slice(i * shape[1]!, (i + 1) * shape[1]!) as Float32Array),
    );
  };
  const [wte, wpe] = [matrix('wte.weight'), matrix('wpe.weight')];
  let x = tokens.map((token, i) => wte[token]!.map((v, c) => v + wpe[i]![c]!));
  const all: Matrix[][] = [];
  for (let layer = 0; variables.has(`h.${layer}.ln_1.weight`); layer++) {
    const of = (name: string): string => `h.${layer}.${name}`;
    const W = x[0]!.length;
    const D = W / heads;
    const h = normed(x, vector(of('ln_1.weight')), vector(of('ln_1.bias')));
    const qkv = affine(h, matrix(of('attn.c_attn.weight')), vector(of('attn.c_attn.bias')));
    const mixed: Matrix = tokens.map(() => new Array<number>(W).fill(0));
    all.push(
      Array.from({ length: heads }, (_, head) =>
        tokens.map((_, i) => {
          const scores = tokens.map((_, j) => {
            if (j > i) return -Infinity;
            let dot = 0;
            for (let d = 0; d < D; d++) dot += qkv[i]![head * D + d]! * qkv[j]![W + head * D + d]!;
            return dot / Math.sqrt(D);
          });
          const total = scores.reduce((sum, s) => sum + Math.exp(s), 0);
          const weights = scores.map((s) => Math.exp(s) / total);
          for (let d = 0; d < D; d++) {
            mixed[i]![head * D + d] = weights.reduce((sum, w, j) => sum + w * qkv[j]![2 * W + head * D + d]!, 0);
          }
          return weights;
        }),
      ),
    );
    const attended = affine(mixed, matrix(of('attn.c_proj.weight')), vector(of('attn.c_proj.bias')));
    x = x.map((row, i) => row.map((v, c) => v + attended[i]![c]!));
    const inner = affine(
      normed(x, vector(of('ln_2.weight')), vector(of('ln_2.bias'))),
      matrix(of('mlp.c_fc.weight')),
      vector(of('mlp.c_fc.bias')),
    ).map((row) => row.map((v) => Math.max(0, v)));
    const made = affine(inner, matrix(of('mlp.c_proj.weight')), vector(of('mlp.c_proj.bias')));
    x = x.map((row, i) => row.map((v, c) => v + made[i]![c]!));
  }
  return all;
}

test('attention: rows sum to 1, nothing ahead is seen, and every layer is as computed by hand', async () => {
  const { trainer, test: data } = await trainedOnSentences('gpt', 8, { activation: 'relu', learningRate: 0.01 });
  const gpt = { instance: trainer.instance, data };
  const { prompt, weights } = await explore(gpt, { kind: 'attention', prompt: 'the dog and the cat' });
  const n = prompt.length;
  expect(prompt.map(({ text }) => text).join('')).toBe('the dog and the cat');
  expect(n).toBeGreaterThan(16); // more than one stretch
  expect(weights.shape).toEqual([2, 2, n, n]);
  const named = trainer.instance.module.namedVariables();
  const values = await readVariables(named.values());
  const variables = new Map([...named].map(([name, v]) => [name, values.get(v.name)! as unknown as HostTensor]));
  const byHand = attentionByHand(
    variables,
    prompt.map(({ token }) => token),
    2,
  );
  let [largest, spread] = [0, 0];
  for (let row = 0; row < 4 * n; row++) {
    const got = numbersOf(weights).slice(row * n, (row + 1) * n);
    const i = row % n;
    expect(got.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    expect(got.slice(i + 1).every((w) => w === 0)).toBe(true);
    const wanted = byHand[Math.floor(row / n / 2)]![Math.floor(row / n) % 2]![i]!;
    for (let j = 0; j < n; j++) largest = Math.max(largest, Math.abs(got[j]! - wanted[j]!));
    spread = Math.max(spread, Math.max(...got.slice(0, i + 1)) * (i + 1));
  }
  expect(largest).toBeLessThan(1e-4);
  expect(spread).toBeGreaterThan(1.2); // it is not simply even
  await expect(explore(gpt, { kind: 'attention', prompt: '' })).rejects.toThrow(/1 to 32 tokens/);
  await expect(explore(gpt, { kind: 'attention', prompt: 'the '.repeat(30) })).rejects.toThrow(/Shorten/);
});

const judged: [id: string, given: Record<string, unknown>, loss: (score: number) => number][] = [
  ['gan', {}, (l) => Math.log1p(Math.exp(-l))],
  ['gan', { loss: 'saturating' }, (l) => -Math.log1p(Math.exp(l))],
  ['wgan-gp', {}, (l) => -l],
];

test.each(judged)('%s %j: points are pushed down the generator’s loss', async (id, given, loss) => {
  const pair = await explored(id, 'gaussians', given);
  const n = 40; // more than one batch, the second one partly filled
  const points = Float32Array.from({ length: 2 * n }, (_, i) => 2 * Math.sin(1.7 * i));
  const ask = async (data: Float32Array): Promise<number[]> => {
    const { scores } = await explore(pair, { kind: 'judge', points: { shape: [n, 2], dtype: 'float32', data } });
    return numbersOf(scores).map(loss);
  };
  const { directions } = await explore(pair, {
    kind: 'push',
    points: { shape: [n, 2], dtype: 'float32', data: points },
  });
  expect(directions.shape).toEqual([n, 2]);
  const h = 1e-2;
  let agreeing = 0;
  for (const axis of [0, 1]) {
    const moved = (by: number) => ask(points.map((v, i) => (i % 2 === axis ? v + by : v)));
    const [more, less] = [await moved(h), await moved(-h)];
    for (let i = 0; i < n; i++) {
      const wanted = -(more[i]! - less[i]!) / (2 * h);
      const got = Number(directions.data[2 * i + axis]);
      if (Math.abs(got - wanted) < 0.02 * Math.abs(wanted) + 1e-3) agreeing++;
    }
  }
  expect(agreeing).toBeGreaterThan(0.9 * 2 * n); // the others lie at a bend of the network
});

test('modes are counted where they are known, and only there', async () => {
  const gan = await explored('gan', 'gaussians');
  const { counts, centres, total, found, highQuality } = await explore(gan, { kind: 'modes', count: 200, seed: 4 });
  const { items } = await explore(gan, { kind: 'samples', count: 200, seed: 4 });
  const near = centres.map(
    ([x, y]) =>
      Array.from({ length: 200 }, (_, i) =>
        Math.hypot(Number(items.data[2 * i]) - x, Number(items.data[2 * i + 1]) - y),
      ).filter((d) => d <= 0.3).length,
  );
  expect(counts).toEqual(near);
  expect(total).toBe(200);
  expect(found).toBe(counts.filter((n) => n >= 2).length);
  expect(highQuality).toBeCloseTo(near.reduce((a, b) => a + b, 0) / 200, 10);
  const moons = await explored('gan', 'moons');
  await expect(explore(moons, { kind: 'modes', count: 10, seed: 0 })).rejects.toThrow(/gaussians/);
});

test.each([
  ['pixelcnn', { levels: 4 }],
  ['pixelcnn', { classConditional: true }],
  ['pixelrnn', {}],
] as const)('%s %j: a pixel depends on those before it alone', async (id, given) => {
  const model = await explored(id, 'synthetic-digits', given);
  const [row, column, W] = [10, 12, 28];
  const at = row * W + column;
  const { field, probabilities, items } = await explore(model, { kind: 'pixel', item: 3, row, column });
  expect(field.shape).toEqual([1, 1, 28, 28]);
  const values = numbersOf(field);
  expect(values.slice(at).every((v) => v === 0)).toBe(true);
  expect(values.slice(0, at).some((v) => v > 0)).toBe(true);
  const levels = probabilities.shape[0]!;
  for (const place of [0, at, 28 * 28 - 1]) {
    let total = 0;
    for (let l = 0; l < levels; l++) total += Number(probabilities.data[l * 28 * 28 + place]);
    expect(total).toBeCloseTo(1, 5);
  }

  // The strongest pixel, moved a little: the logits change as the field says.
  const strongest = values.indexOf(Math.max(...values));
  const { logits } = model.instance.capabilities.pixels!;
  const program = compile((x: Tensor, labels: Tensor | undefined) => logits(x, { labels }), { name: 'logits' });
  const seen = (items.data as Float32Array).map((v) => Math.round(v * (levels - 1)) / (levels - 1));
  const label = 'classConditional' in given ? model.data.labels![3]! : undefined;
  const after = async (by: number): Promise<number[]> => {
    const data = seen.map((v, i) => (i === strongest ? v + by : v));
    const labels =
      label === undefined ? undefined : ({ shape: [1], dtype: 'int32', data: Int32Array.of(label) } as const);
    const all = await program.run([{ shape: [1, 1, 28, 28], dtype: 'float32', data }, labels]);
    return Array.from({ length: levels }, (_, l) => Number(all.data[l * 28 * 28 + at]));
  };
  const [more, less] = [await after(1e-2), await after(-1e-2)];
  const wanted = more.reduce((sum, v, l) => sum + Math.abs(v - less[l]!) / 2e-2 / levels, 0);
  expect(values[strongest]! / wanted).toBeCloseTo(1, 1);
  await expect(explore(model, { kind: 'pixel', item: 3, row: 28, column: 0 })).rejects.toThrow(/row in 0…27/);
});

test('an item goes to noise and comes back from where it came', async () => {
  const ddpm = await explored('ddpm', 'moons');
  const query = { kind: 'edit', item: 2, count: 3, seed: 5, strength: 0.5, steps: 10 } as const;
  const { image, noising, denoising } = await explore(ddpm, query);
  expect(image.shape).toEqual([1, 2]);
  const frames = denoising.fractions.length;
  expect(noising.views['x_t']!.shape).toEqual([3, frames, 2]);
  expect(denoising.views['x_0']!.shape).toEqual([3, frames, 2]);
  const alphaBar = denoising.numbers['alpha_bar']![0]!;
  expect(noising.numbers['alpha_bar']!.at(-1)).toBeCloseTo(alphaBar, 6);
  expect(noising.numbers['alpha_bar']![0]).toBeGreaterThan(alphaBar);
  // The first step back saw x_t = √ᾱ·x̂₀ + √(1 − ᾱ)·ε̂: that is where the way to noise ended. ε̂ is shown at a third.
  const [x0, epsilon] = [denoising.views['x_0']!, denoising.views['epsilon']!];
  for (let i = 0; i < 3; i++) {
    for (const axis of [0, 1]) {
      const first = i * frames * 2 + axis;
      const seen =
        Math.sqrt(alphaBar) * Number(x0.data[first]) + Math.sqrt(1 - alphaBar) * 3 * Number(epsilon.data[first]);
      expect(Number(noising.views['x_t']!.data[first + 2 * (frames - 1)])).toBeCloseTo(seen, 3);
    }
  }
  // Copies have noise of their own, the same with the same seed.
  const ends = [0, 1, 2].map((i) => Number(noising.views['x_t']!.data[(i + 1) * frames * 2 - 1]));
  expect(new Set(ends).size).toBe(3);
  expect((await explore(ddpm, query)).denoising.views['x_t']).toEqual(denoising.views['x_t']);
  const far = await explore(ddpm, { ...query, strength: 1, frames: 4 });
  expect(far.noising.fractions).toHaveLength(4);
  expect(far.noising.numbers['alpha_bar']!.at(-1)).toBeLessThan(alphaBar);
});

test('an image of somebody’s own is taken where it has the shape of the items', async () => {
  const ddpm = await explored('ddpm', 'synthetic-digits');
  const data = Float32Array.from({ length: 784 }, (_, i) => (i % 28 < 14 ? 1 : 0));
  const image: HostTensor = { shape: [1, 1, 28, 28], dtype: 'float32', data };
  const query = { kind: 'edit', image, count: 1, seed: 1, strength: 0.5, steps: 4 } as const;
  const { noising } = await explore(ddpm, query);
  const difference = (frame: number): number => {
    let total = 0;
    for (let i = 0; i < 784; i++) total += Math.abs(Number(noising.views['x_t']!.data[frame * 784 + i]) - data[i]!);
    return total / 784;
  };
  expect(difference(0)).toBeLessThan(difference(1));
  await expect(explore(ddpm, { ...query, image: { ...image, shape: [1, 784] } })).rejects.toThrow(UsageError);
  await expect(explore(ddpm, { ...query, count: 0 })).rejects.toThrow(/1 to 32/);
  await expect(explore(await explored('gan', 'gaussians'), { ...query, item: 0 } as never)).rejects.toThrow(UsageError);
});

test('a dimension is worth what reconstruction loses without it', async () => {
  const vae = await explored('vae', 'synthetic-digits');
  const { error, dimensions } = await explore(vae, { kind: 'dimensions', count: 40 });
  expect(dimensions).toHaveLength(4);
  const { items, reconstructions } = await explore(vae, { kind: 'reconstruct', count: 40 });
  const errorOf = (made: HostTensor): number =>
    numbersOf(made).reduce((sum, v, i) => sum + (v - Number(items.data[i])) ** 2, 0) / items.data.length;
  expect(error).toBeCloseTo(errorOf(reconstructions), 6);
  const { mean } = await explore(vae, { kind: 'encode', count: 40 });
  const { dimension, mean: middle, worth, kl } = dimensions[1]!;
  expect(kl).toBeLessThanOrEqual(dimensions[0]!.kl!);
  const held = (mean.data as Float32Array).map((v, i) => (i % 4 === dimension ? middle : v));
  const { items: without } = await explore(vae, { kind: 'decode', codes: { ...mean, data: held } });
  expect(worth).toBeCloseTo(errorOf(without) - error, 6);
  expect((await explore(vae, { kind: 'dimensions', count: 40, most: 2 })).dimensions).toHaveLength(2);
});
