import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectFailure, genera, put, snapshot, succeed, workspace } from './harness.js';

let leave = () => {};
beforeAll(async () => {
  leave = workspace();
  await succeed('train vae --preset tiny --limit 64 --steps 4 --checkpoint-every 2 --seed 1 --out whole');
});
afterAll(() => leave());
afterEach(() => {
  vi.restoreAllMocks();
  rmSync('run', { recursive: true, force: true });
});

const cut = (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 100));
const empty = (path: string) => writeFileSync(path, '');
const flip = (path: string) => {
  const bytes = readFileSync(path);
  bytes[bytes.length - 3]! ^= 1;
  writeFileSync(path, bytes);
};
const foreign = (path: string) => writeFileSync(path, 'PK\u0003\u0004 and the like, of some length');
const swapped = (path: string) => cpSync('whole/checkpoints/step-4/state.safetensors', path);

describe('weights', () => {
  const path = 'run/model/model.safetensors';
  it.each([
    ['cut off', cut, /model\.safetensors/],
    ['empty', empty, /model\.safetensors.*0 bytes/],
    ['with one bit changed', flip, /model\.safetensors.*sha256 differs.*--checkpoint last/],
    ['of another format', foreign, /model\.safetensors/],
    ['of another model', swapped, /the weights of run.*unknown/],
    ['missing', (p: string) => rmSync(p), /model\.safetensors.*no file.*--resume/],
  ])('that are %s are refused by every command', async (_, damage, message) => {
    cpSync('whole', 'run', { recursive: true });
    damage(path);
    const before = snapshot();
    for (const command of ['sample', 'eval', 'reconstruct', 'interpolate', 'export']) {
      expectFailure(await genera(`${command} run`), 1, message);
    }
    expect(snapshot()).toEqual(before);
    // A checkpoint still has them.
    await succeed('sample run --num-samples 1 --checkpoint last');
  });
});

describe('a checkpoint', () => {
  const path = 'run/checkpoints/step-4/state.safetensors';
  it.each([
    ['cut off', cut],
    ['empty', empty],
    ['with one bit changed', flip],
    ['of another format', foreign],
    ['missing', (p: string) => rmSync(p)],
  ])('that is %s is refused, and an older one offered', async (_, damage) => {
    cpSync('whole', 'run', { recursive: true });
    damage(path);
    const before = snapshot();
    const message = /step-4\/state\.safetensors.*step-2 is whole: take that one with --checkpoint step-2/;
    expectFailure(await genera('train vae --resume --out run --steps 6'), 1, message);
    expectFailure(await genera('sample run --checkpoint last'), 1, message);
    expect(snapshot()).toEqual(before);
  });

  it('that is damaged is replaced when the run continues from the one before', async () => {
    cpSync('whole', 'run', { recursive: true });
    cut(path);
    await succeed('train vae --resume --out run --checkpoint step-2');
    expect(snapshot('run/model')).toEqual(snapshot('whole/model'));
    expect(snapshot('run/checkpoints')).toMatchObject({ last: snapshot('whole/checkpoints').last });
    expect(readFileSync(path)).toEqual(readFileSync('whole/checkpoints/step-4/state.safetensors'));
  });
});

describe('config.json', () => {
  it.each([
    ['cut off', cut, /config\.json/],
    ['empty', empty, /empty file/],
    ['foreign', foreign, /JSON/],
    ['with an unknown model', (p: string) => edit(p, '"model": "vae"', '"model": "vea"'), /Did you mean vae/, 2],
    [
      'with a setting of another type',
      (p: string) => edit(p, '"latent": 4', '"latent": "four"'),
      /settings of vae|latent/,
    ],
    ['with another size', (p: string) => edit(p, '"latent": 4', '"latent": 5'), /weights of run|of this model|load/],
    ['of a newer version', (p: string) => edit(p, '"version": 1', '"version": 2'), /newer genera/],
  ])('that is %s is refused', async (_, damage, message, status = 1) => {
    cpSync('whole', 'run', { recursive: true });
    damage('run/config.json');
    const before = snapshot();
    expectFailure(await genera('sample run'), status, message);
    expect(snapshot()).toEqual(before);
  });

  function edit(path: string, from: string, to: string): void {
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
  }
});

describe('the file system', () => {
  it('with a file where a directory should be', async () => {
    put('taken', 'a file');
    put('run/samples', 'a file');
    const before = snapshot();
    expectFailure(await genera('train vae --preset tiny --limit 32 --out taken'), 1, /taken.*--out/);
    expectFailure(await genera('train vae --preset tiny --limit 32 --out taken/run'), 1, /taken.*--out/);
    expectFailure(await genera('sample whole --num-samples 1 --out taken/samples.png'), 1, /taken.*--out/);
    expectFailure(await genera('export whole --out taken'), 1, /taken.*--out/);
    expect(snapshot()).toEqual(before);
  });

  const refuse = (code: string, matches: (path: string) => boolean) => {
    const open = fs.open;
    vi.spyOn(fs, 'open').mockImplementation(async (path, ...rest) => {
      const handle = await open(path, ...rest);
      const error = Object.assign(new Error(`${code}: refused, write`), { code, syscall: 'write' });
      if (matches(String(path))) vi.spyOn(handle, 'writeFile').mockRejectedValue(error);
      return handle;
    });
  };

  it.each([
    ['ENOSPC', /disk is full: free some space/],
    ['EDQUOT', /quota/],
    ['EACCES', /Grant yourself rights/],
    ['EROFS', /choose another place/],
  ])('answering %s while a run begins', async (code, remedy) => {
    refuse(code, () => true);
    expectFailure(await genera('train vae --preset tiny --limit 32 --out run'), 1, remedy);
    expect(readdirSync('run')).toEqual([]);
  });

  it('being full at a checkpoint: what was stored before stays and continues', async () => {
    refuse('ENOSPC', (path) => path.includes('step-4'));
    const args = 'train vae --preset tiny --limit 64 --steps 4 --checkpoint-every 2 --seed 1 --out run';
    expectFailure(await genera(args), 1, /run\/.*step-4.*disk is full/);
    vi.restoreAllMocks();
    expect(readFileSync('run/checkpoints/last', 'utf8')).toBe('step-2\n');
    expect(Object.keys(snapshot('run')).filter((name) => name.includes('.tmp-') || name.includes('.lock'))).toEqual([]);
    await succeed('sample run --num-samples 1');
    await succeed('train vae --resume --out run');
    expect(snapshot('run/model')).toEqual(snapshot('whole/model'));
  });

  it('being full while samples are written keeps the picture that was there', async () => {
    await succeed('sample whole --num-samples 1 --out picture.png');
    const before = snapshot();
    refuse('ENOSPC', (path) => path.includes('picture'));
    expectFailure(await genera('sample whole --num-samples 2 --out picture.png'), 1, /picture\.png.*disk is full/);
    expect(snapshot()).toEqual(before);
  });

  it('holds no lock after any failure', async () => {
    cpSync('whole', 'run', { recursive: true });
    flip('run/checkpoints/step-4/state.safetensors');
    await genera('train vae --resume --out run --steps 6');
    expect(readdirSync('run').filter((name) => name.startsWith('.'))).toEqual([]);
    expect(existsSync('run/config.json')).toBe(true);
  });
});
