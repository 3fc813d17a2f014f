import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { smallIdxSet } from '../data/idx-files.js';
import { expectFailure, genera, put, snapshot, succeed, workspace } from './harness.js';

let leave = () => {};
beforeAll(async () => {
  leave = workspace();
  await succeed('train vae --preset tiny --limit 64 --seed 1 --out run');
  put('settings.json', '{"latent": 3, "hiden": 5}');
  put('list.json', '[1]');
  put('thesis/chapter.tex', 'x');
  put('a-file', 'x');
  mkdirSync('empty');
});
afterAll(() => leave());

describe('wrong usage', () => {
  it.each<[args: string, message: RegExp]>([
    ['trian vae', /'trian'\. Did you mean train\?/],
    ['train vae --epoch 2', /'--epoch'\. Did you mean --epochs\?/],
    ['sample run --num-sample=3', /Did you mean --num-samples\?/],
    ['train', /expected <model>, got nothing.*--help/],
    ['train vae mnist', /at most 1 argument, got 2/],
    ['train vae --json --seed', /a value for --seed|--seed: expected/],
    ['list modles', /Did you mean models\?/],
    ['list models vea', /'vea'\. Did you mean .*vae/],
    ['train vea', /'vea'\. Did you mean .*vae/],
    ['train vae --set latnt=3', /'latnt'\. Did you mean latent\?/],
    ['train vae --set latent', /expected key=value, got 'latent'/],
    ['train vae --set latent=big', /'latent': expected a whole number > 0, got "big".*Dimensions/],
    ['train vae --set latent=2.5', /'latent': expected a whole number > 0, got 2\.5/],
    ['train vae --set latent=0', /'latent': expected a whole number > 0, got 0/],
    ['train vae --set binarize=7', /'binarize': expected true or false, got 7/],
    ['train vae --set ema=1', /'ema': expected a number ≥ 0 and < 1, got 1/],
    ['train vae --epochs many', /'epochs': expected a number > 0, got "many"/],
    ['train vae --batch-size -8', /'batchSize': expected a whole number > 0, got -8/],
    ['train vae --learning-rate 0', /'learningRate': expected a number > 0, got 0/],
    ['train vae --epochs 1 --steps 5', /--epochs or --steps, got both/],
    ['train vae --seed 1.5', /--seed: expected a whole number of at least 0, got '1\.5'/],
    ['train vae --limit 0', /--limit/],
    ['train vae --preset large', /expected tiny, got 'large'/],
    ['train vae --data mnits', /'mnits'\. Did you mean mnist/],
    ['train vae --data moons', /expected data of kind image, got points/],
    ['train vae --data mnist --data-dir nowhere', /expected a directory.*nowhere/],
    ['train vae --device gpu', /expected one of auto, cpu/],
    ['train vae --config nowhere.json', /nowhere\.json: expected a JSON file, got no file/],
    ['train vae --config list.json', /list\.json: expected a JSON object/],
    ['train vae --config a-file', /a-file: expected a JSON object.*got other text/],
    ['train vae --config settings.json', /'hiden'\. Did you mean hidden\?/],
    ['train vae --checkpoint best', /--resume/],
    ['train vae --out run', /holds a run\. Continue that run with --resume/],
    ['train vae --out thesis', /other files.*another --out/],
    ['train vae --resume', /a run of vae in runs\/, got none/],
    ['train vae --resume --out empty', /empty: expected a run directory/],
    ['train vae --resume --out run --seed 2', /seed 1, as it began, got 2/],
    ['train vae --resume --out run --batch-size 8', /batchSize 16, as it began, got 8/],
    ['train vae --resume --out run --set latent=5', /latent 4, as it began, got 5/],
    ['train vae --resume --out run --data shapes', /data set synthetic-digits, as it began, got shapes/],
    ['train vae --resume --out run --limit 65', /limit 64, as it began, got 65/],
    ['train vae --resume --out run --steps 1', /an end at step 4 or later/],
    ['train vae --resume --out run --checkpoint step-7', /'step-7'/],
    ['sample nowhere', /nowhere: expected a run directory.*got nothing there/],
    ['sample thesis', /thesis: expected a run directory/],
    ['sample run --num-samples 0', /--num-samples: expected a whole number of at least 1/],
    ['sample run --out samples.gif', /expected a name that ends in \.png or \.npy, got '\.gif'/],
    ['sample run --out samples', /without an ending/],
    ['sample run --label 3', /--label 3.*Leave --label out/],
    ['sample run --steps 5', /sampling settings.*'steps'/],
    ['sample run --set', /a value for --set|expected key=value/],
    ['sample run --checkpoint newest', /'newest'/],
    ['eval run --metrics nl', /'nl'\. Did you mean nll/],
    ['eval run --split tets', /Did you mean test\?/],
    ['interpolate run --mode slrp', /Did you mean slerp/],
    ['interpolate run --steps 1', /at least 2/],
  ])('%s', async (args, message) => {
    const before = snapshot();
    expectFailure(await genera(args), 2, message);
    expectFailure(await genera(`${args} --json`), 2, message);
    expect(snapshot()).toEqual(before);
  });

  it('a conflicting file of settings, as a flag does', async () => {
    put('conflict.json', '{"hidden": 99}');
    expectFailure(
      await genera('train vae --resume --out run --config conflict.json'),
      2,
      /hidden 32, as it began, got 99/,
    );
  });
});

describe('faults of genera', () => {
  it('are owned, their stack shown when asked for', async () => {
    const fault = vi.spyOn(JSON, 'stringify').mockImplementation(() => {
      throw new TypeError('x is not a function');
    });
    try {
      const quiet = await genera('list --json');
      expect(quiet.status).toBe(1);
      expect(quiet.stderr).toMatch(/^error: x is not a function\. This is a fault of genera.*GENERA_DEBUG=1.*\n$/);
      const loud = await genera('list --json', { env: { GENERA_DEBUG: '1' } });
      expect(loud.stderr).toMatch(/^\s+at /m);
    } finally {
      fault.mockRestore();
    }
  });

  it('GENERA_DEBUG shows the stack of an expected error too', async () => {
    const { stderr, status } = await genera('train vea', { env: { GENERA_DEBUG: '1' } });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: .*\n.*UsageError.*\n\s+at /);
  });
});

describe('data', () => {
  const files = smallIdxSet('mnist', { train: 40, test: 20 });
  const name = 'mnist/train-images-idx3-ubyte.gz';
  const labels = 'mnist/train-labels-idx1-ubyte.gz';

  function place(directory: string, changes: Record<string, (bytes: Uint8Array) => Uint8Array> = {}): void {
    for (const [path, bytes] of files) put(`${directory}/${path}`, changes[path]?.(bytes) ?? bytes);
  }

  it('that is whole is trained on', async () => {
    place('data/whole');
    await succeed('train vae --preset tiny --data mnist --data-dir data/whole --out run-mnist');
    // It is found again, without being named.
    const { json } = await succeed('eval run-mnist --metrics mse --json');
    expect(json).toMatchObject({ data: 'mnist', split: 'test', n: 20 });
  });

  it.each<[string, string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ['a truncated gz', name, (bytes) => bytes.subarray(0, bytes.length - 9), /complete gzip.*truncated or damaged/],
    ['an empty file', name, () => new Uint8Array(0), /magic number.*empty/],
    ['a wrong magic number', name, () => new TextEncoder().encode('<html>404</html>'), /magic number.*3c 68 74 6d/],
    ['images in the place of labels', labels, () => files.get(name)!, /labels from.*uint8 \[count\]/],
    [
      'a label out of range',
      labels,
      () => Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 40, ...Array.from({ length: 40 }, (_, i) => (i === 7 ? 10 : 1))]),
      /labels from 0 to 9, got 10 at position 7/,
    ],
  ])('with %s is refused, naming the file', async (_, file, change, message) => {
    place('data/broken', { [file]: change });
    const before = snapshot();
    const result = await genera('train vae --preset tiny --data mnist --data-dir data/broken --out run-broken');
    expectFailure(result, 1, message);
    expect(result.stderr).toContain(file);
    expect(snapshot()).toEqual(before);
  });

  it('that is missing, without a network, says the file, the place to put it, and the address', async () => {
    vi.stubGlobal('fetch', () =>
      Promise.reject(new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND') })),
    );
    try {
      const result = await genera('train vae --data mnist --data-dir empty --out run-missing');
      expectFailure(result, 1, /train-images-idx3-ubyte\.gz/);
      expect(result.stderr).toContain('https://');
      expect(result.stderr).toContain('cache/genera/mnist');
      expect(result.stderr).toContain('empty/mnist');
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('that has changed does not continue a run', async () => {
    place('data/changing');
    await succeed('train vae --preset tiny --steps 2 --data mnist --data-dir data/changing --out run-changing');
    for (const [path, bytes] of smallIdxSet('mnist', { train: 41, test: 20 })) put(`data/changing/${path}`, bytes);
    const before = snapshot();
    const args = 'train vae --resume --steps 3 --data-dir data/changing --out run-changing';
    expectFailure(await genera(args), 1, /the data it began with.*got other items/);
    expect(snapshot()).toEqual(before);
  });
});
