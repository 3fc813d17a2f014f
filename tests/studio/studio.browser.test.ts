/** The built Studio in a browser: its size, its first picture, its pages for everybody, and a journey through training. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { withRecipe } from '../../studio/src/export/png-recipe.js';
import { noBrowser } from '../web/browser.js';
import { lab, servedStudio, untilState, untilStep, violations } from './page.js';

const studio = servedStudio();

describe.skipIf(noBrowser !== undefined)('the files', () => {
  const sizeOf = async (file: string): Promise<number> =>
    gzipSync(await fs.readFile(path.join(studio.files, file))).length;

  test('what the first page loads is at most 120 KB, a family at most 40 KB', async () => {
    const html = await fs.readFile(path.join(studio.files, 'index.html'), 'utf8');
    const shell = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map((match) => match[1]!);
    expect(shell.length).toBeGreaterThan(1);
    const sizes = await Promise.all(['index.html', ...shell].map(sizeOf));
    expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(120 * 1024);
    const scripts = (await fs.readdir(path.join(studio.files, 'assets'))).filter((file) => file.endsWith('.js'));
    for (const file of scripts.filter((name) => !name.startsWith('worker'))) {
      expect([file, (await sizeOf(`assets/${file}`)) <= 40 * 1024]).toEqual([file, true]);
    }
  });

  test('nothing of Node, and no address of another site, is in the scripts', async () => {
    for (const file of await fs.readdir(path.join(studio.files, 'assets'))) {
      if (!file.endsWith('.js') || file.startsWith('worker')) continue;
      const text = await fs.readFile(path.join(studio.files, 'assets', file), 'utf8');
      expect([file, /(?:from|import\()\s*["'`]node:/.test(text)]).toEqual([file, false]);
      expect([file, /(?:fetch|import)\(["'`]https?:/.test(text)]).toEqual([file, false]);
    }
  });
});

describe.skipIf(noBrowser !== undefined)('the first picture', () => {
  test('is there within 1.5 seconds, and nothing of the runtime is loaded for it', async () => {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { page } = await studio.open('');
      await page.waitForSelector('.node');
      times.push(
        await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity),
      );
      const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
      expect(loaded.filter((name) => /wasm|worker|host-/.test(name))).toEqual([]);
      await page.context().close();
    }
    // The quickest of three: the machine may be busy with other tests.
    expect(Math.min(...times)).toBeLessThanOrEqual(1500);
  });
});

describe.skipIf(noBrowser !== undefined)('for everybody', () => {
  const pages: readonly (readonly [string, string, string])[] = [
    ['the map', '#/map', '.node'],
    ['a concept on the map', '#/map?at=vae', '.details .formula'],
    ['a model', '#/m/gan', '.invitation .formula'],
    ['a model that is not built', '#/m/stylegan', 'h1'],
    ['runs', '#/runs', '.card'],
    ['compare', '#/compare', '.card'],
    ['settings', '#/settings', '.facts dt:nth-of-type(5)'],
    ['no page', '#/nowhere', 'h1'],
  ];

  test.each(['light', 'dark'] as const)('axe finds nothing wrong on any page in the %s theme', async (theme) => {
    const { page, errors } = await studio.open('', { theme });
    for (const [name, place, ready] of pages) {
      await page.goto(`${studio.origin}/${place}`);
      await page.waitForSelector(ready);
      expect([name, await violations(page)]).toEqual([name, []]);
    }
    await page.keyboard.press('?');
    await page.waitForSelector('dialog');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.waitForSelector('dialog input');
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('on a narrow screen the map is a list, and no page is wider than the screen', async () => {
    const { page } = await studio.open('', { width: 375, height: 700 });
    await page.waitForSelector('.concept-list');
    for (const place of ['#/map', '#/m/vae', '#/runs', '#/settings']) {
      await page.goto(`${studio.origin}/${place}`);
      await page.waitForSelector('h1');
      expect([place, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([place, 375]);
    }
  });

  test('the keyboard alone goes from the map to a model', async () => {
    const { page } = await studio.open('');
    await page.waitForSelector('.node');
    await page.focus('[data-concept=vae]');
    await page.keyboard.press('ArrowLeft');
    const left = await page.evaluate(() => (document.activeElement as HTMLElement).dataset['concept']);
    expect(left).not.toBe('vae');
    await page.focus('[data-concept=vae]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.details a.button-primary');
    await page.focus('.details a.button-primary');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.lab');
    expect(await page.textContent('h1')).toBe('Variational autoencoder');
    // Keys of the page rest while one types.
    const seed = (): Promise<string> => page.inputValue('#seed');
    await page.focus('#set-latent');
    await page.keyboard.press('d');
    expect(await seed()).toBe('0');
    await page.focus('main');
    await page.keyboard.press('d');
    expect(await seed()).not.toBe('0');
    await page.keyboard.press('Control+k');
    await page.waitForSelector('dialog input:focus');
    await page.keyboard.type('pixelcnn');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Gated PixelCNN');
  });
});

describe.skipIf(noBrowser !== undefined)('addresses and pictures from elsewhere', () => {
  test('a malformed address says what is wrong, and the page works', async () => {
    const { page, errors } = await studio.open('#/m/vae?v=1&latent=many&hidden=-4&nonsense=1&data=moons');
    const text = await page.textContent('.notices');
    for (const part of ['latent takes a number', 'hidden cannot be -4', '“nonsense”', '“moons”'])
      expect(text).toContain(part);
    expect(await page.inputValue('#set-latent')).toBe('20');
    expect(await page.inputValue('#set-hidden')).toBe('1');
    expect(errors).toEqual([]);
  });

  test('the address follows the settings', async () => {
    const { page } = await studio.open('#/m/vae');
    await page.fill('#set-latent', '2');
    await page.press('#set-latent', 'Tab');
    await page.waitForFunction(() => location.hash === '#/m/vae?v=1&latent=2');
    await page.fill('#set-latent', '20');
    await page.press('#set-latent', 'Tab');
    await page.waitForFunction(() => location.hash === '#/m/vae');
  });

  test('a picture brings its settings back; a foreign one and other files are refused', async () => {
    const { page } = await studio.open('#/m/vae');
    const drop = (bytes: Uint8Array): Promise<void> =>
      page.evaluate(
        (list) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(list)], 'picture.png', { type: 'image/png' }));
          document
            .querySelector('.lab')!
            .dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true }));
        },
        [...bytes],
      );
    const png = new Uint8Array(PNG.sync.write(new PNG({ width: 2, height: 2 })));
    await drop(png);
    await page.waitForSelector('.notice-error:has-text("no recipe")');
    await drop(new TextEncoder().encode('a text'));
    await page.waitForSelector('.notice-error:has-text("no PNG")');
    await drop(withRecipe(png, { model: 'beta-vae', choice: 'v=1&seed=9&beta=2.5', picture: 'Samples', step: 40 }));
    await page.waitForFunction(() => document.querySelector('h1')?.textContent === 'β-VAE');
    expect(await page.inputValue('#set-beta')).toBe('2.5');
    expect(await page.inputValue('#seed')).toBe('9');
  });
});

describe.skipIf(noBrowser !== undefined)('training', () => {
  test('open, step, play, look back, reload, reset', async () => {
    const { page, errors } = await studio.open('#/m/vae?v=1&preset=tiny&epochs=4&seed=3&paused=1');
    const samples = (): Promise<string> =>
      page.evaluate(() => document.querySelector<HTMLCanvasElement>('[data-samples] canvas')?.toDataURL() ?? '');
    await untilState(page, 'paused');
    expect((await lab(page)).step).toBe(0);

    // Step by step, by keys.
    await page.focus('main');
    await page.keyboard.press('.');
    await untilStep(page, 1);
    await untilState(page, 'paused');
    expect((await lab(page)).step).toBe(1);
    await page.waitForSelector('[data-samples="0"]');
    // The picture is drawn, and in its final size, when three frames in a row show the same.
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('[data-samples] canvas');
      const shown = canvas?.toDataURL();
      const seen = document.body.dataset;
      seen['frames'] = String(shown !== undefined && shown === seen['shown'] ? Number(seen['frames']) + 1 : 0);
      seen['shown'] = shown ?? '';
      return Number(seen['frames']) >= 3;
    });
    const first = await samples();

    // Playing: the numbers move, the samples change, the formula is live.
    await page.keyboard.press('Space');
    await page.waitForFunction(
      () => Number(document.querySelector<HTMLElement>('[data-samples]')?.dataset['samples']) > 0,
    );
    await page.waitForFunction((before) => {
      const canvas = document.querySelector<HTMLCanvasElement>('[data-samples] canvas');
      return canvas !== null && canvas.toDataURL() !== before;
    }, first);
    await page.waitForFunction(() => /\d/.test(document.querySelector('[data-metric=kl]')?.textContent ?? ''));
    await page.waitForSelector('.stage canvas');
    await untilStep(page, 40);
    await page.keyboard.press('Space');
    await untilState(page, 'paused');
    const { step: reached } = await lab(page);
    expect(await violations(page)).toEqual([]);

    // Back along the timeline: all panels are where the slider is, training has not moved.
    await page.keyboard.press('Shift+,');
    expect((await lab(page)).shown).toBe(reached - 10);
    await page.evaluate(() => {
      const slider = document.querySelector<HTMLInputElement>('.timeline input')!;
      slider.value = '0';
      slider.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await page.waitForSelector('[data-samples="0"]');
    await page.waitForFunction(
      (before) => document.querySelector<HTMLCanvasElement>('[data-samples] canvas')!.toDataURL() === before,
      first,
    );
    expect((await lab(page)).step).toBe(reached);

    // After a reload the run is there again, and goes on.
    await page.reload();
    await untilStep(page, reached);
    await page.focus('main');
    await page.keyboard.press('Space');
    await untilStep(page, reached + 1);

    // Reset: step 0, paused.
    await page.keyboard.press('r');
    await page.waitForFunction(() => document.querySelector<HTMLElement>('.lab')?.dataset['step'] === '0');
    await untilState(page, 'paused');

    // It stands in the list of runs and can be deleted there.
    await page.click('nav a:has-text("Runs")');
    await page.waitForSelector('.run');
    page.on('dialog', (dialog) => void dialog.accept());
    await page.click('.run .button-danger');
    await page.waitForSelector('.card.empty');
    expect(errors).toEqual([]);
  });
});
