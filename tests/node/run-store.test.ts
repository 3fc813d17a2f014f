import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import fs from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FormatError, StorageError, UsageError } from '../../src/core/errors.js';
import { RunStore } from '../../src/node/run-store.js';
import { decodeSafetensors } from '../../src/runtime/safetensors.js';
import type { RunConfig } from '../../src/train/run-format.js';

const config: RunConfig = {
  model: 'vae',
  settings: { latent: 4 },
  seed: 1,
  data: { id: 'synthetic-digits', kind: 'image', shape: [1, 28, 28], checksum: 'sha256:0' },
  totalSteps: 10,
  device: 'cpu',
  every: { log: 10, samples: 0, checkpoints: 0 },
  versions: { genera: '0' },
  created: '2025-01-01T00:00:00.000Z',
};
const weights = new Map([['w', { shape: [2], data: Float32Array.from([1, 2]) }]]);
const state = (text: string) => new TextEncoder().encode(text.repeat(100));

let root = '';
let dir = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'genera-store-'));
  dir = join(root, 'run');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true });
});

/** Paths and digests of everything in a directory, locks apart. */
function contents(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(directory, name)).isFile());
  return Object.fromEntries(
    files.sort().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
    ]),
  );
}

async function begun(steps: readonly number[], best: readonly number[] = []): Promise<void> {
  const store = await RunStore.create(dir, config);
  for (const step of steps) {
    await store.appendMetrics({ step, epoch: 0, seconds: step, train: { loss: 1 } });
    await store.writeCheckpoint(state(`${step}`), weights, {
      step,
      best: best.includes(step),
      seconds: step,
      bestLoss: 5,
    });
  }
  await store.close();
}

describe('RunStore', () => {
  it('keeps what it is given', async () => {
    await begun([3]);
    const { store, config: read } = await RunStore.open(dir);
    expect(read).toEqual(config);
    const checkpoint = await store.readCheckpoint();
    expect(checkpoint?.manifest).toMatchObject({ step: 3, seconds: 3, bestLoss: 5 });
    expect(checkpoint?.bytes).toEqual(state('3'));
    await store.writeSamples(3, new Uint8Array([1]));
    await store.close();
    const { tensors } = decodeSafetensors(new Uint8Array(readFileSync(join(dir, 'model', 'model.safetensors'))));
    expect(tensors).toEqual(weights);
    expect(JSON.parse(readFileSync(join(dir, 'model', 'config.json'), 'utf8'))).toMatchObject({
      format: 'genera-model',
      model: 'vae',
      settings: { latent: 4 },
      data: { shape: [1, 28, 28] },
    });
    expect(Object.keys(contents(dir))).toEqual([
      'checkpoints/last',
      'checkpoints/step-3/manifest.json',
      'checkpoints/step-3/state.safetensors',
      'config.json',
      'metrics.jsonl',
      'model/config.json',
      'model/model.safetensors',
      'samples/step-3.png',
    ]);
  });

  it('keeps the last two checkpoints and the best', async () => {
    await begun([1, 2, 3, 4, 5], [1, 2]);
    expect(readdirSync(join(dir, 'checkpoints'))).toEqual(['best', 'last', 'step-2', 'step-4', 'step-5']);
    const { store } = await RunStore.open(dir);
    expect((await store.readCheckpoint('best'))?.manifest.step).toBe(2);
    expect((await store.readCheckpoint('step-4'))?.manifest.step).toBe(4);
    await expect(store.readCheckpoint('step-3')).rejects.toThrow(UsageError);
    await store.close();
  });

  it('refuses a directory that holds anything, and leaves it as it was', async () => {
    await begun([1]);
    const before = contents(dir);
    await expect(RunStore.create(dir, config)).rejects.toThrow(/holds a run.*--resume/);
    mkdirSync(join(root, 'other'));
    writeFileSync(join(root, 'other', 'thesis.tex'), 'x');
    await expect(RunStore.create(join(root, 'other'), config)).rejects.toThrow(/other files.*--out/);
    await expect(RunStore.open(join(root, 'other'))).rejects.toThrow(UsageError);
    await expect(RunStore.open(join(root, 'nothing'))).rejects.toThrow(UsageError);
    expect(existsSync(join(root, 'nothing'))).toBe(false);
    expect(contents(dir)).toEqual(before);
    expect(readdirSync(join(root, 'other'))).toEqual(['thesis.tex']);
  });

  it('begins in an empty directory, and in one where a killed process left nothing but scraps', async () => {
    mkdirSync(dir);
    writeFileSync(join(dir, '.tmp-config.json-00000000'), '{');
    await (await RunStore.create(dir, config)).close();
    expect(readdirSync(dir).sort()).toEqual(['config.json', 'model']);
  });

  it('drops metrics lines after the step that it continues from, and one cut off', async () => {
    await begun([1, 2]);
    appendFileSync(join(dir, 'metrics.jsonl'), '{"step":3}\n{"step":4,"tra');
    const { store } = await RunStore.open(dir);
    await store.cutMetrics(2);
    await store.appendMetrics({ step: 3, epoch: 0, seconds: 0 });
    await store.close();
    const lines = readFileSync(join(dir, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual([1, 2, 3]);
  });
});

describe('a crash', () => {
  /** Makes the nth rename fail as if the process had died there: nothing is cleaned up afterwards. */
  function dieAtRename(n: number): void {
    const rename = fs.rename;
    let count = 0;
    vi.spyOn(fs, 'rename').mockImplementation(async (from, to) => {
      if (++count >= n) throw new Error('killed');
      return rename(from, to);
    });
    vi.spyOn(fs, 'rm').mockImplementation(async () => undefined);
  }

  it('between any two steps of storing leaves the checkpoint before or the new one', async () => {
    for (let n = 1; n <= 7; n++) {
      rmSync(dir, { recursive: true, force: true });
      await begun([1, 2], [1]);
      const first = await RunStore.open(dir);
      dieAtRename(n);
      const work = first.store.writeCheckpoint(state('3'), weights, { step: 3, best: true, seconds: 3 });
      const died = await work.then(
        () => false,
        () => true,
      );
      vi.restoreAllMocks();
      await first.store.close();
      // 1: a directory of that name moved away, 2: the directory, 3: `best`, 4: `last`, 5: step-1 removed, 6: the model
      const { store } = await RunStore.open(dir);
      const checkpoint = await store.readCheckpoint();
      expect(checkpoint?.manifest.step, `rename ${n}`).toBe(n <= 4 ? 2 : 3);
      expect(readdirSync(dir, { recursive: true }).filter((name) => String(name).includes('.tmp-'))).toEqual([]);
      // The run goes on from there and stores the step again.
      await store.writeCheckpoint(state('3'), weights, { step: 3, best: true, seconds: 3 });
      expect((await store.readCheckpoint())?.manifest.step).toBe(3);
      await store.close();
      if (n === 7) expect(died).toBe(false);
    }
  });

  it('before `last` was ever written leaves a first checkpoint that counts', async () => {
    await begun([4]);
    rmSync(join(dir, 'checkpoints', 'last'));
    const { store } = await RunStore.open(dir);
    expect((await store.readCheckpoint())?.manifest.step).toBe(4);
    await store.close();
  });
});

describe('damage', () => {
  it.each([
    ['cut off', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 20)), /20 bytes where there were/],
    ['changed', (path: string) => writeFileSync(path, Buffer.from(readFileSync(path)).fill(1, 5, 6)), /sha256 differs/],
    ['missing', (path: string) => rmSync(path), /without state.safetensors/],
  ])('of a checkpoint that is %s is reported with one that is whole', async (_, change, got) => {
    await begun([1, 2]);
    change(join(dir, 'checkpoints', 'step-2', 'state.safetensors'));
    const before = contents(dir);
    const { store } = await RunStore.open(dir);
    const error = await store.readCheckpoint().catch((e: unknown) => e as Error);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toMatch(got);
    expect((error as Error).message).toContain('checkpoints/step-2/state.safetensors');
    expect((error as Error).message).toContain('--checkpoint step-1');
    expect((await store.readCheckpoint('step-1'))?.manifest.step).toBe(1);
    await store.close();
    expect(contents(dir)).toEqual(before);
  });

  it('of everything says so', async () => {
    await begun([1, 2]);
    for (const name of ['step-1', 'step-2']) writeFileSync(join(dir, 'checkpoints', name, 'manifest.json'), '{}');
    const { store } = await RunStore.open(dir);
    await expect(store.readCheckpoint()).rejects.toThrow(/No other checkpoint is whole/);
    await store.close();
  });

  it('of `last` names what could be meant', async () => {
    await begun([1, 2]);
    writeFileSync(join(dir, 'checkpoints', 'last'), '../../etc\n');
    const { store } = await RunStore.open(dir);
    await expect(store.readCheckpoint()).rejects.toThrow(/checkpoints\/last.*etc.*--checkpoint step-2/);
    await store.close();
  });

  it.each([
    ['', /empty file/],
    ['{"format": "genera-run", "version": 1', /JSON/],
    ['[]', /JSON object/],
    ['{"format": "something"}', /wrong/],
    ['{"format": "genera-run", "version": 2}', /newer genera/],
  ])('of config.json: %s', async (text, got) => {
    await begun([1]);
    writeFileSync(join(dir, 'config.json'), text);
    const error = await RunStore.open(dir).catch((e: unknown) => e as Error);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toMatch(got);
    expect((error as Error).message).toContain(join(dir, 'config.json'));
    // A refusal holds no lock.
    expect(locks()).toEqual([]);
  });
});

describe('the file system refusing', () => {
  it('while storing leaves the checkpoint before it', async () => {
    await begun([1]);
    const { store } = await RunStore.open(dir);
    const before = contents(dir);
    const open = fs.open;
    vi.spyOn(fs, 'open').mockImplementation(async (...args) => {
      const handle = await open(...args);
      const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
        code: 'ENOSPC',
        syscall: 'write',
      });
      vi.spyOn(handle, 'writeFile').mockRejectedValue(full);
      return handle;
    });
    const failing = store.writeCheckpoint(state('2'), weights, { step: 2, best: true, seconds: 2 });
    await expect(failing).rejects.toThrow(StorageError);
    vi.restoreAllMocks();
    expect(contents(dir)).toEqual(before);
    expect((await store.readCheckpoint())?.manifest.step).toBe(1);
    await store.close();
  });

  it('a file where the run should be is a StorageError', async () => {
    writeFileSync(dir, 'a file');
    await expect(RunStore.create(dir, config)).rejects.toThrow(StorageError);
    await expect(RunStore.create(join(dir, 'below'), config)).rejects.toThrow(StorageError);
    expect(readFileSync(dir, 'utf8')).toBe('a file');
  });
});

describe('the lock', () => {
  it('keeps a second writer out until the first has closed', async () => {
    const first = await RunStore.create(dir, config);
    await expect(RunStore.open(dir)).rejects.toThrow(new RegExp(`process ${process.pid} .*at work`));
    await first.close();
    await (await RunStore.open(dir)).store.close();
  });

  it('of a process that has died is taken over', async () => {
    await begun([1]);
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => child.on('exit', resolve));
    writeFileSync(join(dir, `.lock-${hostname()}-${child.pid}-1`), '');
    const { store } = await RunStore.open(dir);
    expect(locks()).toHaveLength(1);
    await store.close();
    expect(locks()).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'of a process that has died, of which its parent knows nothing, is taken over',
    async () => {
      await begun([1]);
      // The shell becomes a program that does not ask after the child, which prints its id.
      const parent = spawn('sh', ['-c', "sh -c 'echo $$' & exec sleep 60"]);
      const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))));
      try {
        const stat = (): string[] => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
        await expect.poll(() => stat()[0]).toBe('Z');
        writeFileSync(join(dir, `.lock-${hostname()}-${pid}-${stat()[19]}`), '');
        await (await RunStore.open(dir)).store.close();
      } finally {
        parent.kill();
      }
    },
  );

  it.runIf(process.platform === 'linux')('of a process whose id another one has now is taken over', async () => {
    await begun([1]);
    writeFileSync(join(dir, `.lock-${hostname()}-${process.pid}-1`), '');
    await (await RunStore.open(dir)).store.close();
  });

  it.each(['.lock-else-where-1-1', '.lock-scribble'])('%s, of which nothing is known, counts', async (name) => {
    await begun([1]);
    writeFileSync(join(dir, name), '');
    await expect(RunStore.open(dir)).rejects.toThrow(`delete ${join(dir, name)}`);
    expect(locks()).toEqual([name]);
  });

  it('is won by one of several who try at once', async () => {
    await begun([1]);
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => RunStore.open(dir)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of tries) if (result.status === 'fulfilled') await result.value.store.close();
  });
});

function locks(): string[] {
  return readdirSync(dir).filter((name) => name.startsWith('.lock'));
}
