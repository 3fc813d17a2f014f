/** What goes wrong on a model's page. */
import { randomFillSync } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, noBrowser, type Served, serve } from '../web/browser.js';
import { buildStudio, newContext, openPage, press } from './page.js';

let built: string;
let served: Served;
let browser: Browser;

beforeAll(async () => {
  if (noBrowser !== undefined) return;
  built = await fs.mkdtemp(path.join(os.tmpdir(), 'genera-studio-'));
  await buildStudio(built);
  served = await serve(built);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await served?.close();
  if (built !== undefined) await fs.rm(built, { recursive: true });
});

/** A page of a model in a browser without a past. */
async function open(place: string): Promise<{ page: Page; context: BrowserContext; errors: string[] }> {
  const context = await newContext(browser);
  return { context, ...(await openPage(context, `${served.origin}/#/m/${place}`)) };
}

describe.skipIf(noBrowser !== undefined)('what goes wrong on a page', () => {
  test('what is typed before the palette is there belongs to it, and not to the keys of the page', async () => {
    const { page, context } = await open('vae');
    await page.waitForSelector('#seed');
    await page.route('**/*.js', () => undefined); // whatever would be loaded now never comes
    await press(page, 'Control+k');
    await page.keyboard.type('dld');
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('dialog input')?.value === 'dld');
    expect(await page.inputValue('#seed')).toBe('0');
    await context.close();
  });

  test('damaged pictures and other files are refused with a reason, and nothing changes', async () => {
    const { page, context, errors } = await open('vae?v=1&latent=3');
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
    await context.close();
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
