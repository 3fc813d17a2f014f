import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { duration } from '../../src/cli/io.js';
import { parseValue } from '../../src/cli/options.js';
import { decodeNpy } from '../../src/node/npy.js';
import { expectFailure, genera, put, snapshot, succeed, workspace } from './harness.js';

let leave = () => {};
let trained: Awaited<ReturnType<typeof succeed>>;
beforeAll(async () => {
  leave = workspace();
  trained = await succeed('train vae --preset tiny --limit 64 --seed 1 --json');
});
afterAll(() => leave());

const npy = (path: string) => decodeNpy(new Uint8Array(readFileSync(path)));
const png = (path: string) => PNG.sync.read(readFileSync(path));
const settingsOf = (run: string) => JSON.parse(readFileSync(`${run}/config.json`, 'utf8')).settings;

describe('list', () => {
  it('shows models, data sets and metrics', async () => {
    const { stdout } = await succeed('list');
    expect(stdout).toMatch(/^vae {2}.*on image.*sample.*reconstruct/m);
    expect(stdout).toMatch(/^synthetic-digits .*1×28×28.*20,000.*generated/m);
    expect(stdout).toMatch(/^neg_elbo .*lower is better.*nats/m);
  });

  it('shows one in full', async () => {
    expect((await succeed('list models ddpm')).stdout).toMatch(/defaults on points: .*"variance":"fixed_small"/);
    expect((await succeed('list models vae')).stdout).toMatch(/latent +20 +a whole number > 0 +Dimensions/);
    // Of a shared setting whose default alone is another.
    expect((await succeed('list models beta-vae')).stdout).toMatch(/hidden +128 +a whole number > 0 +Units/);
    expect((await succeed('list datasets mnist')).stdout).toMatch(/train-images-idx3-ubyte\.gz/);
  });

  it('prints one JSON object', async () => {
    const { json } = await succeed('list models --json');
    expect(Object.keys(json)).toEqual(['models']);
    expect(json).toMatchObject({
      models: expect.arrayContaining([
        expect.objectContaining({
          id: 'vae',
          can: expect.arrayContaining(['sample']),
          settings: expect.objectContaining({ latent: expect.anything() }),
        }),
      ]),
    });
  });
});

describe('train', () => {
  it('prints the last losses, the run and the time as JSON', () => {
    expect(trained.json).toEqual({
      run: 'runs/vae',
      model: 'vae',
      step: 4,
      epoch: 1,
      seconds: expect.any(Number),
      train: {
        loss: expect.any(Number),
        reconstruction: expect.any(Number),
        kl: expect.any(Number),
        gradient_norm: expect.any(Number),
      },
      validation: { loss: expect.any(Number), reconstruction: expect.any(Number), kl: expect.any(Number) },
      samples: 'runs/vae/samples/step-4.png',
    });
    expect(trained.stdout.trim().split('\n')).toHaveLength(1);
  });

  it('leaves a run directory as documented', () => {
    expect(Object.keys(snapshot('runs/vae')).filter((name) => name.includes('step') || !name.includes('/'))).toEqual([
      'checkpoints/step-4/manifest.json',
      'checkpoints/step-4/state.safetensors',
      'config.json',
      'metrics.jsonl',
      'samples/step-4.png',
    ]);
    expect(JSON.parse(readFileSync('runs/vae/config.json', 'utf8'))).toMatchObject({
      model: 'vae',
      preset: 'tiny',
      seed: 1,
      settings: { hidden: 32, latent: 4, batchSize: 16, learningRate: 0.001 },
      data: { id: 'synthetic-digits', limit: 64, checksum: expect.stringMatching(/^sha256:/) },
      versions: { genera: expect.any(String), node: process.versions.node },
    });
    expect(png('runs/vae/samples/step-4.png').width).toBe(4 + 10 * 60);
  });

  it('takes the next free directory, continues the newest, and says what to do next', async () => {
    const { stdout, stderr } = await succeed('train vae --preset tiny --limit 32 --steps 2');
    expect(stderr).toMatch(/training vae on synthetic-digits, 32 items: 2 steps, seed 0, cpu, into runs\/vae-2/);
    expect(stdout).toMatch(/run +runs\/vae-2\n/);
    expect(stdout).toMatch(/genera sample runs\/vae-2\n/);
    const { json } = await succeed('train vae --resume --steps 3 --json');
    expect(json).toMatchObject({ run: 'runs/vae-2', step: 3 });
    const hint = await succeed('train vae --resume --steps 4', { env: { npm_command: 'exec' } });
    expect(hint.stdout).toContain('npx genera eval runs/vae-2');
  });

  it('prefers flags to --set to the file to the preset to the defaults', async () => {
    put('settings.json', '{"batchSize": 4, "hidden": 8, "learningRate": 0.5, "steps": 9}');
    const args =
      '--preset tiny --config settings.json --set batchSize=8 learningRate=0.25 --learning-rate 0.125 --steps 1';
    await succeed(`train vae --limit 32 --out chosen ${args}`);
    expect(settingsOf('chosen')).toMatchObject({
      learningRate: 0.125,
      batchSize: 8,
      hidden: 8,
      latent: 4,
      binarize: true,
      steps: 1,
    });
  });

  it('lets --epochs count where a file says steps', async () => {
    await succeed(
      'train vae --preset tiny --limit 32 --config settings.json --set batchSize=16 --epochs 0.5 --out half',
    );
    expect(settingsOf('half')).toMatchObject({ steps: 0, epochs: 0.5 });
    expect(JSON.parse(readFileSync('half/config.json', 'utf8')).totalSteps).toBe(1);
  });

  it('stops at a loss that is not finite, keeping the last state', async () => {
    const result = await genera('train vae --preset tiny --limit 64 --steps 50 --learning-rate 1e30 --out diverged');
    expectFailure(result, 1, /expected a finite loss and gradient, got NaN or infinity/);
    expect(readFileSync('diverged/checkpoints/last', 'utf8')).toMatch(/^step-\d+\n$/);
    expect(existsSync('diverged/model/model.safetensors')).toBe(true);
  });

  it('quits at once at a second Ctrl-C', async () => {
    const exits: number[] = [];
    const { main } = await import('../../src/cli/program.js');
    const { EventEmitter } = await import('node:events');
    const io = Object.assign(new EventEmitter(), {
      stdout: { write: () => undefined },
      stderr: {
        write: (text: string) => {
          if (!text.startsWith('training')) return;
          setImmediate(() => {
            for (const _ of [1, 2]) io.emit('SIGINT', 'SIGINT');
          });
        },
      },
      env: {},
      exit: (status: number) => exits.push(status),
    });
    await main('train vae --preset tiny --limit 64 --out twice'.split(' '), io);
    expect(exits).toEqual([130]);
    expect(io.listenerCount('SIGINT')).toBe(0);
  });

  it('shows a bar on a terminal', async () => {
    const { main } = await import('../../src/cli/program.js');
    const written: string[] = [];
    const terminal = {
      isTTY: true,
      columns: 120,
      write: (text: string) => written.push(text),
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
      on: () => undefined,
      removeListener: () => undefined,
    };
    const io = {
      stdout: { write: () => undefined },
      stderr: terminal,
      env: {},
      on: () => undefined,
      off: () => undefined,
      exit: () => undefined,
    };
    expect(await main('train vae --preset tiny --limit 64 --log-every 1 --out bar'.split(' '), io)).toBe(0);
    expect(written.join('')).toMatch(/[█░]{24} \d+% {2}step \d\/4 {2}epoch .*loss \d+.*items\/s .* left/);
  });
});

describe('sample', () => {
  it('draws a picture into the run by default', async () => {
    const { json } = await succeed('sample runs/vae --num-samples 4 --seed 5 --json');
    expect(json).toEqual({ run: 'runs/vae', model: 'vae', n: 4, seed: 5, out: 'runs/vae/samples/sample-seed5.png' });
    expect(png('runs/vae/samples/sample-seed5.png').width).toBe(4 + 2 * 60);
  });
});

describe('train --eval-every', () => {
  const linesOf = (run: string) =>
    readFileSync(`${run}/metrics.jsonl`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { step: number; evaluation?: Record<string, number> });

  it('measures while it trains, and the best checkpoint is the one with the best first metric', async () => {
    const options = '--preset tiny --limit 64 --seed 1 --epochs 3 --eval-every 4 --eval-samples 100';
    const { json } = await succeed(`train vae ${options} --eval-metrics fid,mse --out runs/watched --json`);
    const measured = linesOf('runs/watched').flatMap(({ step, evaluation }) =>
      evaluation ? [{ step, ...evaluation }] : [],
    );
    expect(measured.map(({ step }) => step)).toEqual([4, 8, 12]);
    expect(json.evaluation).toEqual({ fid: expect.any(Number), mse: expect.any(Number) });
    const fids = measured.map((line) => (line as unknown as { fid: number }).fid);
    const best = measured[fids.indexOf(Math.min(...fids))]!.step;
    expect(readFileSync('runs/watched/checkpoints/best', 'utf8').trim()).toBe(`step-${best}`);
    // A run that is continued measures on as it began.
    await succeed('train vae --resume --epochs 4 --out runs/watched --json');
    expect(linesOf('runs/watched').findLast(({ evaluation }) => evaluation)!.step).toBe(16);
  });

  it('chooses a metric, and refuses one that does not fit before anything is trained', async () => {
    const { json } = await succeed(
      'train vae --preset tiny --limit 64 --steps 2 --eval-every 0 --eval-samples 70 --out runs/chosen --json',
    );
    expect(Object.keys(json.evaluation as object)).toEqual(['fid']);
    expectFailure(
      await genera('train vae --preset tiny --limit 64 --eval-every 2 --eval-metrics perplexity --out runs/none'),
      2,
      /perplexity.*fid/,
    );
    expect(existsSync('runs/none')).toBe(false);
  });
});

describe('eval', () => {
  it('prints exactly what is documented', async () => {
    const { json } = await succeed('eval runs/vae --num-samples 50 --json');
    expect(json).toEqual({
      run: 'runs/vae',
      model: 'vae',
      data: 'synthetic-digits',
      split: 'test',
      n: 50,
      seed: 0,
      ema: false,
      metrics: expect.objectContaining({
        neg_elbo: expect.any(Number),
        nll: expect.any(Number),
        mse: expect.any(Number),
        fid: expect.any(Number),
        kid: expect.any(Number),
        precision: expect.any(Number),
        recall: expect.any(Number),
      }),
      n_real: 2000,
      n_fake: 50,
      extractor: { id: 'genera-cnn-28', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      warnings: [expect.stringMatching(/^fid: 50 generated items .* 65 at least/)],
    });
    const { neg_elbo, nll } = json.metrics as Record<string, number>;
    expect(nll).toBeLessThan(neg_elbo!);
  });

  it('takes an extractor by path, and says what is wrong with others', async () => {
    const own = fileURLToPath(new URL('../../assets/genera-cnn-28.onnx', import.meta.url));
    const { json } = await succeed(`eval runs/vae --metrics fid --num-samples 70 --extractor ${own} --json`);
    const { json: same } = await succeed('eval runs/vae --metrics fid --num-samples 70 --json');
    expect(json.metrics).toEqual(same.metrics);
    expect((json.extractor as { sha256: string }).sha256).toBe((same.extractor as { sha256: string }).sha256);
    expectFailure(await genera('eval runs/vae --extractor none.onnx'), 2, /genera-cnn-28, or the path.*none\.onnx/);
    expectFailure(await genera('eval runs/vae --extractor runs/vae/config.json'), 1, /config\.json.*an ONNX model/);
  });

  it('computes the metrics that are asked for, with units for people', async () => {
    const { json } = await succeed('eval runs/vae --metrics mse,neg_elbo --num-samples 20 --split validation --json');
    expect(Object.keys(json.metrics as object)).toEqual(['mse', 'neg_elbo']);
    const { stdout } = await succeed('eval runs/vae --metrics neg_elbo --num-samples 20');
    expect(stdout).toMatch(
      /on 20 items of synthetic-digits, split test, seed 0, weights as trained\nneg_elbo +\d+(\.\d+)? +nats per item\n$/,
    );
  });
});

describe('reconstruct and interpolate', () => {
  it('put each item above its reconstruction', async () => {
    await succeed('reconstruct runs/vae --num-samples 3 --out pairs.npy');
    const { json } = await succeed('reconstruct runs/vae --num-samples 3 --json');
    const pairs = npy('pairs.npy');
    expect(pairs.shape).toEqual([3, 2, 1, 28, 28]);
    const picture = png(json.out as string);
    expect([picture.width, picture.height]).toEqual([4 + 3 * 60, 4 + 2 * 56 + 4]);
    // The upper half of the second column is the second item, the lower its reconstruction.
    for (const side of [0, 1]) {
      for (const [y, x] of [
        [14, 14],
        [10, 16],
        [20, 9],
      ] as const) {
        const value = pairs.data[((2 + side) * 28 + y) * 28 + x] as number;
        const at = (4 + (side * 28 + y) * 2) * picture.width + 64 + x * 2;
        expect(picture.data[at * 4]).toBe(Math.round(value * 255));
      }
    }
  });

  it('draw a row between two items, beginning and ending with their reconstructions', async () => {
    for (const mode of ['lerp', 'slerp']) {
      await succeed(`interpolate runs/vae --num-samples 2 --steps 5 --mode ${mode} --seed 4 --out ${mode}.npy`);
      expect(npy(`${mode}.npy`).shape).toEqual([10, 1, 28, 28]);
    }
    await succeed('reconstruct runs/vae --num-samples 4 --seed 4 --out ends.npy');
    const [ends, rows] = [npy('ends.npy').data as Float32Array, npy('lerp.npy').data as Float32Array];
    const item = (data: Float32Array, i: number) => [...data.slice(i * 784, (i + 1) * 784)];
    [0, 4, 5, 9].forEach((row, k) => {
      const expected = item(ends, 2 * k + 1);
      const far = item(rows, row).map((value, i) => Math.abs(value - expected[i]!));
      expect(Math.max(...far)).toBeLessThan(1e-5);
    });
    expect(png((await succeed('interpolate runs/vae --num-samples 2 --steps 5 --json')).json.out as string).width).toBe(
      4 + 5 * 60,
    );
  });
});

describe('export', () => {
  it('writes the ONNX files and says how they may be used', async () => {
    const { json } = await succeed('export runs/vae --json');
    const files = json.files as { path: string; bytes: number; openBatch: boolean }[];
    expect(files.map(({ path }) => path)).toEqual(
      ['encode', 'decode', 'reconstruct', 'sample'].map((name) => `runs/vae/onnx/${name}.onnx`),
    );
    for (const { path, bytes, openBatch } of files) {
      expect(readFileSync(path)).toHaveLength(bytes);
      expect(openBatch).toBe(true);
    }
  });
});

describe('doctor', () => {
  it('finds nothing wrong here', async () => {
    const { stdout } = await succeed('doctor');
    expect(stdout).toMatch(/^ok +self-check: convolution +right/m);
    expect(stdout).not.toContain('FAULT');
    expect((await succeed('doctor --json')).json).toMatchObject({ ok: true, checks: expect.any(Array) });
  });

  it('says what to do about a fault, with status 1', async () => {
    const result = await genera('doctor', { env: { GENERA_DATA: 'nowhere' } });
    expect(result.status).toBe(1);
    expect(result.stdout).toMatch(/FAULT GENERA_DATA .*nowhere is not there\n +→ Let GENERA_DATA/);
  });

  it('finds a device that computes wrongly', async () => {
    const { Tensor } = await import('../../src/node/index.js');
    const data = vi.spyOn(Tensor.prototype, 'data').mockResolvedValue(Float32Array.from([1, 2, 3]));
    const result = await genera('doctor --json');
    data.mockRestore();
    expect(result.status).toBe(1);
    const faults = JSON.parse(result.stdout).checks.filter(({ ok }: { ok: boolean }) => !ok);
    expect(faults.map(({ name }: { name: string }) => name)).toEqual(
      ['matrix product', 'convolution', 'softmax', 'gradient'].map((name) => `self-check: ${name}`),
    );
    expect(faults[0].remedy).toMatch(/another --device/);
  });
});

describe('help', () => {
  it.each(['', '--help', 'train --help', 'list --help', 'sample --help', 'eval --help', 'doctor --help'])(
    'genera %s',
    async (args) => {
      const { stdout, stderr, status } = await genera(args);
      expect(stdout).toMatch(/^Usage: genera/);
      expect(stderr).toBe('');
      expect(status).toBe(0);
    },
  );

  it('states the exit status and the version', async () => {
    expect((await genera('--help')).stdout).toMatch(/Exit status: 0 done, 1 failed, 2 wrong usage; 130/);
    expect((await genera('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('values', () => {
  it.each([
    ['3', 3],
    ['1e-3', 0.001],
    ['.5', 0.5],
    ['true', true],
    ['"3"', '3'],
    ['[1,2]', [1, 2]],
    ['slow', 'slow'],
    ['', ''],
  ])('%s', (text, value) => {
    expect(parseValue(text)).toEqual(value);
  });

  it.each([
    [7.6, '8 s'],
    [125, '2 min 5 s'],
    [12_000, '3 h 20 min'],
    [Infinity, '?'],
  ])('%d seconds', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});
