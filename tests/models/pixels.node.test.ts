/** Models of images pixel by pixel: what they see, and that drawing row by row is the model that was trained. */
import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../src/contract/index.js';
import { UsageError } from '../../src/core/errors.js';
import { tensor } from '../../src/core/leaves.js';
import type { HostTensor, Tensor } from '../../src/core/tensor.js';
import { instantiate } from '../../src/inference/instance.js';
import { drawSamples } from '../../src/inference/sampling.js';
import type { RowNetwork } from '../../src/models/blocks/pixels.js';
import pixelcnn, { PixelCnn } from '../../src/models/pixelcnn.js';
import pixelrnn, { PixelRnn } from '../../src/models/pixelrnn.js';
import '../../src/node/index.js';
import { grad, stack } from '../../src/ops/index.js';
import { Rng } from '../../src/random/rng.js';
import { compile } from '../../src/runtime/program.js';

const [B, H, W] = [2, 6, 7];
const sizes = { layers: 3, channels: 4, levels: 3, width: W, classes: 2 };
const networks = [
  ['pixelcnn', () => new PixelCnn(sizes, new Rng({ seed: 3, stream: 'initial' }))],
  ['pixelrnn', () => new PixelRnn(sizes, new Rng({ seed: 3, stream: 'initial' }))],
] as const;

const image = (): HostTensor => ({
  shape: [B, 1, H, W],
  dtype: 'float32',
  data: Float32Array.from({ length: B * H * W }, (_, i) => ((i * 7) % 3) / 2),
});
const labels = (): Tensor => tensor(Int32Array.of(1, 0));

describe.each(networks)('%s', (_, make) => {
  it('gives row by row the logits of the whole image', async () => {
    const net = make();
    const both = compile((x: Tensor) => {
      const whole = net.forward(x, labels());
      const rows: RowNetwork = net;
      let state = rows.start(B);
      const logits: Tensor[] = [];
      for (let r = 0; r < H; r++) {
        const pixels = x.narrow(2, r, 1).reshape([B, W]);
        const row = rows.row(state, labels());
        const columns = pixels.split(W, 1).map((t) => t.squeeze(1));
        for (let c = 0; c < W; c++) logits.push(row.pixel(columns.slice(0, c)));
        state = row.end(pixels);
      }
      return { whole, rows: stack(logits, 2).reshape([B, 3, H, W]) };
    });
    const { whole, rows } = await both.run([image()]);
    whole.data.forEach((value, i) => {
      expect(Number(rows.data[i])).toBeCloseTo(Number(value), 4);
    });
    expect(Math.max(...(whole.data as Float32Array)) - Math.min(...(whole.data as Float32Array))).toBeGreaterThan(0.05);
  });

  it('sees every pixel before, up to its reach, and none from itself on', async () => {
    const net = make();
    const [row, column] = [4, 3];
    const slope = compile((x: Tensor) =>
      grad(net.forward(x, labels()).narrow(2, row, 1).narrow(3, column, 1).square().sum(), x),
    );
    const g = [...((await slope.run([image()])).data as Float32Array)].slice(0, H * W).map((value) => value !== 0);
    for (let r = 0; r < H; r++) {
      for (let c = 0; c < W; c++) {
        const before = r < row || (r === row && c < column);
        if (!before) expect(g[r * W + c], `${r}, ${c}`).toBe(false);
        else if (Math.abs(r - row) <= 3 && Math.abs(c - column) <= 3) expect(g[r * W + c], `${r}, ${c}`).toBe(true);
      }
    }
  });
});

describe.each([pixelcnn, pixelrnn].map((model) => [model.id, model] as const))('%s', (_, model) => {
  const make = (given: Record<string, unknown> = {}, data: object = {}) =>
    instantiate(
      model,
      resolveSettings(model, given, { preset: 'tiny' }),
      { kind: 'image', shape: [1, 5, 6], ...data },
      { seed: 2, totalSteps: 10 },
    );

  it('has probabilities that sum to one over all images', async () => {
    const instance = instantiate(
      model,
      resolveSettings(model, { channels: 3 }, { preset: 'tiny' }),
      { kind: 'image', shape: [1, 3, 4] },
      { seed: 2, totalSteps: 10 },
    );
    const n = 2 ** 12;
    const data = Float32Array.from({ length: n * 12 }, (_, i) => (Math.floor(i / 12) >> (i % 12)) & 1);
    const program = compile((x: Tensor) => instance.capabilities.logProb!(x, { rng: new Rng(), k: 1 }));
    const logs = (await program.run([{ shape: [n, 1, 3, 4], dtype: 'float32', data }])).data as Float32Array;
    expect(logs.reduce((sum, log) => sum + Math.exp(log), 0)).toBeCloseTo(1, 3);
  });

  it('draws its grey levels, more alike at a low temperature', async () => {
    const samples = await drawSamples(make({ levels: 4 }), { count: 3, seed: 1 });
    expect(new Set([...samples.data].map((v) => Math.round(Number(v) * 3 * 1e4) / 1e4))).toEqual(new Set([0, 1, 2, 3]));
    const frozen = await drawSamples(make(), { count: 2, seed: 1, settings: { temperature: 1e-4 } });
    expect([...frozen.data.slice(0, 30)]).toEqual([...frozen.data.slice(30)]);
  });

  it('is told classes where it is conditional', async () => {
    const conditional = make({ classConditional: true }, { labels: ['a', 'b'] });
    expect(conditional.capabilities.classes).toEqual({ count: 2, required: true });
    const { logProb } = conditional.capabilities;
    const told = compile((x: Tensor, label: Tensor) => logProb!(x, { rng: new Rng(), k: 1, labels: label }));
    const x: HostTensor = { shape: [1, 1, 5, 6], dtype: 'float32', data: new Float32Array(30) };
    const of = async (label: number) =>
      Number((await told.run([x, { shape: [1], dtype: 'int32', data: Int32Array.of(label) }])).data[0]);
    expect(await of(0)).not.toBeCloseTo(await of(1), 4);
    const samples = await drawSamples(conditional, { count: 4, seed: 1, labels: [1] });
    expect(samples.shape).toEqual([4, 1, 5, 6]);
  });

  it('completes an image and leaves what is given as it is', async () => {
    const { inpaint } = make().capabilities;
    const { start, step, scalars, finish, steps } = inpaint!.iterate(inpaint!.settings.parse({}));
    const rng = new Rng({ stream: 'test' });
    const whole = compile((x: Tensor, mask: Tensor) => {
      const context = { count: 2, rng, given: { x, mask } };
      let state = start(context);
      for (let i = 0; i < steps; i++) {
        const values = Object.fromEntries(Object.entries(scalars(i)).map(([name, v]) => [name, tensor(v)]));
        state = step(state, values, context);
      }
      return finish(state, context);
    });
    const x = Float32Array.from({ length: 60 }, (_, i) => (i % 7) / 7);
    const mask = Float32Array.from({ length: 60 }, (_, i) => (i % 30 >= 12 ? 1 : 0));
    const shape = [2, 1, 5, 6];
    const done = await whole.run([
      { shape, dtype: 'float32', data: x },
      { shape, dtype: 'float32', data: mask },
    ]);
    done.data.forEach((value, i) => {
      if (mask[i] === 0) expect(value).toBe(x[i]);
      else expect([0, 1]).toContain(value);
    });
    expect(new Set([...done.data].filter((_, i) => mask[i] === 1)).size).toBe(2);
  });

  it('refuses colour images and too many levels', () => {
    expect(() => make({}, { shape: [3, 8, 8] })).toThrow(UsageError);
    expect(() => resolveSettings(model, { levels: 1 })).toThrow(/≥ 2/);
  });
});
