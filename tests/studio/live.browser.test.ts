/** The Studio behind a real `genera studio`: native training on its page, and a server that is killed and started again. */
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { trainerOf } from '../../src/node/run-lock.js';
import { formatNumber } from '../../studio/src/pictures/numbers.js';
import { decimated, Series } from '../../studio/src/run/series.js';
import { workspace } from '../cli/harness.js';
import { StudioProcess } from '../server/studio-process.js';
import { launch, noBrowser } from '../web/browser.js';
import {
  buildCommand,
  buildStudio,
  lab,
  moveTo,
  newContext,
  numbersOf,
  openPage,
  press,
  untilState,
  untilStep,
} from './page.js';

let browser: Browser;
let leave = () => {};
let studio: StudioProcess;

beforeAll(async () => {
  if (noBrowser !== undefined) return;
  buildCommand();
  await buildStudio();
  browser = await launch();
});
beforeEach(async () => {
  leave = workspace();
  studio = await StudioProcess.start();
});
afterEach(async () => {
  await studio?.end('SIGTERM');
  leave();
});
afterAll(() => browser?.close());

const addressOf = ({ url, token }: StudioProcess): string => `${url}#token=${token}`;
/** Trained for longer than a test lasts; every tenth step is logged, every 334th drawn. */
const model = 'm/vae#v=1&preset=tiny&steps=20000&seed=4';
const run = 'vae';

/** Another server on the same port and folder: it has another token. */
async function startAgain(): Promise<StudioProcess> {
  return StudioProcess.start(['--port', new URL(studio.url).port]);
}

/** Opens what the server printed, in a tab of its own, as `genera studio` does on a terminal. */
async function openPrinted(page: Page): Promise<void> {
  const { page: other } = await openPage(page.context(), addressOf(studio));
  await other.close();
}

/** The loss as the run's folder has it, as the page's table shows it. A run that went back told some steps twice. */
function lossInFolder(): string[][] {
  const lines = readFileSync(`runs/${run}/metrics.jsonl`, 'utf8').trimEnd().split('\n');
  const series = new Series();
  for (const line of lines) {
    const { step, train } = JSON.parse(line) as { step: number; train?: { loss: number } };
    if (train !== undefined) series.add(step, train.loss);
  }
  const [steps, values] = decimated(series, 150);
  return steps.map((step, i) => [formatNumber(step), formatNumber(values[i]!)]);
}

async function expectLossOfFolder(page: Page): Promise<void> {
  await expect.poll(() => numbersOf(page, 'loss'), { timeout: 20_000 }).toEqual(lossInFolder());
}

const notice = (page: Page, text: string): Promise<unknown> => page.waitForSelector(`.notice:has-text("${text}")`);
const noNotice = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => document.querySelector('.notice-warning, .notice-error') === null);

describe.skipIf(noBrowser !== undefined)('behind genera studio', () => {
  test('play, look back, kill the server in mid-training, start it again: nothing is lost or told twice', async () => {
    const { page, errors } = await openPage(await newContext(browser), addressOf(studio));
    expect(new URL(page.url()).hash).toBe(''); // the token does not stay in the address
    await page.goto(`${studio.url}${model}`);
    await page.waitForSelector('.lab');
    await press(page, 'Space');
    await untilStep(page, 700);
    await page.waitForSelector('[data-samples="668"]');
    expect(await page.textContent('.status')).toContain('(server)');
    await press(page, 'Space');
    await untilState(page, 'paused');
    await expectLossOfFolder(page);

    // Back along the timeline: the samples are those of then, and training stays where it is.
    const { step: reached } = await lab(page);
    await moveTo(page, 400);
    await page.waitForSelector('[data-samples="334"]');
    expect(await lab(page)).toEqual({ step: reached, shown: 400, state: 'paused' });

    // The server dies. What it trained stores its state; the page says so and waits.
    await press(page, 'Space');
    await untilStep(page, reached + 100);
    await studio.end('SIGKILL');
    await notice(page, 'does not answer');
    studio = await startAgain();
    await notice(page, 'has been started again');
    const { state } = await lab(page);
    expect(state).toBe('running'); // as far as it knows
    await openPrinted(page);
    await untilState(page, 'stopped');
    await noNotice(page);
    await expectLossOfFolder(page);
    const { step: stopped } = await lab(page);
    expect(readFileSync(`runs/${run}/checkpoints/last`, 'utf8')).toBe(`step-${stopped}\n`);

    // It goes on from there.
    await press(page, 'Space');
    await untilStep(page, stopped + 50);
    await press(page, 'Space');
    await untilState(page, 'paused');
    await expectLossOfFolder(page);
    expect(errors).toEqual([]);
  });

  test('server and training are killed together: the run goes on from its last checkpoint', async () => {
    const { page } = await openPage(await newContext(browser), addressOf(studio));
    await page.goto(`${studio.url}${model}`);
    await page.waitForSelector('.lab');
    await press(page, 'Space');
    await untilStep(page, 60);
    const trainer = (await trainerOf(`runs/${run}`))!;
    process.kill(trainer, 'SIGSTOP'); // so that it cannot store its state when it finds the server gone
    await studio.end('SIGKILL');
    process.kill(trainer, 'SIGKILL');
    studio = await startAgain();
    await notice(page, 'has been started again');
    await openPrinted(page);
    await untilState(page, 'stopped');
    await page.waitForSelector('.notice-info:has-text("its process had ended; it goes on from its last checkpoint")');
    const { step: told } = await lab(page);
    await press(page, 'Space');
    await untilStep(page, told + 100);
    await press(page, 'Space');
    await untilState(page, 'paused');
    await expectLossOfFolder(page);
  });

  test('a page that is loaded anew with the token of an earlier start says what to do, and does the rest itself', async () => {
    const { page } = await openPage(await newContext(browser), addressOf(studio));
    await studio.end('SIGKILL');
    studio = await startAgain();
    await page.goto(`${studio.url}m/vae#v=1&preset=tiny&seed=8`);
    await notice(page, 'does not let this page in');
    await openPrinted(page);
    await page.waitForFunction(() => document.querySelector('.status')?.textContent.includes('(server)'));
    await noNotice(page);
    expect(await page.inputValue('#seed')).toBe('8');
  });
});
