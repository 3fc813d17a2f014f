/**
 * The host of training that `genera studio` is: requests and a stream of events over HTTP. The stream is taken up again
 * by the number of the last event, so nothing is lost while the server is away.
 */
import type {
  ExportedBytes,
  ExportKind,
  HostError,
  HostEvent,
  HostInfo,
  RunInfo,
  TrainingHost,
} from '../../../src/train/host.js';
import { fromJson, toJson } from '../../../src/train/json.js';
import { HostFailure } from './failure.js';

/** `refused`: it answers, but has been started again since, with another token. */
export type Connection = 'there' | 'away' | 'refused';

export interface HttpHostOptions {
  /** Address of the folder in which `api/` lies, with a slash at its end. */
  readonly base: string;
  /** The server's token as it is known now. */
  token(): string | undefined;
  /** Told with each answer, and when there is none. */
  onConnection?(connection: Connection): void;
}

/** Milliseconds between attempts to reach a server that does not answer: the first, and the longest. */
const patience = { first: 500, longest: 5000 };

export function createHttpHost({ base, token, onConnection = () => undefined }: HttpHostOptions): TrainingHost {
  const runPath = (run: string, rest = ''): string => `runs/${encodeURIComponent(run)}${rest}`;

  async function ask(method: string, path: string, { body, signal }: Asked = {}): Promise<Response> {
    const known = token();
    let response: Response;
    try {
      response = await fetch(`${base}api/${path}`, {
        method,
        headers: {
          ...(known === undefined ? {} : { Authorization: `Bearer ${known}` }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(toJson(body)) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch {
      if (signal?.aborted !== true) onConnection('away');
      throw new HostFailure('The server does not answer. Is “genera studio” still running?');
    }
    onConnection(response.status === 401 ? 'refused' : 'there');
    if (!response.ok) throw await failureOf(response);
    return response;
  }
  const answer = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
    fromJson(await (await ask(method, path, { body })).json()) as T;
  const act = (run: string, action: string, body: unknown = {}): Promise<RunInfo> =>
    answer('POST', runPath(run, `/${action}`), body);

  return {
    info: () => answer<HostInfo>('GET', 'info'),
    runs: () => answer<RunInfo[]>('GET', 'runs'),
    start: (request) => answer<RunInfo>('POST', 'runs', request),
    resume: (run) => act(run, 'resume'),
    pause: (run) => act(run, 'pause'),
    step: (run, n) => act(run, 'step', { n }),
    stop: (run) => act(run, 'stop'),
    reset: (run) => act(run, 'reset'),
    remove: async (run) => {
      await ask('DELETE', runPath(run));
    },
    explore: (run, query) => answer('POST', runPath(run, '/explore'), query),
    export: async (run, kind) => exported(await ask('GET', runPath(run, `/export/${kind}`)), run, kind),
    watch: (run, from, listener) => {
      const end = new AbortController();
      const open = (next: number): Promise<Response> =>
        ask('GET', runPath(run, `/events?from=${next}`), { signal: end.signal });
      void follow(open, from, end.signal, (event) => {
        if (end.signal.aborted) return;
        try {
          listener(event);
        } catch (error) {
          reportError(error); // the next event is for the listener all the same
        }
      });
      return () => end.abort();
    },
  };
}

interface Asked {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * Reads a stream of events and opens it anew, from the next number on, whenever it ends. Resolves when it is no more
 * wanted, or the run is no more.
 */
async function follow(
  open: (next: number) => Promise<Response>,
  from: number,
  signal: AbortSignal,
  listener: (event: HostEvent) => void,
): Promise<void> {
  let next = from;
  let wait = patience.first;
  const take = (text: string): void => {
    const event = fromJson(JSON.parse(text)) as HostEvent;
    if (event.number < next) return;
    next = event.number + 1;
    listener(event);
  };
  while (!signal.aborted) {
    try {
      const { body } = await open(next);
      wait = patience.first;
      await readEvents(body!, take);
    } catch (error) {
      if (error instanceof HostFailure && error.status === 404) return;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, patience.longest);
  }
}

/** The data of server-sent events, which here have one line each, until the stream ends. */
async function readEvents(body: ReadableStream<Uint8Array<ArrayBuffer>>, take: (data: string) => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith('data: ')) take(line.slice('data: '.length));
  }
}

async function failureOf(response: Response): Promise<HostFailure> {
  const { status, statusText } = response;
  if (status === 401)
    return new HostFailure('“genera studio” has been started again: open its new address.', { status });
  try {
    const { error } = (await response.json()) as { error: HostError };
    return new HostFailure(error.message, { error, status });
  } catch {
    return new HostFailure(`The server answered ${status} ${statusText}.`, { status });
  }
}

async function exported(response: Response, run: string, kind: ExportKind): Promise<ExportedBytes> {
  const name = /filename="?([^";]+)"?/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
  return { name: name ?? `${run}.${kind}`, bytes: new Uint8Array(await response.arrayBuffer()) };
}
