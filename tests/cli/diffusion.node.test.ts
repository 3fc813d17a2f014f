/** What the command line does with a diffusion model. */
import { readFileSync } from 'node:fs';
import { decode } from 'modern-gif';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeNpy } from '../../src/node/npy.js';
import { expectFailure, genera, put, succeed, workspace } from './harness.js';

let leave = () => {};
beforeAll(async () => {
  leave = workspace();
  await succeed('train ddpm --preset tiny --limit 32 --steps 2 --seed 1 --out digits');
  await succeed('train ddpm --data swiss-roll --preset tiny --limit 32 --steps 2 --seed 1 --out roll');
});
afterAll(() => leave());

const fails = async (args: string, status: number, message: RegExp) =>
  expectFailure(await genera(args), status, message);
const npy = (path: string) => decodeNpy(new Uint8Array(readFileSync(path)));
const png = (path: string) => PNG.sync.read(readFileSync(path));

it('takes the defaults for the kind of the data', () => {
  const settings = (run: string) => JSON.parse(readFileSync(`${run}/config.json`, 'utf8')).settings;
  expect(settings('digits')).toMatchObject({ betaSchedule: 'linear', blocks: 1, width: 8 });
  expect(settings('roll')).toMatchObject({ betaSchedule: 'squaredcos_cap_v2', variance: 'fixed_small', width: 8 });
});

describe('sample', () => {
  it('takes steps, sampler, eta and guidance', async () => {
    const draw = async (options: string): Promise<Float32Array> => {
      await succeed(`sample digits --num-samples 2 --label 3 --out s.npy ${options}`);
      const { shape, data } = npy('s.npy');
      expect(shape).toEqual([2, 1, 28, 28]);
      return data as Float32Array;
    };
    const base = await draw('--steps 4');
    expect(await draw('--steps 4 --sampler ddim --eta 0 --guidance 1')).toEqual(base);
    for (const other of ['--steps 5', '--steps 4 --eta 1', '--steps 4 --sampler heun', '--steps 4 --guidance 3']) {
      expect(await draw(other)).not.toEqual(base);
    }
  });

  it.each([
    ['--steps 21', /sampling steps: expected a whole number from 1 to 20/],
    ['--eta 1.5', /'eta'.*≤ 1, got 1\.5/],
    ['--sampler plms', /one of ddim/],
  ])('refuses %s', async (options, message) => {
    await fails(`sample digits ${options}`, 2, message);
  });

  it('refuses guidance of an unconditional model', async () => {
    await fails('sample roll --guidance 3', 2, /unconditional/);
  });
});

describe('denoise', () => {
  it('shows three rows a sample over time', async () => {
    const { json } = await succeed('denoise digits --num-samples 2 --frames 4 --steps 8 --out way.png --json');
    expect(json).toMatchObject({ n: 2, frames: 4, out: 'way.png' });
    expect([png('way.png').width, png('way.png').height]).toEqual([4 + 4 * 60, 4 + 6 * 60]);
    await succeed('denoise digits --num-samples 2 --frames 4 --steps 8 --out way.npy');
    expect(npy('way.npy').shape).toEqual([2, 4, 3, 1, 28, 28]);
  });

  it('moves', async () => {
    await succeed('denoise digits --num-samples 2 --frames 5 --steps 8 --out way.gif');
    const gif = decode(new Uint8Array(readFileSync('way.gif')));
    expect(gif).toMatchObject({ width: 4 + 6 * 60, height: 4 + 60, looped: true });
    expect(gif.frames).toHaveLength(5);
    await succeed('denoise roll --num-samples 20 --frames 3 --out roll.gif');
    expect(decode(new Uint8Array(readFileSync('roll.gif'))).frames).toHaveLength(3);
    await succeed('denoise roll --num-samples 20 --frames 3 --out roll.png');
    expect(png('roll.png').width).toBe(3 * (192 + 96));
  });

  it('refuses other formats', async () => {
    await fails('denoise digits --out way.mp4', 2, /\.png or \.npy or \.gif/);
  });
});

describe('inpaint', () => {
  it('keeps what is not masked', async () => {
    await succeed('inpaint digits --num-samples 3 --mask right --steps 4 --jump-samples 2 --jump-length 2 --out i.npy');
    const { shape, data } = npy('i.npy');
    expect(shape).toEqual([3, 3, 1, 28, 28]);
    for (let i = 0; i < 3 * 784; i++) {
      const [n, place] = [Math.floor(i / 784), i % 784];
      const at = (row: number): number => Number(data[(n * 3 + row) * 784 + place]);
      if (place % 28 < 14) expect([at(1), at(2)]).toEqual([at(0), at(0)]);
      else expect(at(1)).toBe(0.5);
    }
  });

  it('reads masks, and refuses those of another size, other names and other files', async () => {
    const mask = (width: number): Buffer => PNG.sync.write(new PNG({ width, height: 28, fill: true }));
    put('mask.png', mask(28));
    put('wide.png', mask(30));
    put('text.png', 'no picture');
    await succeed('inpaint digits --num-samples 1 --mask mask.png --steps 2 --jump-samples 1 --out i.png');
    await fails('inpaint digits --mask wide.png', 2, /28×28 pixels.*got 30×28/);
    await fails('inpaint digits --mask lfet', 2, /left/);
    await fails('inpaint digits --mask text.png', 1, /expected a PNG picture/);
    await fails('inpaint roll --mask left', 2, /expected images/);
  });
});

it('edits, reconstructs and interpolates', async () => {
  await succeed('edit digits --num-samples 3 --strength 0.5 --steps 4 --out e.npy');
  expect(npy('e.npy').shape).toEqual([3, 2, 1, 28, 28]);
  await fails('edit digits --strength 2', 2, /strength/);
  await succeed('edit roll --num-samples 3 --steps 4 --out e.png');
  await succeed('reconstruct digits --num-samples 2 --out r.npy');
  expect(npy('r.npy').shape).toEqual([2, 2, 1, 28, 28]);
  await succeed('interpolate digits --num-samples 1 --steps 3 --out t.npy');
  expect(npy('t.npy').shape).toEqual([3, 1, 28, 28]);
});

it('measures the bound in bits per dimension', async () => {
  const { json } = await succeed('eval digits --metrics bits_per_dim,neg_elbo --num-samples 64 --json');
  const metrics = json.metrics as Record<string, number>;
  expect(metrics.bits_per_dim).toBeCloseTo(metrics.neg_elbo! / 784 / Math.LN2, 6);
});
