/** The example application, built as its own configuration says, in a browser. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, test } from 'vitest';
import { launch, noBrowser, openPage, type Served, serve } from './browser.js';

const root = path.resolve(import.meta.dirname, '../..');
let served: Served;

/** The example in a place of its own, with the packages that its package.json names. */
async function installExample(): Promise<string> {
  const place = await fs.mkdtemp(path.join(os.tmpdir(), 'genera-example-'));
  await fs.cp(path.join(root, 'examples/vite-minimal'), place, {
    recursive: true,
    filter: (source) => !/node_modules|dist/.test(path.relative(root, source)),
  });
  await fs.mkdir(path.join(place, 'node_modules'));
  await fs.symlink(root, path.join(place, 'node_modules/genera'));
  await fs.symlink(path.join(root, 'node_modules/vite'), path.join(place, 'node_modules/vite'));
  return place;
}

beforeAll(async () => {
  if (noBrowser !== undefined) return;
  const place = await installExample();
  await build({ root: place, logLevel: 'warn' });
  served = await serve(path.join(place, 'dist'));
});
afterAll(() => served?.close());

test.skipIf(noBrowser !== undefined)('the example builds, trains and draws digits', async () => {
  const browser = await launch();
  const page = await openPage(browser, `${served.origin}/`);
  await page.waitForFunction(() => document.body.dataset.state === 'running', undefined, { timeout: 60_000 });
  await page.waitForFunction(() => /^Step \d+ of \d+/.test(document.querySelector('#status')!.textContent!));
  const loss = async (): Promise<number> =>
    Number(/loss ([\d.]+)/.exec((await page.textContent('#status'))!)?.[1] ?? Number.NaN);
  const first = await loss();
  await page.waitForFunction(
    (before) => Number(/loss ([\d.]+)/.exec(document.querySelector('#status')!.textContent!)?.[1]) < before / 2,
    first,
    { timeout: 60_000 },
  );
  // Ink on paper: some pixels dark, most of them light. Before it has learnt anything all are grey.
  await page.waitForFunction(() => {
    const canvas = document.querySelector('canvas')!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const greys = data.filter((_, i) => i % 4 === 0);
    const dark = greys.filter((grey) => grey < 128).length / greys.length;
    return dark > 0.02 && dark < 0.3;
  });
  await browser.close();
});
