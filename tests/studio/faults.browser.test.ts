/** What goes wrong on a model's page, what is taken along from it, and what it finds again. */
import { randomFillSync } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { tensor } from '../../src/index.js';
import { drawSamples, loadRun } from '../../src/node/index.js';
import { decodeSafetensors } from '../../src/runtime/safetensors.js';
import type { HostEvent } from '../../src/train/host.js';
import { readRecipe } from '../../studio/src/export/png-recipe.js';
import { itemTable } from '../../studio/src/pictures/numbers.js';
import { succeed } from '../cli/harness.js';
import { launch, noBrowser } from '../web/browser.js';
import {
  downloaded,
  lab,
  newContext,
  numbersOf,
  openPage,
  press,
  servedStudio,
  untilState,
  untilStep,
} from './page.js';

/**
 * Runs before the workers' own script: their GPU comes into reach, so that a test can destroy it, and one that software
 * imitates passes as a real one.
 */
const breakable = `
if (globalThis.GPUAdapter) {
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    return (globalThis.gpu = await requestDevice.call(this, descriptor));
  };
  const info = { vendor: 'real', architecture: 'enough', description: '', isFallbackAdapter: false };
  Object.defineProperty(GPUAdapter.prototype, 'info', { value: info });
}
`;

const studio = servedStudio(async (files) => {
  const assets = path.join(files, 'assets');
  for (const file of await fs.readdir(assets)) {
    if (!/^worker-.*\.js$/.test(file)) continue;
    await fs.writeFile(path.join(assets, file), breakable + (await fs.readFile(path.join(assets, file), 'utf8')));
  }
});

/** A page of a model in a browser without a past. */
const open = (place: string): Promise<{ page: Page; errors: string[] }> => studio.open(`#/m/${place}`);

/** What this browser has stored of a run, once there is one. */
function stored(page: Page, run: string) {
  return page.evaluate(async (id) => {
    const read = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await read(indexedDB.open('genera'));
    const all = db.transaction(['runs', 'events']);
    const record = await read(all.objectStore('runs').get(id));
    const events = await read(all.objectStore('events').getAll(IDBKeyRange.bound([id, 0], [id, Infinity])));
    db.close();
    // Samples are large, and not asked about.
    return { record, events: events.filter(({ event }: HostEvent) => event.kind !== 'samples') };
  }, run) as Promise<{
    record: { saved: number; state: string; settings: Record<string, number> } | undefined;
    events: HostEvent[];
  }>;
}

/** The losses that stand in the end: where a run went back, the later ones. */
function lossesOf(events: readonly HostEvent[]): Map<number, number> {
  const losses = new Map<number, number>();
  for (const { event } of events) {
    if (event.kind === 'step') losses.set(event.step, event.metrics['loss']!);
  }
  return losses;
}

const exportAs = (page: Page, label: string) =>
  downloaded(page, () => page.click(`.exports button:has-text("${label}")`));

describe.skipIf(noBrowser !== undefined)('what goes wrong on a page', () => {
  test('numbers that become infinite: the last finite state stays, the step is marked, a third of the rate helps', async () => {
    const { page, errors } = await open('vae?v=1&preset=tiny&steps=30&learningRate=1');
    await press(page, 'Space');
    await untilState(page, 'failed');
    const notice = page.locator('.notice-error');
    const { step } = await lab(page);
    await page.waitForSelector(`.notice-error:has-text("step ${step + 1}")`);
    expect(await page.getAttribute('.fault', 'aria-label')).toContain(`After step ${step} `);
    expect(await stored(page, 'vae')).toMatchObject({ record: { state: 'failed', saved: step } });
    const { bytes } = await exportAs(page, 'safetensors');
    const weights = [...decodeSafetensors(bytes).tensors.values()];
    expect(weights.length).toBeGreaterThan(4);
    for (const { data } of weights) expect([...data].every((value) => Number.isFinite(Number(value)))).toBe(true);

    await notice.locator('button:has-text("Train at a learning rate of 0.33")').click();
    await untilState(page, 'done');
    expect(await lab(page)).toMatchObject({ step: 30 });
    expect(await notice.count()).toBe(0);
    expect(await page.locator('.fault').count()).toBe(0);
    expect(page.url()).toContain('learningRate=0.33');
    expect((await stored(page, 'vae-2')).record).toMatchObject({ state: 'done', settings: { learningRate: 0.33 } });
    expect(errors).toEqual([]);
  });

  test('the graphics device is lost: a fresh worker goes on from the checkpoint, and the page says so', async () => {
    const withGpu = await launch('webgpu-sw');
    const context = await newContext(withGpu);
    await context.addInitScript(breakable);
    await context.addInitScript(() => localStorage.setItem('genera.device', 'webgpu'));
    const { page } = await openPage(context, `${studio.origin}/#/m/gan?v=1&data=moons&preset=tiny&steps=2000&paused=1`);
    await untilState(page, 'paused');
    await press(page, '.');
    await untilStep(page, 1);
    await untilState(page, 'paused');
    expect(await page.textContent('.status')).toContain('webgpu');
    await press(page, 'Space');
    await untilStep(page, 3);
    const before = page.workers();
    for (const worker of before) {
      const destroy = worker.evaluate(() => (globalThis as { gpu?: GPUDevice }).gpu?.destroy());
      await destroy.catch(() => undefined); // ended with the one whose GPU went
    }
    await page.waitForSelector('.notice-info:has-text("The GPU was lost")');
    const said = await page.textContent('.notice-info');
    const from = Number(/It goes on from step (\d+)\./.exec(said!)![1]);
    expect(from).toBeGreaterThanOrEqual(1);
    await untilState(page, 'running');
    await untilStep(page, from + 3);
    await press(page, 'Space');
    await untilState(page, 'paused');
    const { step: end } = await lab(page);
    expect(end).toBeGreaterThanOrEqual(from + 3);
    expect(page.workers().some((worker) => before.includes(worker))).toBe(false);
    const { events } = await stored(page, 'gan');
    const back = events.findIndex(({ event }) => event.kind === 'status' && event.note !== undefined);
    expect(events[back]!.event).toMatchObject({ state: 'paused', step: from });
    const steps = events.slice(back).flatMap(({ event }) => (event.kind === 'step' ? [event.step] : []));
    expect(steps).toEqual(Array.from({ length: end - from }, (_, i) => from + 1 + i));
    await withGpu.close();
  });

  test('the page is loaded anew in mid-training: it goes on from its autosave, with the losses of a run left alone', async () => {
    const place = 'vae?v=1&preset=tiny&steps=20000&seed=3';
    const { page, errors } = await open(place);
    await press(page, 'Space');
    await untilStep(page, 1);
    await expect
      .poll(async () => (await stored(page, 'vae')).record?.saved ?? 0, { timeout: 60_000 })
      .toBeGreaterThan(0);
    await page.reload();
    // It goes on by itself. What was told before is shown at once, so only what is stored says that it does.
    const since = async () => {
      const { events } = await stored(page, 'vae');
      const opened = events.findLastIndex(({ event }) => event.kind === 'status' && event.state === 'preparing');
      return { events, opened, after: events.slice(opened).map(({ event }) => event) };
    };
    const stepsOf = (bodies: readonly HostEvent['event'][]): number[] =>
      bodies.flatMap((event) => (event.kind === 'step' ? [event.step] : []));
    // The first run's own beginning is event 0 or so; the one after the reload comes later.
    const goneOn = async () => {
      const { opened, after } = await since();
      return opened > 10 ? stepsOf(after).length : 0;
    };
    await expect.poll(goneOn, { timeout: 60_000 }).toBeGreaterThan(10);
    await press(page, 'Space');
    await untilState(page, 'paused');
    const { step: end } = await lab(page);
    const { events, opened, after } = await since();
    expect(opened).toBeGreaterThan(0);
    expect(events.map(({ number }) => number)).toEqual([...new Set(events.map(({ number }) => number))]);
    const saved = events.slice(0, opened).flatMap(({ event }) => (event.kind === 'checkpoint' ? [event.step] : []));
    const ready = after.find((event) => event.kind === 'status' && event.state === 'paused') as { step: number };
    expect(ready.step).toBe(saved.at(-1));
    expect(stepsOf(after)[0]).toBe(10 * Math.floor(ready.step / 10) + 10);
    const losses = lossesOf(events);
    expect(errors).toEqual([]);

    const alone = await open(place);
    await press(alone.page, 'Space');
    await untilStep(alone.page, end);
    const expected = lossesOf((await stored(alone.page, 'vae')).events);
    for (let step = 10; step <= end; step += 10) {
      expect([step, losses.get(step)]).toEqual([step, expected.get(step)]);
      expect(losses.get(step)).toBeGreaterThan(0);
    }
  });

  test('what is typed before the palette is there belongs to it, and not to the keys of the page', async () => {
    const { page } = await open('vae');
    await page.waitForSelector('#seed');
    await page.route('**/*.js', () => undefined); // whatever would be loaded now never comes
    await press(page, 'Control+k');
    await page.keyboard.type('dld');
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('dialog input')?.value === 'dld');
    expect(await page.inputValue('#seed')).toBe('0');
  });
});

describe.skipIf(noBrowser !== undefined)('what is taken along', () => {
  test('a picture brings its settings back; ONNX, safetensors and zip give the numbers of the page', async () => {
    const { page, errors } = await open('vae?v=1&preset=tiny&steps=12&seed=5&hidden=24');
    await press(page, 'Space');
    await untilState(page, 'done');
    await page.waitForSelector('[data-samples="12"]');
    const onPage = (await numbersOf(page, 'Samples')).map((row) => row.map(Number));
    expect(onPage).toHaveLength(64);

    // The zip is a run directory, on which the command line works.
    const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'genera-run-'));
    const zip = await exportAs(page, 'zip');
    expect(zip.name).toBe('vae.zip');
    for (const [name, bytes] of Object.entries(unzipSync(zip.bytes))) {
      await fs.mkdir(path.dirname(path.join(directory, name)), { recursive: true });
      await fs.writeFile(path.join(directory, name), bytes);
    }
    const { instance } = await loadRun(directory);
    const { rows } = itemTable(await drawSamples(instance, { count: 64, seed: 5 }));
    for (const [i, row] of rows.entries()) {
      for (const [j, value] of row.entries()) expect(Math.abs(onPage[i]![j]! - Number(value))).toBeLessThan(1e-3);
    }
    const file = path.join(directory, 'drawn.npy');
    await succeed(`sample ${directory} --num-samples 4 --seed 5 --out ${file}`);
    expect((await fs.stat(file)).size).toBeGreaterThan(4 * 784 * 4);
    // It goes on from where it was, and becomes what it would have become here.
    const { json: more } = await succeed(`train vae --resume --out ${directory} --steps 16 --json`);
    const twin = '--preset tiny --set hidden=24 --seed 5 --steps 16';
    const { json: whole } = await succeed(`train vae ${twin} --out ${path.join(directory, 'twin')} --json`);
    const lossOf = (line: Record<string, unknown>): number => (line['train'] as { loss: number }).loss;
    expect(Math.abs(lossOf(more) - lossOf(whole))).toBeLessThan(1e-3 * lossOf(whole));

    // The weights alone are those of the zip.
    const weights = await exportAs(page, 'safetensors');
    expect(weights.name).toBe('vae.safetensors');
    const inZip = unzipSync(zip.bytes)['model/model.safetensors']!;
    expect(decodeSafetensors(weights.bytes)).toEqual(decodeSafetensors(inZip));

    // Other runtimes compute the same from the ONNX files.
    const onnx = await exportAs(page, 'ONNX');
    const files = unzipSync(onnx.bytes);
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['encode.onnx', 'decode.onnx']));
    const session = await InferenceSession.create(files['decode.onnx']!);
    const shape = [3, instance.capabilities.latent!.shape[0]!];
    const codes = Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => Math.sin(i));
    const { x } = await session.run({ z: new Tensor('float32', codes, shape) });
    const expected = await instance.capabilities.decode!(tensor(codes, shape)).data();
    expect(x!.dims).toEqual([3, 1, 28, 28]);
    for (const [i, value] of (x!.data as Float32Array).entries()) {
      expect(Math.abs(value - Number(expected[i]))).toBeLessThan(1e-5);
    }

    // A picture, dropped onto another model's page.
    const picture = await downloaded(page, () => page.click('[aria-label="Save Samples as PNG"]'));
    expect(picture.name).toBe('samples.png');
    expect(readRecipe(picture.bytes)).toMatchObject({ model: 'vae', picture: 'Samples', step: 12 });
    expect(PNG.sync.read(picture.bytes, { checkCRC: true }).width).toBeGreaterThan(100);
    await page.goto(`${studio.origin}/#/m/gan`);
    await page.waitForFunction(() => document.querySelector('h1')?.textContent !== 'Variational autoencoder');
    await drop(page, 'samples.png', picture.bytes);
    await page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Variational autoencoder');
    expect(await page.inputValue('#seed')).toBe('5');
    expect(await page.inputValue('#set-hidden')).toBe('24');
    expect(page.url()).toContain('preset=tiny');
    expect(errors).toEqual([]);
    await fs.rm(directory, { recursive: true });
  });

  test('damaged pictures and other files are refused with a reason, and nothing changes', async () => {
    const { page, errors } = await open('vae?v=1&latent=3');
    const image = new PNG({ width: 9, height: 9 });
    randomFillSync(image.data);
    const png = PNG.sync.write(image);
    for (const [bytes, reason] of [
      [png, 'no recipe in this PNG'],
      [png.subarray(0, 20), 'no recipe in this PNG'],
      [Buffer.from('%PDF-1.7'), 'no PNG'],
      [Buffer.alloc(0), 'no PNG'],
    ] as const) {
      await drop(page, 'dropped', bytes);
      await page.waitForSelector(`.notice-error:has-text("${reason}")`);
      await page.click('[aria-label="Close this message"]');
    }
    expect(await page.inputValue('#set-latent')).toBe('3');
    expect(errors).toEqual([]);
  });
});

/** Drops a file onto the model's page. */
function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  return page.evaluate(
    ([file, base64]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64!), (c) => c.charCodeAt(0))], file!));
      document.querySelector('.lab')!.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true }));
    },
    [name, Buffer.from(bytes).toString('base64')],
  );
}
