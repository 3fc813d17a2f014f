import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HostEventBody } from '../../src/train/host.js';
import { reweigh } from '../../studio/src/family/text/tokens.js';
import { Frames } from '../../studio/src/run/frames.js';
import { RunView } from '../../studio/src/run/run-view.js';
import { decimated, Series, smoothed } from '../../studio/src/run/series.js';
import { throttled } from '../../studio/src/run/throttle.js';
import { createHost } from './fake-host.js';

/** The little of a document that the clock of drawing looks at. */
const page = { hidden: false, waiting: [] as (() => void)[] };
const show = (): void => {
  page.hidden = false;
  for (const listener of page.waiting.splice(0)) listener();
};

beforeAll(() => {
  vi.stubGlobal('document', {
    get hidden() {
      return page.hidden;
    },
    addEventListener: (_: string, listener: () => void) => page.waiting.push(listener),
    removeEventListener: () => undefined,
  });
});
beforeEach(() => {
  vi.useFakeTimers();
  page.hidden = false;
});

describe('drawing', () => {
  test('happens at once, then not too often, and the last request is not lost', () => {
    let drawn = 0;
    const draw = throttled(100, () => drawn++);
    draw();
    vi.advanceTimersByTime(1);
    expect(drawn).toBe(1);
    for (let i = 0; i < 50; i++) {
      draw();
      vi.advanceTimersByTime(10);
    }
    expect(drawn).toBeLessThanOrEqual(7);
    vi.advanceTimersByTime(200);
    expect(drawn).toBeGreaterThanOrEqual(6);
  });

  test('waits while the tab is hidden', () => {
    let drawn = 0;
    const draw = throttled(100, () => drawn++);
    page.hidden = true;
    draw();
    vi.advanceTimersByTime(1000);
    expect(drawn).toBe(0);
    show();
    vi.advanceTimersByTime(200);
    expect(drawn).toBe(1);
  });
});

describe('what was seen', () => {
  test('is found by step', () => {
    const frames = new Frames<string>();
    expect(frames.at(3)).toBeUndefined();
    for (const step of [10, 20, 30]) frames.add(step, `at ${step}`);
    expect(frames.at(undefined)).toEqual({ step: 30, value: 'at 30' });
    expect(frames.at(25)).toEqual({ step: 20, value: 'at 20' });
    expect(frames.at(20)).toEqual({ step: 20, value: 'at 20' });
    expect(frames.at(5)).toEqual({ step: 10, value: 'at 10' });
    frames.add(15, 'again');
    expect(frames.steps).toEqual([10, 15]);
  });

  test('is thinned, but the first and the last stay', () => {
    const frames = new Frames<number>(20);
    for (let step = 0; step < 1000; step++) frames.add(step, step);
    expect(frames.steps.length).toBeLessThanOrEqual(20);
    expect(frames.steps[0]).toBe(0);
    expect(frames.steps.at(-1)).toBe(999);
    expect(frames.steps).toEqual([...frames.steps].sort((a, b) => a - b));
    expect(frames.values).toEqual(frames.steps);
  });

  test('numbers by step, thinned and smoothed', () => {
    const series = new Series();
    for (let step = 1; step <= 5000; step++) series.add(step, 1 / step);
    expect(series.at(1)).toBe(1);
    expect(series.at(0)).toBe(1);
    expect(series.at(4)).toBe(0.25);
    expect(series.at(99_999)).toBe(1 / 5000);
    const [steps, values] = decimated(series, 100);
    expect(steps.length).toBeLessThanOrEqual(101);
    expect(steps.at(-1)).toBe(5000);
    expect(values[0]).toBe(1);
    expect(smoothed([4, 4, 4], 0.9)).toEqual([4, 4, 4].map((v) => expect.closeTo(v)));
    expect(smoothed([0, 1], 0.5)).toEqual([0, expect.closeTo(2 / 3)]);
  });
});

describe('a run', () => {
  async function watched() {
    const host = createHost({ totalSteps: 60 });
    const info = await host.start({ model: 'vae', settings: {}, seed: 1, paused: true });
    const run = new RunView(host, info);
    run.watch();
    return { host, run, id: info.id };
  }

  test('gathers numbers and pictures, and shows them at any step', async () => {
    const { host, run, id } = await watched();
    await host.step(id, 60);
    vi.advanceTimersByTime(1000);
    expect(run.step.value).toBe(60);
    expect(run.totalSteps.value).toBe(60);
    expect(run.state.value).toBe('done');
    expect(run.samples.steps).toEqual([10, 20, 30, 40, 50, 60]);
    const last = run.valueOf('loss')!;
    run.position.value = 10;
    expect(run.shown.value).toBe(10);
    expect(run.valueOf('loss')).toBeGreaterThan(last);
    expect(run.valueOf('validation:loss')).toBeDefined();
  });

  test('draws at most ten times a second however many steps there are', async () => {
    const { host, run, id } = await watched();
    let drawn = 0;
    run.numbers.subscribe(() => drawn++);
    for (let i = 0; i < 50; i++) {
      await host.step(id, 1);
      vi.advanceTimersByTime(20);
    }
    expect(drawn).toBeLessThanOrEqual(13);
    expect(run.series.get('loss')!.steps).toHaveLength(50);
  });

  test('that goes back forgets what came after', async () => {
    const { host, run, id } = await watched();
    await host.step(id, 40);
    const step = (n: number): HostEventBody => ({
      kind: 'step',
      metrics: { loss: 5 },
      itemsPerSecond: 1,
      step: n,
      totalSteps: 60,
      epoch: 0,
      seconds: 1,
    });
    // After a lost device it goes on from its last checkpoint.
    run.take({ run: id, number: 999, event: step(21) });
    vi.advanceTimersByTime(1000);
    expect(run.step.value).toBe(21);
    expect(run.series.get('loss')!.steps.at(-1)).toBe(21);
    expect(run.series.get('loss')!.steps).toHaveLength(21);
    expect(run.samples.steps).toEqual([10, 20]);
    run.take({ run: id, number: 1000, event: { kind: 'status', state: 'paused', step: 0, seconds: 0 } });
    vi.advanceTimersByTime(1000);
    expect(run.step.value).toBe(0);
    expect(run.series.get('loss')!.steps).toHaveLength(0);
  });

  test('shows a note while it is news', async () => {
    const { run, id } = await watched();
    let number = 50;
    const tell = (state: 'preparing' | 'paused' | 'running', seconds: number, note?: string): void =>
      run.take({
        run: id,
        number: number++,
        event: { kind: 'status', state, step: 0, seconds, ...(note === undefined ? {} : { note }) },
      });
    tell('paused', 100, 'The GPU was lost.');
    tell('running', 100);
    expect(run.note.value).toBe('The GPU was lost.');
    tell('paused', 161);
    expect(run.note.value).toBeUndefined();
    tell('paused', 161, 'Again.');
    tell('preparing', 161); // it was opened anew
    expect(run.note.value).toBeUndefined();
  });

  test('that failed says why', async () => {
    const { run, id } = await watched();
    const error = {
      name: 'NonFiniteError',
      message: 'The loss is NaN.',
      operation: 'train',
      expected: 'numbers',
      got: 'NaN',
    };
    run.take({ run: id, number: 50, event: { kind: 'status', state: 'failed', error, seconds: 2 } });
    expect(run.state.value).toBe('failed');
    expect(run.error.value).toEqual(error);
  });
});

describe('temperature', () => {
  const logits = [2, 1, 0, -1];
  const logSumExp = Math.log(logits.reduce((sum, l) => sum + Math.exp(l), 0));
  const tokens = logits.map((logit, token) => ({
    token,
    text: `${token}`,
    logit,
    probability: Math.exp(logit - logSumExp),
  }));
  const answer = { prompt: [], tokens, entropy: 0, logSumExp, vocabulary: 4 };

  test('of one leaves the probabilities as they are', () => {
    const { tokens: weighted, entropy } = reweigh(answer, 1);
    for (const [i, { probability }] of weighted.entries()) expect(probability).toBeCloseTo(tokens[i]!.probability, 12);
    expect(entropy).toBeCloseTo(-tokens.reduce((sum, { probability: p }) => sum + p * Math.log(p), 0), 12);
  });

  test('of T divides the logits by T', () => {
    const weights = logits.map((l) => Math.exp(l / 0.5));
    const total = weights.reduce((a, b) => a + b, 0);
    for (const [i, { probability }] of reweigh(answer, 0.5).tokens.entries()) {
      expect(probability).toBeCloseTo(weights[i]! / total, 12);
    }
    expect(reweigh(answer, 2).entropy).toBeGreaterThan(reweigh(answer, 0.5).entropy);
  });

  test('where only some tokens are known the rest keep their part at one', () => {
    const { tokens: weighted, entropy } = reweigh({ ...answer, tokens: tokens.slice(0, 2) }, 1);
    expect(weighted[0]!.probability).toBeCloseTo(tokens[0]!.probability, 12);
    expect(entropy).toBeGreaterThan(0);
  });
});
