/** A built Studio for tests, and what its model page shows. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContext, Download, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { launch, noBrowser, serve } from '../web/browser.js';

const project = path.resolve(import.meta.dirname, '../..');

/** Builds the Studio. @param outDir default: dist/studio, which `genera studio` serves */
export async function buildStudio(outDir?: string): Promise<void> {
  const configFile = path.join(project, 'studio/vite.config.ts');
  await build({
    configFile,
    logLevel: 'warn',
    ...(outDir === undefined ? {} : { build: { outDir, emptyOutDir: true } }),
  });
}

/** Brings dist/ up to date; after `npm test`'s own build there is nothing to do. */
export function buildCommand(): void {
  const compiler = path.join(project, 'node_modules/typescript/bin/tsc');
  spawnSync(process.execPath, [compiler, '-b', 'tsconfig.node.json'], { cwd: project });
}

const contexts: BrowserContext[] = [];

export interface Surroundings {
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

/** A browser without a past, until the end of the test. */
export async function newContext(
  browser: Browser,
  { theme = 'light', width = 1280, height = 900 }: Surroundings = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({ colorScheme: theme, viewport: { width, height } });
  context.setDefaultTimeout(60_000);
  contexts.push(context);
  return context;
}

/** Closes what a test has left open; of one that failed it tells what its pages showed. */
afterEach(async ({ task }) => {
  for (const context of contexts.splice(0)) {
    if (task.result?.state === 'fail') {
      for (const page of context.pages()) console.error(`${task.name}: ${await seen(page).catch(String)}`);
    }
    await context.close();
  }
});

function seen(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { step, shown, state } = document.querySelector<HTMLElement>('.lab')?.dataset ?? {};
    const read = (query: string): string[] =>
      [...document.querySelectorAll<HTMLElement>(query)].map((element) => element.innerText.replaceAll(/\s+/g, ' '));
    return JSON.stringify({
      address: location.href,
      hidden: document.hidden,
      lab: { step, shown, state },
      notices: read('.notice'),
      main: read('main'),
      focus: document.activeElement?.outerHTML.slice(0, 80),
    });
  });
}

/** A page whose own errors end up in the list. */
export async function openPage(context: BrowserContext, address: string): Promise<{ page: Page; errors: string[] }> {
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(address);
  await page.waitForSelector('h1');
  return { page, errors };
}

/** A Studio of its own for the tests of a file. */
export interface TestStudio {
  /** The directory of its files. */
  readonly files: string;
  readonly origin: string;
  readonly browser: Browser;
  /** A page of it in a browser without a past; `place` is what follows the origin. */
  readonly open: (place: string, surroundings?: Surroundings) => Promise<{ page: Page; errors: string[] }>;
}

/**
 * Builds and serves the Studio before a file's first test and clears away after the last; without a browser it does
 * nothing.
 * @param change what to do to the built files before they are served
 * @returns what there is from then on
 */
export function servedStudio(change?: (files: string) => Promise<void>): TestStudio {
  const studio = {
    open: async (place: string, surroundings: Surroundings = {}) =>
      openPage(await newContext(studio.browser, surroundings), `${studio.origin}/${place}`),
  } as { -readonly [K in keyof TestStudio]: TestStudio[K] };
  const cleanUp: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    if (noBrowser !== undefined) return;
    const files = await fs.mkdtemp(path.join(os.tmpdir(), 'genera-studio-'));
    cleanUp.push(() => fs.rm(files, { recursive: true }));
    await buildStudio(files);
    await change?.(files);
    const { origin, close } = await serve(files);
    cleanUp.push(close);
    const browser = await launch();
    cleanUp.push(() => browser.close());
    Object.assign(studio, { files, origin, browser });
  });
  afterAll(async () => {
    for (const step of cleanUp.reverse()) await step();
  });
  return studio;
}

/** What axe finds wrong, each with the first element it found it in. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations: all } = await checker.run(document);
    return all.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`);
  });
}

/** What the model page says of itself. */
export async function lab(page: Page): Promise<{ step: number; shown: number; state: string }> {
  const { step, shown, state } = await page.evaluate(() => ({
    ...document.querySelector<HTMLElement>('.lab')!.dataset,
  }));
  return { step: Number(step), shown: Number(shown), state: state! };
}

export const untilStep = (page: Page, least: number): Promise<unknown> =>
  page.waitForFunction((n) => Number(document.querySelector<HTMLElement>('.lab')?.dataset['step']) >= n, least);

export const untilState = (page: Page, state: string): Promise<unknown> =>
  page.waitForFunction((s) => document.querySelector<HTMLElement>('.lab')?.dataset['state'] === s, state);

/** Presses a key of the page, not of a field. */
export async function press(page: Page, key: string): Promise<void> {
  await page.focus('main');
  await page.keyboard.press(key);
}

/** Moves the timeline. */
export function moveTo(page: Page, step: number): Promise<void> {
  return page.evaluate((wanted) => {
    const slider = document.querySelector<HTMLInputElement>('.timeline input')!;
    slider.value = String(wanted);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  }, step);
}

/** The table under a picture, which is opened if it is not: its cells as they are read. */
export async function numbersOf(page: Page, picture: string): Promise<string[][]> {
  const button = page.locator(`[aria-label="Numbers of ${picture}"][aria-expanded]`);
  if ((await button.getAttribute('aria-expanded')) === 'false') await button.click();
  const rows = page.locator(`section[aria-label="Numbers of ${picture}"] tbody tr`);
  return rows.evaluateAll((all) => all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)));
}

/** What a click gives the user as a file. */
export async function downloaded(page: Page, click: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), click()]);
  return { name: download.suggestedFilename(), bytes: await contents(download) };
}

async function contents(download: Download): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of await download.createReadStream()) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
