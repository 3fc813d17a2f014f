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

export interface HttpHostOptions {
  /** Address of the folder in which `api/` lies, with a slash at its end. */
  readonly base: string;
  readonly token?: string | undefined;
  /** Told when the server does not answer, and when it does again. */
  readonly onConnection?: (alive: boolean) => void;
}

/** Milliseconds between attempts to reach a server that does not answer: the first, and the longest. */
const patience = { first: 500, longest: 5000 };

export function createHttpHost({ base, token, onConnection = () => undefined }: HttpHostOptions): TrainingHost {
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const addressOf = (path: string): string => `${base}api/${path}`;
  const runPath = (run: string, rest = ''): string => `runs/${encodeURIComponent(run)}${rest}`;

  async function ask(method: string, path: string, body?: unknown): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(addressOf(path), {
        method,
        headers: body === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(toJson(body)) }),
      });
    } catch {
      onConnection(false);
      throw new HostFailure('The server does not answer. Is “genera studio” still running?');
    }
    onConnection(true);
    if (!response.ok) throw await failureOf(response);
    return response;
  }
  const answer = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
    fromJson(await (await ask(method, path, body)).json()) as T;
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
      const address = (next: number): string => {
        const params = new URLSearchParams({ from: String(next), ...(token === undefined ? {} : { token }) });
        return `${addressOf(runPath(run, '/events'))}?${params}`;
      };
      return follow(address, from, listener, onConnection);
    },
  };
}

/** Reads a stream of events and opens it anew, from the next number on, whenever it ends. */
function follow(
  address: (next: number) => string,
  from: number,
  listener: (event: HostEvent) => void,
  onConnection: (alive: boolean) => void,
): () => void {
  let next = from;
  let wait = patience.first;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let source: EventSource;
  const open = (): void => {
    source = new EventSource(address(next));
    source.onopen = () => {
      wait = patience.first;
      onConnection(true);
    };
    source.onmessage = ({ data }) => {
      const event = fromJson(JSON.parse(data)) as HostEvent;
      if (event.number < next) return;
      next = event.number + 1;
      listener(event);
    };
    source.onerror = () => {
      source.close();
      onConnection(false);
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, patience.longest);
    };
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

async function failureOf(response: Response): Promise<HostFailure> {
  try {
    const { error } = (await response.json()) as { error: HostError };
    return new HostFailure(error.message, error);
  } catch {
    return new HostFailure(`The server answered ${response.status} ${response.statusText}.`);
  }
}

async function exported(response: Response, run: string, kind: ExportKind): Promise<ExportedBytes> {
  const name = /filename="?([^";]+)"?/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
  return { name: name ?? `${run}.${kind}`, bytes: new Uint8Array(await response.arrayBuffer()) };
}
