/** Training for comparison, the same in Node and in a page. */
import { resolveSettings } from '../../src/contract/index.js';
import { findDataSet } from '../../src/data/registry.js';
import { drawSamples } from '../../src/inference/sampling.js';
import { findModel } from '../../src/models/index.js';
import type { Value } from '../../src/runtime/backend.js';
import { arenasOf } from '../../src/runtime/state.js';
import { Trainer } from '../../src/train/trainer.js';

export interface TrainRequest {
  readonly model: string;
  readonly data?: string;
  readonly settings?: Record<string, unknown>;
  readonly steps: number;
  readonly items: number;
}

function placeOf(value: Value): string {
  return (value as { tensor?: { location: string } }).tensor?.location ?? 'elsewhere';
}

/** Losses of each step, and the first samples. */
export async function trainHere({ model: id, data: dataId, settings: given = {}, steps, items }: TrainRequest) {
  const model = findModel(id);
  const record = findDataSet(dataId ?? model.data.default);
  const settings = resolveSettings(model, { steps, ...given }, { preset: 'tiny', kind: record.kind });
  const text = { tokenizer: 'character', context: Number(settings.context), vocabulary: 300 } as const;
  const data = await record.load('train', { count: items, ...(record.kind === 'text' ? { text } : {}) });
  const trainer = new Trainer({ model, settings, data, seed: 1 });
  const losses: Record<string, number>[] = [];
  while (trainer.progress.step < trainer.totalSteps) losses.push({ ...(await trainer.step()) });
  const { sample, iterate } = trainer.instance.capabilities;
  const drawn =
    (sample ?? iterate) === undefined ? undefined : await drawSamples(trainer.instance, { count: 2, seed: 3 });
  // Where the state lies after the last step: in a browser on the GPU, or in memory.
  const places = arenasOf(trainer.instance.module.variables()).map((arena) => placeOf(arena.current));
  return { losses, places, samples: drawn === undefined ? [] : Array.from(drawn.data as Float32Array) };
}
