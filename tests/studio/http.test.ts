/** The Studio's end of the server's interface, with a server that breaks off, repeats itself, and knows other tokens. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Connection, createHttpHost } from '../../studio/src/host/http.js';

interface Asked {
  readonly path: string;
  readonly token: string | null;
}

let asked: Asked[] = [];
/** Answers to requests, in their order; `undefined`: the server is away. Where there are no more, it is away. */
let answers: (Response | undefined)[] = [];
let connections: Connection[] = [];
let token = 'first';

beforeEach(() => {
  vi.useFakeTimers();
  [asked, answers, connections, token] = [[], [], [], 'first'];
  vi.stubGlobal('fetch', async (address: string, { headers }: RequestInit) => {
    asked.push({ path: address, token: new Headers(headers).get('authorization') });
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError('Failed to fetch');
    return answer;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const host = () =>
  createHttpHost({ base: '/', token: () => token, onConnection: (connection) => connections.push(connection) });

const lineOf = (number: number, step: number): string =>
  `id: ${number}\ndata: {"run":"vae","number":${number},"event":{"kind":"status","state":"running","step":${step},"seconds":1}}\n\n`;

/** A stream of these parts, which then ends or, `broken`, breaks off. */
function stream(parts: readonly string[], { broken = false } = {}): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
    },
    // Asked when all parts have been read.
    pull(controller) {
      if (broken) controller.error(new TypeError('network error'));
      else controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

const refusal = (status: number, message: string): Response =>
  Response.json({ error: { name: 'E', message } }, { status });

/** Watches until the answers have been used up. */
async function watched(from = 1): Promise<{ numbers: number[]; end: () => void }> {
  const numbers: number[] = [];
  const end = host().watch('vae', from, ({ number }) => numbers.push(number));
  for (let i = 0; i < 40 && answers.length > 0; i++) await vi.advanceTimersByTimeAsync(1000);
  await vi.advanceTimersByTimeAsync(100);
  return { numbers, end };
}

test('each event is told once, whatever the server repeats and wherever it breaks off', async () => {
  const [three, four] = [lineOf(3, 30), lineOf(4, 40)];
  answers = [
    // Cut in the middle of a line, and of a character.
    stream([lineOf(1, 10) + lineOf(2, 20) + three.slice(0, 25)], { broken: true }),
    undefined,
    stream([lineOf(2, 20), ':\n\n', three.slice(0, 40), three.slice(40) + four], { broken: true }),
    stream([lineOf(5, 50)]),
  ];
  const { numbers, end } = await watched();
  end();
  expect(numbers).toEqual([1, 2, 3, 4, 5]);
  expect(asked.map(({ path }) => path).slice(0, 4)).toEqual([1, 3, 3, 5].map((n) => `/api/runs/vae/events?from=${n}`));
  expect(connections.slice(0, 4)).toEqual(['there', 'away', 'there', 'there']);
});

test('a server that was started again is told of, and is followed as soon as its token is known', async () => {
  answers = [stream([lineOf(1, 10)], { broken: true }), refusal(401, 'no'), refusal(401, 'no')];
  const { numbers, end } = await watched();
  expect(connections).toContain('refused');
  expect(connections).not.toContain('away');
  token = 'second';
  answers = [stream([lineOf(2, 20)])];
  for (let i = 0; i < 20 && numbers.length < 2; i++) await vi.advanceTimersByTimeAsync(1000);
  end();
  expect(numbers).toEqual([1, 2]);
  const { token: last } = asked.find(({ path, token: sent }) => path.endsWith('from=2') && sent?.endsWith('second'))!;
  expect(last).toBe('Bearer second');
  expect(asked.every(({ path }) => !path.includes('first'))).toBe(true); // no token in an address, which logs keep
});

test('a run that is no more is not asked for again, and a watch that has ended neither', async () => {
  answers = [refusal(404, 'run: expected the name of a run')];
  await watched();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);

  answers = [stream([lineOf(1, 10)])];
  const { numbers, end } = await watched();
  end();
  const before = asked.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.length).toBe(before);
  expect(numbers).toEqual([1]);
});

test('requests fail with what the server said, or with what is to be done', async () => {
  answers = [
    refusal(400, 'step: expected a paused run'),
    refusal(401, 'x'),
    undefined,
    new Response('', { status: 502 }),
  ];
  const failures: string[] = [];
  for (let i = 0; i < 4; i++)
    await host()
      .step('vae', 1)
      .catch((error: Error) => failures.push(error.message));
  expect(failures).toEqual([
    'step: expected a paused run',
    expect.stringMatching(/started again.*new address/),
    expect.stringMatching(/does not answer.*genera studio/),
    expect.stringMatching(/502/),
  ]);
  expect(connections).toEqual(['there', 'refused', 'away', 'there']);
});
