import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, genera, succeed, workspace } from './harness.js';

let leave: () => void;
beforeAll(async () => {
  leave = workspace();
  const tiny = '--preset tiny --steps 3 --limit 64 --json';
  await succeed(`train vae ${tiny} --out vae`);
  await succeed(`train dae ${tiny} --out dae`);
  await succeed(`train cvae ${tiny} --set latent=2 --out cvae`);
});
afterAll(() => leave());

describe('pictures of a latent space', () => {
  it('traverse: a row for each dimension, the largest KL first', async () => {
    const { json } = await succeed('traverse vae --steps 4 --json');
    const rows = json.rows as { dimension: number; kl: number }[];
    expect(rows.map(({ kl }) => kl)).toEqual(rows.map(({ kl }) => kl).sort((a, b) => b - a));
    expect(rows).toHaveLength(4);
    expect(existsSync(json.out as string)).toBe(true);
    const { stdout } = await succeed('traverse vae --dimensions 2,0 --out rows.npy');
    expect(stdout).toMatch(/^2 rows in rows\.npy\nrow 1 {2}dimension 2 .*\nrow 2 {2}dimension 0 /);
  });

  it('manifold: of two dimensions, of a class', async () => {
    const { json } = await succeed('manifold cvae --steps 3 --label 7 --json');
    expect(json).toMatchObject({ steps: 3, dimensions: [0, 1], label: '7' });
    await succeed('manifold vae --steps 3 --dimensions 1,3 --out plane.png');
    expect(existsSync('plane.png')).toBe(true);
  });

  it('arithmetic, latent and denoise', async () => {
    const { json } = await succeed('arithmetic vae 7 - 1 + 4 --num-samples 2 --json');
    expect(json).toMatchObject({ terms: '7 - 1 + 4', n: 2 });
    const { stdout } = await succeed('latent vae');
    expect(stdout).toMatch(/^4 dimensions of which \d active, on synthetic-digits, split test\ndimension {2}KL /);
    const restored = await succeed('denoise dae --num-samples 12 --json');
    expect(existsSync(restored.json.out as string)).toBe(true);
  });

  it('eval --against: two scores, and what they were measured against', async () => {
    const { json } = await succeed(
      'eval vae --metrics auroc,auroc_reconstruction --against synthetic-digits --num-samples 60 --json',
    );
    expect(json).toMatchObject({ against: 'synthetic-digits', metrics: { auroc: 0.5, auroc_reconstruction: 0.5 } });
  });
});

describe('what cannot be', () => {
  it.each([
    ['traverse vae --dimensions 4', /latent dimension: expected a position in 0…3.*got 4/],
    ['traverse vae --dimensions a', /--dimensions: expected a whole number of at least 0, got 'a'/],
    ['traverse vae --range 0', /--range: expected a number above 0, got '0'/],
    ['traverse vae --out picture.jpg', /a name that ends in \.png or \.npy, got '\.jpg'/],
    ['manifold vae', /manifold: expected a code of two dimensions, got one of 4\. .*--dimensions/],
    ['manifold vae --dimensions 1,1', /--dimensions: expected two dimensions, got '1,1'/],
    ['manifold vae --dimensions 0,1 --label 3', /expected a model that can be told a label, got --label 3/],
    ['manifold cvae', /expected labels, since the model is conditional/],
    ['manifold cvae --label x', /a label of synthetic-digits: 0, 1, .* got 'x'/],
    ['sample cvae --label 10', /a label of synthetic-digits: 0, 1, .* got '10'/],
    ['arithmetic vae 7 - zero', /latent arithmetic: expected groups of items of synthetic-digits, got 'zero'/],
    ['denoise vae', /denoise: expected a model that .*such as dae, got one that does not/],
    ['eval vae --metrics auroc', /evaluate auroc: .*--against/],
    ['eval vae --metrics auroc --against shapes', /outliers of shape \[1, 28, 28\].*got \[3, 32, 32\] of shapes/],
    ['eval vae --metrics auroc --against shape', /data set: expected one of .*got 'shape'. Did you mean shapes/],
    ['eval vae --metrics mig', /evaluate mig: expected a model and items that this metric fits/],
    ['train cvae --data moons', /expected data of kind image, got points/],
    ['train vq-vae --set codes=1', /'codes': expected a whole number ≥ 2, got 1/],
    ['train vae --set likelihood=poisson', /'likelihood': expected one of bernoulli, gaussian, got "poisson"/],
  ])('%s', async (args, message) => {
    expectFailure(await genera(args), 2, message);
  });
});
