/** The pictures of each family and the tours, made by models that have been trained for some steps in the page. */
import { decodeFrames } from 'modern-gif';
import type { Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { tours } from '../../studio/src/learn/tours.js';
import { noBrowser } from '../web/browser.js';
import { downloaded, numbersOf, press, servedStudio, untilState, untilStep, violations } from './page.js';

const studio = servedStudio();

const open = (place: string): Promise<{ page: Page; errors: string[] }> => studio.open(`#/${place}`);

/** A tiny model after ten steps, paused. */
async function trained(model: string, settings = ''): Promise<{ page: Page; errors: string[] }> {
  const opened = await open(`m/${model}?v=1&preset=tiny&steps=40${settings}&paused=1`);
  await untilState(opened.page, 'paused');
  await press(opened.page, 'Shift+.');
  await untilStep(opened.page, 10);
  await untilState(opened.page, 'paused');
  return opened;
}

const tab = (page: Page, title: string): Promise<void> => page.click(`[role=tab]:text-is("${title}")`);
const picture = (page: Page, name: string) => page.locator(`canvas[aria-label="${name}"]`);

describe.skipIf(noBrowser !== undefined)('pictures', () => {
  test('gpt: the heads’ attention, and what a token looks at', async () => {
    const { page, errors } = await trained('gpt');
    await tab(page, 'Attention');
    await page.waitForSelector('.looks button');
    const rows = await numbersOf(page, 'Attention of layer 1, head 1');
    const tokens = await page.locator('.looks button').count();
    expect(rows).toHaveLength(tokens);
    for (const [i, [, ...weights]] of rows.entries()) {
      expect(weights.reduce((sum, w) => sum + Number(w), 0)).toBeCloseTo(1, 2);
      expect(weights.slice(i + 1).every((w) => Number(w) === 0)).toBe(true);
    }
    // The first token can look at itself only.
    await page.locator('.looks button').first().hover();
    await page.waitForSelector('.looks li:first-child button[aria-pressed=true]');
    expect(await page.getAttribute('.looks li:first-child button', 'aria-label')).toMatch(/: 100 %$/);
    expect(await page.getAttribute('.looks li:last-child button', 'aria-label')).toMatch(/: 0 %$/);
    await page.selectOption('.attention select', '3');
    await page.waitForSelector('canvas[aria-label="Attention of layer 2, head 2"]');
    expect(await violations(page)).toEqual([]);
    await page.fill('.prompt input', '');
    await page.waitForSelector('.tab-body .empty:has-text("1 to 32 tokens")');
    expect(errors).toEqual([]);
  });

  test('gan: arrows in the plane, and the modes that were found', async () => {
    const { page, errors } = await trained('gan');
    const plane = picture(page, 'Real, generated, and what the discriminator believes');
    await plane.waitFor();
    const pushes = (await numbersOf(page, 'Real, generated, and what the discriminator believes')).filter(
      ([kind]) => kind === 'generated',
    );
    expect(pushes).toHaveLength(100);
    expect(pushes.filter(([, , , x]) => x !== '' && Number(x) !== 0).length).toBeGreaterThan(50);
    const shown = (): Promise<string> => plane.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const withArrows = await shown();
    await page.uncheck('.tab-body .check input');
    await page.waitForFunction(
      (before) => document.querySelector<HTMLCanvasElement>('.tab-body canvas')!.toDataURL() !== before,
      withArrows,
    );
    await tab(page, 'Modes');
    await page.waitForSelector('[data-found]');
    const counts = (await numbersOf(page, 'Samples in each mode')).map(([, , n]) => Number(n));
    expect(counts).toHaveLength(8);
    const quality = Number(await page.getAttribute('[data-quality]', 'data-quality'));
    expect(counts.reduce((a, b) => a + b, 0) / 480).toBeCloseTo(quality, 6);
    expect(await violations(page)).toEqual([]);
    await tab(page, 'Scores');
    await picture(page, 'Scores of real and generated items').waitFor();
    expect(errors).toEqual([]);
  });

  test('pixelcnn: what a pixel depends on lies before it', async () => {
    const { page, errors } = await trained('pixelcnn');
    await tab(page, 'What a pixel sees');
    await picture(page, 'What it depends on').waitFor();
    // Press the pixel in row 8, column 21. The page may still be finding its layout.
    const image = picture(page, 'The item');
    const chosen = (axis: string): Promise<string | null> =>
      page.textContent(`.tab-body .slider:has-text("${axis}") output`);
    const pressed = async (): Promise<(string | null)[]> => {
      const box = (await image.boundingBox())!;
      await image.click({ position: { x: (20.5 / 28) * box.width, y: (7.5 / 28) * box.height } });
      return [await chosen('Row'), await chosen('Column')];
    };
    await expect.poll(pressed, { timeout: 60_000 }).toEqual(['8', '21']);
    await page.waitForSelector('.picture-note:has-text("row 8, column 21")');
    await page.waitForFunction(() => !document.querySelector('.tab-body')!.textContent!.includes('Asking'));
    const rows = await numbersOf(page, 'What it depends on');
    expect(rows.length).toBeGreaterThan(3);
    for (const [row, column] of rows.map((cells) => cells.map(Number))) {
      expect(row! < 8 || (row === 8 && column! < 21)).toBe(true);
    }
    const levels = await numbersOf(page, 'What the pixel may be');
    expect(levels.reduce((sum, [, p]) => sum + Number(p), 0)).toBeCloseTo(1, 2);
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('ddpm: an image of one’s own goes to noise and back; what is no image is refused in words', async () => {
    const { page, errors } = await trained('ddpm', '&data=synthetic-digits');
    await tab(page, 'Your image');
    await picture(page, 'The image').waitFor();
    const png = new PNG({ width: 40, height: 30 }); // its left half white, the rest black
    for (let i = 0; i < 40 * 30; i++) png.data.set(i % 40 < 20 ? [255, 255, 255, 255] : [0, 0, 0, 255], 4 * i);
    const choose = (name: string, buffer: Buffer): Promise<void> =>
      page.setInputFiles('.drop input[type=file]', { name, mimeType: 'image/png', buffer });
    await choose('notes.png', Buffer.from('no picture'));
    await page.waitForSelector('.problem:has-text("“notes.png” is no picture")');
    await choose('half.png', PNG.sync.write(png));
    await page.waitForSelector('.drop:has-text("half.png")');
    await page.waitForSelector('.problem', { state: 'detached' });
    const numbers = async (): Promise<number> => Number((await numbersOf(page, 'The image'))[0]![1]);
    await expect.poll(numbers, { timeout: 60_000 }).toBeCloseTo(0.5, 1);
    await picture(page, 'Clean, x̂₀').waitFor();
    const spread = async (): Promise<string> => JSON.stringify(await numbersOf(page, 'To noise, x_t'));
    const far = await spread();
    await page.locator('.tab-body .slider:has-text("On the way") input').fill('0.05');
    await expect.poll(spread).not.toBe(far);
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('vae: what each dimension costs, and what it is worth', async () => {
    const { page, errors } = await trained('vae');
    await tab(page, 'Dimensions');
    await picture(page, 'What a dimension costs, and what it is worth').waitFor();
    const rows = await numbersOf(page, 'What a dimension costs, and what it is worth');
    expect(rows.map(([name]) => name).sort()).toEqual(['z1', 'z2', 'z3', 'z4']);
    expect(rows.map(([, kl]) => Number(kl))).toEqual(rows.map(([, kl]) => Number(kl)).sort((a, b) => b - a));
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
  });
});

describe.skipIf(noBrowser !== undefined)('animations', () => {
  test('the way from noise as a GIF: as many pictures as looks, and they move', async () => {
    // A network that knows nothing yet: as noise ε̂ it takes all away, as v it would leave all as it is.
    const { page, errors } = await trained('ddpm', '&data=synthetic-digits&prediction=epsilon');
    await picture(page, 'Noisy, x_t').waitFor();
    const { name, bytes } = await downloaded(page, () =>
      page.click('[aria-label="Save Noisy, x_t as an animated GIF"]'),
    );
    expect(name).toBe('noisy-x-t.gif');
    const frames = decodeFrames(new Uint8Array(bytes));
    expect(frames).toHaveLength(20); // the steps of the tiny model
    expect(frames.at(-1)!.delay).toBeGreaterThan(frames[0]!.delay);
    const [first, last] = [frames[0]!.data, frames.at(-1)!.data];
    let different = 0;
    for (let i = 0; i < first.length; i++) if (Math.abs(first[i]! - last[i]!) > 32) different++;
    expect(different).toBeGreaterThan(first.length / 50);
    expect(errors).toEqual([]);
  });

  test('the samples along the steps as a GIF', async () => {
    const { page } = await trained('vae');
    await page.waitForFunction(
      () => Number(document.querySelector<HTMLElement>('[data-samples]')?.dataset['samples']) > 0,
    );
    const { bytes } = await downloaded(page, () => page.click('[aria-label="Save Samples as an animated GIF"]'));
    const frames = decodeFrames(new Uint8Array(bytes));
    expect(frames.length).toBeGreaterThanOrEqual(2);
    expect(frames.length).toBeLessThanOrEqual(11); // the beginning and ten steps
  });
});

describe.skipIf(noBrowser !== undefined)('tours', () => {
  test('are found on the map and in the palette', async () => {
    const { page } = await open('map');
    for (const { title } of tours) await page.waitForSelector(`.tours a:text-is("${title}")`);
    await page.keyboard.press('Control+k');
    await page.waitForSelector('dialog input:focus');
    await page.keyboard.type('tour latent');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.tour h2:text-is("Two numbers for a picture")');
    await page.goto(`${studio.origin}/#/learn/nowhere`);
    await page.waitForSelector('h1:text-is("There is no such tour")');
    await page.waitForSelector(`a:text-is("${tours[1]!.title}")`);
    expect(await violations(page)).toEqual([]);
  });

  test('the latent space: each step brings the page to what it speaks of, by keys alone', async () => {
    const { page, errors } = await open('learn/latent-space');
    const at = (step: number): Promise<unknown> => page.waitForSelector(`[data-tour-step="${step}"]`);
    await at(1);
    await page.waitForSelector('.settings[data-spot]');
    expect(await page.inputValue('#set-latent')).toBe('2');
    await untilState(page, 'paused');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('n');
    await at(2);
    await page.waitForSelector('.stage[data-spot]');
    expect(await page.locator('[data-spot]').count()).toBe(1);
    await untilStep(page, 1); // it trains
    await page.waitForSelector('[role=tab][aria-selected=true]:text-is("Reconstruction")');
    await page.keyboard.press('n');
    await page.waitForSelector('.live-formula[data-spot]');
    await page.keyboard.press('n');
    await page.waitForSelector('[role=tab][aria-selected=true]:text-is("Latent space")');
    await page.keyboard.press('b');
    await at(3);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.map-page');
    expect(await page.locator('.tour').count()).toBe(0);
    expect(errors).toEqual([]);
  });

  test.each(tours.slice(1))('$id: every step finds what it speaks of', async ({ id }) => {
    const { page, errors } = await open(`learn/${id}`);
    await page.waitForSelector('[data-tour-step="1"]');
    await untilState(page, 'paused');
    for (let step = 1; ; step++) {
      await page.waitForSelector(`[data-tour-step="${step}"]`);
      await page.waitForSelector('[data-spot]');
      const next = page.locator('.tour button:text-is("Next")');
      if ((await next.count()) === 0) break;
      await next.click();
    }
    expect(await page.locator('.notice-error').allTextContents()).toEqual([]);
    expect(await page.getAttribute('.tour a.button-primary', 'href')).toContain('m/');
    expect(errors).toEqual([]);
  });
});
