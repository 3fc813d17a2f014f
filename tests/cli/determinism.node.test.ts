import { cpSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeNpy } from '../../src/node/npy.js';
import { genera, sha256, snapshot, succeed, workspace } from './harness.js';

let leave = () => {};
beforeAll(async () => {
  leave = workspace();
  await succeed(`${train} --seed 1 --out run`);
});
afterAll(() => leave());

const train = 'train vae --preset tiny --limit 160 --steps 12 --checkpoint-every 5';
const model = (run: string) => sha256(`${run}/model/model.safetensors`);

describe('training', () => {
  it('with one seed twice gives the same bytes, with another seed others', async () => {
    await succeed(`${train} --seed 1 --out again`);
    await succeed(`${train} --seed 2 --out other`);
    expect(model('again')).toBe(model('run'));
    expect(model('other')).not.toBe(model('run'));
    expect(snapshot('again/samples')).toEqual(snapshot('run/samples'));
    expect(snapshot('again/checkpoints')['step-12/state.safetensors']).toBe(
      snapshot('run/checkpoints')['step-12/state.safetensors'],
    );
  });

  it('does not depend on how often it logs, draws and stores', async () => {
    await succeed('train vae --preset tiny --limit 160 --steps 12 --seed 1 --out quiet --log-every 5 --sample-every 3');
    expect(model('quiet')).toBe(model('run'));
  });

  it.each([
    ['', ''],
    ['with averaged weights and gradients of two batches', ' --set ema=0.9 accumulate=2'],
  ])('interrupted and continued gives the same bytes %s', async (_, settings) => {
    const args = `${train} --seed 1${settings}`;
    const [whole, parts] = settings === '' ? ['run', 'parts'] : ['averaged', 'averaged-parts'];
    if (settings !== '') await succeed(`${args} --out ${whole}`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const result = await genera(`${args} --out ${parts}${signal === 'SIGTERM' ? ' --resume' : ''}`, {
        // Interrupts as soon as the training has begun.
        onStderr: (text, signals) => text.startsWith('training') && setImmediate(() => signals.emit(signal, signal)),
      });
      expect(result.stderr).toMatch(
        /stopped at step \d+, which is stored; continue with: genera train vae --resume --out/,
      );
      expect(result.status).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(result.stdout).toBe('');
    }
    await succeed(`train vae --resume --out ${parts}`);
    expect(model(parts)).toBe(model(whole));
    const steps = readFileSync(`${parts}/metrics.jsonl`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).step);
    expect(steps).toEqual(steps.toSorted((a: number, b: number) => a - b));
  });

  it('made longer gives what a run of that length gives', async () => {
    cpSync('run', 'longer', { recursive: true });
    await succeed('train vae --resume --out longer --steps 15');
    await succeed('train vae --preset tiny --limit 160 --steps 15 --seed 1 --out long');
    expect(model('longer')).toBe(model('long'));
    expect(JSON.parse(readFileSync('longer/config.json', 'utf8'))).toMatchObject({
      settings: { steps: 15 },
      totalSteps: 15,
    });
  });

  it('that is complete stays as it is when continued', async () => {
    const before = snapshot('run');
    const { json, stderr } = await succeed('train vae --resume --out run --json');
    expect(json).toMatchObject({ run: 'run', step: 12, train: { loss: expect.any(Number) } });
    expect(stderr).toContain('complete already');
    expect(snapshot('run')).toEqual(before);
  });
});

describe('samples', () => {
  it('do not depend on how many are asked for', async () => {
    await succeed('sample run --num-samples 10 --seed 3 --out ten.npy');
    await succeed('sample run --num-samples 1000 --seed 3 --out thousand.npy');
    const [ten, thousand] = ['ten.npy', 'thousand.npy'].map((path) => decodeNpy(new Uint8Array(readFileSync(path))));
    expect(ten!.shape).toEqual([10, 1, 28, 28]);
    expect(thousand!.shape).toEqual([1000, 1, 28, 28]);
    const first = thousand!.data.slice(0, ten!.data.length);
    expect(new Uint32Array(first.buffer)).toEqual(new Uint32Array(ten!.data.buffer));
    expect(ten!.data.every((value) => Number(value) >= 0 && Number(value) <= 1)).toBe(true);
  });

  it('depend on the seed, and are the same each time', async () => {
    for (const [path, seed] of [
      ['a', 0],
      ['b', 0],
      ['c', 1],
    ])
      await succeed(`sample run --num-samples 4 --seed ${seed} --out ${path}.npy`);
    expect(sha256('a.npy')).toBe(sha256('b.npy'));
    expect(sha256('a.npy')).not.toBe(sha256('c.npy'));
  });

  it('of a run are those of its last checkpoint, and others before', async () => {
    for (const name of ['step-12', 'step-10'])
      await succeed(`sample run --num-samples 4 --checkpoint ${name} --out ${name}.npy`);
    expect(sha256('step-12.npy')).toBe(sha256('a.npy'));
    expect(sha256('step-10.npy')).not.toBe(sha256('a.npy'));
  });
});

it('evaluation gives the same numbers each time', async () => {
  const [first, second] = [
    await succeed('eval run --num-samples 50 --json'),
    await succeed('eval run --num-samples 50 --json'),
  ];
  expect(first.stdout).toBe(second.stdout);
});
