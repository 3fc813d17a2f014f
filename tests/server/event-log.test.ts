import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageGrid, imagesOf } from '../../src/node/images.js';
import { deriveEvents } from '../../src/server/studio/derived-events.js';
import { LogReader, LogWriter, lineOf } from '../../src/server/studio/event-log.js';
import type { HostEventBody } from '../../src/train/host.js';
import type { RunConfig } from '../../src/train/run-format.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'genera-log-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const place = { totalSteps: 100, epoch: 0 };
const step = (n: number): HostEventBody => ({
  kind: 'step',
  step: n,
  metrics: { loss: 1 / n, gradient_norm: 2 },
  itemsPerSecond: 5,
  seconds: n / 10,
  ...place,
});
const samples = (n: number, items: number): HostEventBody => {
  const data = Float32Array.from({ length: items * 16 }, (_, i) => (i % 17) / 16);
  return {
    kind: 'samples',
    step: n,
    samples: { shape: [items, 1, 4, 4], dtype: 'float32', data },
    seconds: n / 10,
    ...place,
  };
};

describe('the log of a run', () => {
  it('is read as it grows, with what a list needs to know', async () => {
    const writer = await LogWriter.open(directory);
    const reader = new LogReader(directory);
    await reader.refresh();
    expect(reader.summary).toMatchObject({ count: 0, step: -1 });
    const events = [
      { kind: 'status', state: 'running', step: 0, seconds: 0 } as const,
      step(1),
      samples(1, 14_000), // longer than what is read at once
      step(2),
    ];
    await writer.append(...events.map(lineOf));
    await reader.refresh();
    expect(reader.summary).toMatchObject({ count: 4, step: 2, seconds: 0.2, status: { state: 'running' } });
    await writer.append(lineOf({ kind: 'status', state: 'paused', step: 1, note: 'x "step":9', seconds: 0.3 }));
    await reader.refresh();
    expect(reader.summary).toMatchObject({ count: 5, step: 1, seconds: 0.3, status: { state: 'paused' } });
    for (const [i, event] of events.entries()) expect(await reader.line(i + 1)).toBe(lineOf(event));
    await writer.close();
    const again = new LogReader(directory);
    await again.refresh();
    expect(again.summary).toEqual(reader.summary);
    expect(await again.line(3)).toBe(lineOf(samples(1, 14_000)));
  });

  it('counts a line when it is whole; a writer cuts off what another has left of one', async () => {
    const path = join(directory, 'events.jsonl');
    writeFileSync(path, `${lineOf(step(1))}\n${lineOf(step(2)).slice(0, 30)}`);
    const reader = new LogReader(directory);
    await reader.refresh();
    expect(reader.summary.count).toBe(1);
    appendFileSync(path, `${lineOf(step(2)).slice(30)}\n`);
    await reader.refresh();
    expect(await reader.line(2)).toBe(lineOf(step(2)));
    appendFileSync(path, lineOf(samples(3, 10_000)).slice(0, 200_000));
    const writer = await LogWriter.open(directory);
    await writer.append(lineOf(step(3)));
    await writer.close();
    await reader.refresh();
    expect(reader.summary.count).toBe(3);
    expect(await reader.line(3)).toBe(lineOf(step(3)));
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
  });
});

describe('pictures', () => {
  it.each([
    [7, 1, 5, 6],
    [9, 3, 16, 16],
    [1, 1, 60, 50],
  ])('of %i images [%i, %i, %i] give them back', (...shape) => {
    const [N, C, H, W] = shape as [number, number, number, number];
    const data = Float32Array.from({ length: N * C * H * W }, (_, i) => ((i * 7) % 256) / 255);
    const png = PNG.sync.read(Buffer.from(imageGrid({ shape, dtype: 'float32', data })));
    const images = imagesOf(png, [C, H, W]);
    expect(images?.shape).toEqual(shape);
    expect(Math.max(...(images!.data as Float32Array).map((value, i) => Math.abs(value - data[i]!)))).toBeLessThan(
      1e-6,
    );
    expect(imagesOf(png, [C, H + 1, W])).toBeUndefined();
  });
});

describe('events of a run without a log', () => {
  const config = { totalSteps: 100, data: { kind: 'image', shape: [1, 4, 4] } } as unknown as RunConfig;
  const line = (n: number, part: object): string =>
    `${JSON.stringify({ step: n, epoch: n / 50, seconds: n, ...part })}\n`;
  const metrics = (...lines: readonly string[]): void =>
    appendFileSync(join(directory, 'metrics.jsonl'), lines.join(''));
  const draw = (n: number): void => {
    mkdirSync(join(directory, 'samples'), { recursive: true });
    const data = new Float32Array(16).fill(1);
    writeFileSync(
      join(directory, 'samples', `step-${n}.png`),
      imageGrid({ shape: [1, 1, 4, 4], dtype: 'float32', data }),
    );
  };
  const told = async (after = -1): Promise<string[]> => {
    const bodies = await Promise.all((await deriveEvents(directory, config, after)).map((event) => event.read()));
    return bodies.map((body) => `${body.kind}@${'step' in body ? body.step : '?'}`);
  };

  it('keep their numbers whenever one looks', async () => {
    const seen: string[][] = [await told()];
    const write = [
      () => metrics(line(10, { train: { loss: 1 }, items_per_second: 3 })),
      () => metrics(line(10, { validation: { loss: 2 } })),
      () => metrics(line(10, { evaluation: { fid: 3 } })),
      () => draw(10),
      () => metrics(line(20, { train: { loss: 1 } })),
      () => draw(20),
      () => metrics(line(30, { train: { loss: 1 } }), '{"step": 40, "trai'),
    ];
    for (const act of write) {
      act();
      seen.push(await told());
    }
    const all = ['step@10', 'validation@10', 'evaluation@10', 'samples@10', 'step@20', 'samples@20', 'step@30'];
    expect(seen.at(-1)).toEqual(all);
    for (const part of seen) expect(part).toEqual(all.slice(0, part.length));
    expect(await told(10)).toEqual(all.slice(4));
  });

  it('keep their number when a picture is damaged', async () => {
    metrics(line(10, { train: { loss: 1 } }), line(20, { train: { loss: 1 } }));
    draw(10);
    writeFileSync(join(directory, 'samples', 'step-10.png'), 'no picture');
    writeFileSync(join(directory, 'samples', 'step-20.txt'), 'once upon\n');
    writeFileSync(join(directory, 'samples', 'notes.txt'), 'of somebody');
    expect(await told()).toEqual(['step@10', 'text@10', 'step@20', 'text@20']);
    const [, , , text] = await deriveEvents(directory, config, -1);
    expect(await text!.read()).toMatchObject({ text: 'once upon', totalSteps: 100, seconds: 20 });
  });
});
