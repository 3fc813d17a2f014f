/** What every model must do, at its `tiny` preset. A model that is added is tested by being in the list. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ModelInstance, type ModelRecord, resolveSettings } from '../../../src/contract/index.js';
import { fromStep } from '../../../src/core/leaves.js';
import type { DataSet } from '../../../src/data/data-set.js';
import { hostBatch } from '../../../src/data/host-batches.js';
import { findDataSet } from '../../../src/data/registry.js';
import { exportModel } from '../../../src/inference/export.js';
import { dataSpecOf, instantiate } from '../../../src/inference/instance.js';
import { drawSamples } from '../../../src/inference/sampling.js';
import { models } from '../../../src/models/index.js';
import '../../../src/node/index.js';
import { grad } from '../../../src/ops/index.js';
import { Rng } from '../../../src/random/rng.js';
import { compile } from '../../../src/runtime/program.js';
import { decodeSafetensors, encodeSafetensors } from '../../../src/runtime/safetensors.js';
import { readVariables, writeVariables } from '../../../src/runtime/state.js';
import { Trainer } from '../../../src/train/trainer.js';

const python = '/usr/bin/python3';
const hasOnnx = (() => {
  try {
    execFileSync(python, ['-c', 'import onnx'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('skipped: the ONNX checker, since Debian’s python3-onnx is not installed');
    return false;
  }
})();

function dataFor(model: ModelRecord, count = 64): Promise<DataSet> {
  return findDataSet(model.data.default).load('train', { count });
}

function tinyTrainer(model: ModelRecord, data: DataSet, seed: number, given: Record<string, unknown> = {}): Trainer {
  const settings = resolveSettings(model, { steps: 1000, ...given }, { preset: 'tiny' });
  return new Trainer({ model, settings, data, seed });
}

const labelsOf = ({ capabilities }: ModelInstance): { labels?: number[] } =>
  capabilities.classes === undefined ? {} : { labels: [1, 2] };

describe.each(models.map((model) => [model.id, model] as const))('%s', (_, model) => {
  it('gives every trainable parameter a finite gradient that is somewhere not zero', async () => {
    const data = await dataFor(model);
    const instance = instantiate(model, resolveSettings(model, {}, { preset: 'tiny' }), dataSpecOf(data), {
      seed: 3,
      totalSteps: 10,
    });
    const phases = instance.phases;
    expect(new Set(phases.flatMap((p) => p.parameters))).toEqual(new Set(instance.module.parameters()));
    const batch = hostBatch(
      data,
      Array.from({ length: 16 }, (_, i) => i),
    );
    for (const phase of phases) {
      const rng = new Rng({ stream: 'test' });
      const program = compile((b: Parameters<typeof phase.loss>[0]) =>
        grad(phase.loss(b, { rng, train: true, atStep: fromStep }).loss, [...phase.parameters]),
      );
      const grads = await program.run([batch as never], { seed: 5, step: 1 });
      for (const [i, g] of (grads as { data: Float32Array }[]).entries()) {
        const name = phase.parameters[i]!.name;
        expect([...g.data].every(Number.isFinite), `${name} is finite`).toBe(true);
        expect(
          [...g.data].some((v) => v !== 0),
          `${name} moves`,
        ).toBe(true);
      }
    }
  });

  it('overfits one batch', async () => {
    const data = await dataFor(model, 16);
    const trainer = tinyTrainer(model, data, 1, { batchSize: 16, learningRate: 3e-3 });
    if (trainer.instance.phases.length !== 1) return; // a game has no loss that must fall; what is fitted has one step
    const losses: number[] = [];
    for (let i = 0; i < 150; i++) losses.push((await trainer.step())['loss']!);
    const mean = (part: number[]): number => part.reduce((a, b) => a + b, 0) / part.length;
    expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 5)) * 0.8);
  });

  it('continues from a checkpoint bit for bit, and gives the same result for the same seed', async () => {
    const data = await dataFor(model);
    const [a, b, other] = [tinyTrainer(model, data, 7), tinyTrainer(model, data, 7), tinyTrainer(model, data, 8)];
    for (let i = 0; i < 3; i++) await a.step();
    const middle = await a.checkpoint();
    for (let i = 0; i < 3; i++) await a.step();
    await b.restore(middle, 'memory');
    for (let i = 0; i < 3; i++) await b.step();
    for (let i = 0; i < 6; i++) await other.step();
    const end = await a.checkpoint();
    expect(Buffer.compare(Buffer.from(end), Buffer.from(await b.checkpoint()))).toBe(0);
    if (a.instance.fitting !== undefined) return; // counting draws nothing
    expect(Buffer.compare(Buffer.from(end), Buffer.from(await other.checkpoint()))).not.toBe(0);
  });

  it('saves, loads and then draws the same samples; the first do not depend on how many are asked for', async () => {
    const data = await dataFor(model);
    const settings = resolveSettings(model, {}, { preset: 'tiny' });
    const make = (seed: number) => instantiate(model, settings, dataSpecOf(data), { seed, totalSteps: 10 });
    const [a, b] = [make(1), make(2)];
    const bytes = encodeSafetensors(await readVariables(a.module.variables()));
    await writeVariables(b.module.variables(), decodeSafetensors(bytes).tensors);
    if (a.capabilities.sample === undefined && a.capabilities.iterate === undefined) return;
    const few = await drawSamples(a, { count: 3, seed: 9, ...labelsOf(a) });
    const many = await drawSamples(b, { count: 40, seed: 9, ...labelsOf(a) });
    expect(few.shape.slice(1)).toEqual([...data.shape]);
    expect([...few.data]).toEqual([...many.data.slice(0, few.data.length)]);
    expect([...many.data].every((v) => Number.isFinite(Number(v)))).toBe(true);
  });

  it.runIf(hasOnnx)('exports ONNX files that pass the reference checker', async () => {
    const data = await dataFor(model);
    const instance = instantiate(model, resolveSettings(model, {}, { preset: 'tiny' }), dataSpecOf(data), {
      seed: 1,
      totalSteps: 10,
    });
    const files = await exportModel(instance, data.shape, {});
    const folder = mkdtempSync(join(tmpdir(), 'genera-onnx-'));
    try {
      for (const [name, { bytes }] of files) writeFileSync(join(folder, name), bytes);
      const check =
        'import onnx, sys, glob\nfor f in glob.glob(sys.argv[1] + "/*.onnx"): onnx.checker.check_model(f, full_check=True)';
      execFileSync(python, ['-c', check, folder], { stdio: 'pipe' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
