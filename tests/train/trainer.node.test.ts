import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../src/contract/index.js';
import { FormatError, NonFiniteError, UsageError } from '../../src/core/errors.js';
import '../../src/node/index.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/runtime/safetensors.js';
import { readVariables } from '../../src/runtime/state.js';
import { type TrainEvent, train } from '../../src/train/loop.js';
import { Trainer } from '../../src/train/trainer.js';
import { type ToyOptions, toyData, toyModel } from './toy.js';

function toyTrainer(settings: Record<string, unknown> = {}, options: ToyOptions = {}, seed = 1): Trainer {
  const model = toyModel(options);
  const resolved = resolveSettings(model, { batchSize: 8, steps: 30, ...settings });
  return new Trainer({ model, settings: resolved, data: toyData(), validation: toyData(20), seed });
}

async function steps(trainer: Trainer, n: number): Promise<void> {
  for (let i = 0; i < n; i++) await trainer.step();
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

async function collect(trainer: Trainer, options: Parameters<typeof train>[1]): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of train(trainer, options)) events.push(event);
  return events;
}

describe('Trainer', () => {
  it.each([
    ['one phase', {}, {}],
    ['two phases, the first three times a step', {}, { phases: 2, repeats: 3 } as const],
    ['averages and accumulation', { ema: 0.9, accumulate: 2, batchSize: 4 }, {}],
  ])('continues bit for bit from a checkpoint: %s', async (_, settings, options) => {
    const [whole, first, second] = [0, 0, 0].map(() => toyTrainer(settings, options));
    await steps(whole!, 11);
    await steps(first!, 4);
    const bytes = await first!.checkpoint();
    await second!.restore(bytes, 'memory');
    expect(second!.progress.step).toBe(4);
    await steps(second!, 7);
    expect(text(await second!.checkpoint())).toBe(text(await whole!.checkpoint()));
  });

  it('does not depend on how a batch is split into micro-batches, but for rounding', async () => {
    const [one, four] = [toyTrainer({ batchSize: 8 }), toyTrainer({ batchSize: 2, accumulate: 4 })];
    await steps(one, 5);
    await steps(four, 5);
    const [a, b] = await Promise.all([one.weights(), four.weights()]);
    for (const [name, { data }] of a) {
      for (const [i, v] of (data as Float32Array).entries()) expect(b.get(name)!.data[i], name).toBeCloseTo(v, 5);
    }
  });

  it('keeps the state of the step before a NaN', async () => {
    const trainer = toyTrainer({}, { breakAt: 5 });
    await steps(trainer, 4);
    const before = text(await trainer.checkpoint());
    await expect(trainer.step()).rejects.toThrow(NonFiniteError);
    await expect(trainer.step()).rejects.toThrow(/step 5.*The state of step 4 is kept/s);
    expect(text(await trainer.checkpoint())).toBe(before);
  });

  it('averages weights with the documented decay, and leaves the trained ones in place', async () => {
    const trainer = toyTrainer({ ema: 0.5 });
    const average = new Map<string, number[]>();
    for (let n = 0; n < 6; n++) {
      await trainer.step();
      const decay = n === 0 ? 0 : Math.min(0.5, (1 + n) / (10 + n));
      for (const [name, { data }] of await readVariables(trainer.instance.module.variables())) {
        const old = average.get(name) ?? [...(data as Float32Array)];
        average.set(
          name,
          old.map((v, i) => decay * v + (1 - decay) * Number(data[i])),
        );
      }
    }
    const trained = await readVariables(trainer.instance.module.variables());
    const averaged = await trainer.weights();
    for (const [name, values] of average) {
      for (const [i, v] of values.entries()) expect(averaged.get(name)!.data[i]).toBeCloseTo(v, 5);
    }
    expect(await readVariables(trainer.instance.module.variables())).toEqual(trained);
    expect([...averaged.get('first.weight')!.data]).not.toEqual([...trained.get('first.weight')!.data]);
  });

  it('refuses a checkpoint that is damaged, of another model or of a newer version, and changes nothing', async () => {
    const trainer = toyTrainer();
    await steps(trainer, 2);
    const bytes = await trainer.checkpoint();
    const before = text(bytes);
    const { tensors, metadata } = decodeSafetensors(bytes);
    const other = (changes: Record<string, string>): Uint8Array =>
      encodeSafetensors(tensors, { ...metadata, ...changes });
    for (const bad of [
      bytes.subarray(0, 100),
      other({ model: 'vae' }),
      other({ format: 'genera-checkpoint-9' }),
      other({ step: 'x' }),
    ]) {
      await expect(trainer.restore(bad, 'state')).rejects.toThrow(FormatError);
    }
    const missing = new Map(tensors);
    missing.delete('first.weight');
    await expect(trainer.restore(encodeSafetensors(missing, metadata), 'state')).rejects.toThrow(/first\.weight/);
    expect(text(await trainer.checkpoint())).toBe(before);
  });

  it('refuses data of a kind that the model does not take', () => {
    const model = toyModel();
    const data = { ...toyData(), kind: 'image' as const };
    expect(() => new Trainer({ model, settings: resolveSettings(model, {}), data, seed: 0 })).toThrow(UsageError);
  });
});

describe('train', () => {
  it('gives events in their order: steps, validation, samples, checkpoints, done', async () => {
    const events = await collect(toyTrainer({ steps: 7 }), { logEvery: 2, sampleCount: 3 });
    const seen = events.map((e) => `${e.kind}@${e.step}`);
    expect(seen).toEqual([
      'step@2',
      'step@4',
      'validation@5',
      'samples@5',
      'checkpoint@5',
      'step@6',
      'step@7',
      'validation@7',
      'samples@7',
      'checkpoint@7',
      'done@7',
    ]);
    const samples = events.find((e) => e.kind === 'samples');
    expect(samples).toMatchObject({ samples: { shape: [3, 4] } });
  });

  it('marks the best checkpoint, and not one that is worse than before the resume', async () => {
    const fresh = await collect(toyTrainer({ steps: 5 }), {});
    expect(fresh.filter((e) => e.kind === 'checkpoint').map((e) => e.best)).toEqual([true]);
    const resumed = await collect(toyTrainer({ steps: 5 }), { bestLoss: 0 });
    expect(resumed.filter((e) => e.kind === 'checkpoint').map((e) => e.best)).toEqual([false]);
  });

  it('lets the score of evaluations choose the best checkpoint, and no more the validation loss', async () => {
    const scores = [3, 1, 2, 1.5];
    const evaluate = async () => ({ metrics: { fid: scores[0]! }, score: scores.shift()! });
    const events = await collect(toyTrainer({ steps: 7 }), {
      evaluate,
      evalEvery: 2,
      logEvery: 100,
      checkpointEvery: 0,
    });
    const seen = events.flatMap((e) =>
      e.kind === 'evaluation' ? [`${e.metrics.fid}@${e.step}`] : e.kind === 'checkpoint' ? [`${e.best}@${e.step}`] : [],
    );
    expect(seen).toEqual(['3@2', 'true@2', '1@4', 'true@4', '2@6', '1.5@7', 'false@7']);
  });

  it('stops when asked to, with a checkpoint', async () => {
    let asked = 0;
    const events = await collect(toyTrainer(), { logEvery: 100, shouldStop: () => ++asked === 3 });
    expect(events.map((e) => `${e.kind}@${e.step}`)).toEqual(['checkpoint@3', 'stopped@3']);
  });

  it('waits between steps, after all that a step brings and before it is asked whether to stop', async () => {
    const trainer = toyTrainer({ steps: 4 });
    const seen: string[] = [];
    const options = {
      logEvery: 1,
      checkpointEvery: 2,
      between: async () => void seen.push(`between@${trainer.progress.step}`),
      shouldStop: () => seen.includes('between@3'),
    };
    for await (const event of train(trainer, options)) {
      if (event.kind !== 'validation') seen.push(`${event.kind}@${event.step}`);
    }
    const until2 = ['step@1', 'between@1', 'step@2', 'checkpoint@2', 'between@2'];
    expect(seen).toEqual([...until2, 'step@3', 'between@3', 'checkpoint@3', 'stopped@3']);
  });

  it('stores the last finite state before a NaN ends it', async () => {
    const kinds: string[] = [];
    const run = async (): Promise<void> => {
      for await (const event of train(toyTrainer({}, { breakAt: 3 }), { logEvery: 1 }))
        kinds.push(`${event.kind}@${event.step}`);
    };
    await expect(run()).rejects.toThrow(NonFiniteError);
    expect(kinds).toEqual(['step@1', 'step@2', 'checkpoint@2']);
  });
});
