import { describe, expect, it } from 'vitest';
import { WorkQueue } from '../../src/server/work-queue.js';

const never = new AbortController().signal;

/** Work that ends when it is told to. */
function held(queue: WorkQueue, log: string[], name: string, signal = never) {
  let end = () => {};
  const open = new Promise<void>((done) => {
    end = done;
  });
  const result = queue.run(signal, async () => {
    log.push(`${name} begins`);
    await open;
    log.push(`${name} ends`);
    return name;
  });
  return { result, end };
}

describe('WorkQueue', () => {
  it('does one piece after the other, in order', async () => {
    const queue = new WorkQueue(5);
    const log: string[] = [];
    const pieces = ['a', 'b', 'c'].map((name) => held(queue, log, name));
    expect(queue.length).toBe(3);
    for (const { end } of pieces.toReversed()) end();
    expect(await Promise.all(pieces.map(({ result }) => result))).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(queue.length).toBe(0);
  });

  it('goes on after a piece that fails', async () => {
    const queue = new WorkQueue(5);
    const failing = queue.run(never, () => Promise.reject(new Error('broken')));
    const next = queue.run(never, async () => 'done');
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('done');
  });

  it('never begins what was given up while it waited', async () => {
    const queue = new WorkQueue(5);
    const log: string[] = [];
    const first = held(queue, log, 'first');
    const gone = new AbortController();
    const second = held(queue, log, 'second', gone.signal);
    const third = held(queue, log, 'third');
    gone.abort(new Error('gone'));
    await expect(second.result).rejects.toThrow('gone');
    expect(queue.length).toBe(2);
    first.end();
    third.end();
    await third.result;
    expect(log).toEqual(['first begins', 'first ends', 'third begins', 'third ends']);
    await expect(queue.run(gone.signal, async () => 'never')).rejects.toThrow('gone');
  });

  it('refuses what is too much', async () => {
    const queue = new WorkQueue(1);
    const [a, b] = [held(queue, [], 'a'), held(queue, [], 'b')];
    await expect(queue.run(never, async () => 'c')).rejects.toMatchObject({ status: 429 });
    a.end();
    b.end();
    await b.result;
    expect(await queue.run(never, async () => 'c')).toBe('c');
  });

  it('finishes what is at work when it stops, and nothing else', async () => {
    const queue = new WorkQueue(5);
    const log: string[] = [];
    const [first, second] = [held(queue, log, 'first'), held(queue, log, 'second')];
    let stopped = false;
    const stop = queue.stop().then(() => {
      stopped = true;
    });
    await expect(second.result).rejects.toMatchObject({ status: 503 });
    await expect(queue.run(never, async () => 'third')).rejects.toMatchObject({ status: 503 });
    expect(stopped).toBe(false);
    first.end();
    await stop;
    expect(await first.result).toBe('first');
    expect(log).toEqual(['first begins', 'first ends']);
    await new WorkQueue(1).stop();
  });
});
