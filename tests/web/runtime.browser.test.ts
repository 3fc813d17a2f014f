/** The runtime in Chromium, in each of the surroundings that browsers have. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { models } from '../../src/models/index.js';
import '../../src/node/index.js';
import { buildPages, type Graphics, launch, noBrowser, openPage, type Served, serve } from './browser.js';
import { type TrainRequest, trainHere } from './training.js';

let directory: string;
beforeAll(async () => {
  if (noBrowser === undefined) directory = await buildPages(new URL('./pages', import.meta.url).pathname);
});

/** A page for the tests of a `describe`. */
function surroundings(graphics: Graphics, { isolated = true } = {}): { readonly page: Page } {
  let served: Served;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    served = await serve(directory, { isolated });
    browser = await launch(graphics);
    page = await openPage(browser, `${served.origin}/`);
    await page.waitForFunction(() => 'lab' in globalThis);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });
  return {
    get page() {
      return page;
    },
  };
}

/** Largest relative difference between two trainings' metrics. */
function difference(
  a: readonly Readonly<Record<string, number>>[],
  b: readonly Readonly<Record<string, number>>[],
): number {
  expect(a).toHaveLength(b.length);
  const each = a.flatMap((metrics, i) =>
    Object.entries(metrics).map(([name, value]) => Math.abs(value - b[i]![name]!) / (1 + Math.abs(value))),
  );
  expect(each.every((d) => Number.isFinite(d))).toBe(true);
  return Math.max(...each);
}

describe.skipIf(noBrowser !== undefined)('wasm', () => {
  const here = surroundings('plain');

  test('the page is isolated, and the runtime has the threads that leave the page its core', async () => {
    const { isolated, cores, description } = await here.page.evaluate(async () => {
      const { description } = await lab.useDevice('wasm');
      return { isolated: crossOriginIsolated, cores: navigator.hardwareConcurrency, description };
    });
    expect(isolated).toBe(true);
    const threads = Math.min(4, Math.max(1, cores - 1));
    expect(description).toBe(`ONNX Runtime, WebAssembly, ${threads} thread${threads === 1 ? '' : 's'}`);
  });

  test.each(models.map(({ id }) => id))('%s: each step and each sample is that of Node', async (model) => {
    const request: TrainRequest = { model, steps: 3, items: 48 };
    const inPage = await here.page.evaluate((asked) => lab.trainOn('wasm', asked), request);
    const inNode = await trainHere(request);
    expect(inPage.id).toBe('wasm');
    expect(difference(inPage.losses, inNode.losses)).toBeLessThan(1e-3);
    expect(inPage.samples).toHaveLength(inNode.samples.length);
    for (const [i, value] of inPage.samples.entries()) {
      expect(Math.abs(value - inNode.samples[i]!)).toBeLessThan(1e-3 * (1 + Math.abs(value)));
    }
  });

  test('the loss after many steps is that of Node', async () => {
    const request: TrainRequest = { model: 'vae', settings: { hidden: 64 }, steps: 60, items: 512 };
    const inPage = await here.page.evaluate((asked) => lab.trainOn('wasm', asked), request);
    const inNode = await trainHere(request);
    const [last, expected] = [inPage.losses.at(-1)!.loss!, inNode.losses.at(-1)!.loss!];
    expect(Math.abs(last - expected)).toBeLessThan(1e-3 * Math.abs(expected));
    expect(expected).toBeLessThan(inNode.losses[0]!.loss! / 1.5); // something was learnt
  });

  test('one page has one runtime: another build is refused by name', async () => {
    const message = await here.page.evaluate(() =>
      lab.useDevice('wasm', { threads: 3 }).then(
        () => 'taken',
        (error: Error) => error.message,
      ),
    );
    expect(message).toMatch(/one runtime in a page or worker, got .* in use/);
  });
});

describe.skipIf(noBrowser !== undefined)('webgpu-sw', () => {
  const here = surroundings('webgpu-sw');

  test('a GPU that software imitates is none, unless it is asked for', async () => {
    const found = await here.page.evaluate(async () => ({
      raw: (await navigator.gpu.requestAdapter())?.info.architecture,
      chosen: await lab.findAdapter(),
      forced: (await lab.findAdapter({ allowSoftware: true }))?.info.architecture,
      refused: await lab.useDevice('webgpu').catch((error: Error) => `${error.name}: ${error.message}`),
    }));
    expect(found).toMatchObject({ raw: 'swiftshader', chosen: undefined, forced: 'swiftshader' });
    expect(found.refused).toMatch(
      /^UsageError: device webgpu: expected a GPU .* got none, or one imitated by software/,
    );
  });

  test('the state stays on the GPU from step to step, and the steps are those of wasm', async () => {
    const request: TrainRequest = { model: 'vae', settings: { hidden: 16 }, steps: 3, items: 16 };
    const onGpu = await here.page.evaluate((asked) => lab.trainOn('webgpu', asked, { allowSoftware: true }), request);
    expect(onGpu).toMatchObject({ id: 'webgpu', description: 'ONNX Runtime, WebGPU, google swiftshader' });
    expect(new Set(onGpu.places)).toEqual(new Set(['gpu-buffer']));
    const inNode = await trainHere(request);
    expect(difference(onGpu.losses, inNode.losses)).toBeLessThan(1e-3);
  });
});

describe.skipIf(noBrowser !== undefined)('no-gpu', () => {
  const here = surroundings('no-gpu');

  test('without an adapter, auto is wasm and webgpu is refused', async () => {
    const found = await here.page.evaluate(async () => ({
      adapter: (await navigator.gpu?.requestAdapter()) ?? null,
      refused: await lab.useDevice('webgpu').catch((error: Error) => `${error.name}: ${error.message}`),
      unknown: await lab.useDevice('wsam').catch((error: Error) => `${error.name}: ${error.message}`),
      auto: (await lab.useDevice()).id,
    }));
    expect(found.adapter).toBeNull();
    expect(found.refused).toMatch(/^UsageError: device webgpu: expected a GPU that this browser offers/);
    expect(found.unknown).toMatch(/^UsageError: .* got 'wsam'. Did you mean wasm/);
    expect(found.auto).toBe('wasm');
  });
});

describe.skipIf(noBrowser !== undefined)('no-isolation', () => {
  const here = surroundings('plain', { isolated: false });

  test('one thread, which is said, and the same numbers', async () => {
    const request: TrainRequest = { model: 'gan', steps: 3, items: 48 };
    const inPage = await here.page.evaluate((asked) => lab.trainOn('wasm', asked, { threads: 4 }), request);
    expect(await here.page.evaluate(() => crossOriginIsolated)).toBe(false);
    expect(inPage.description).toBe('ONNX Runtime, WebAssembly, 1 thread: the page is not cross-origin isolated');
    expect(difference(inPage.losses, (await trainHere(request)).losses)).toBeLessThan(1e-3);
  });
});
