/** `genera studio` as a process of its own, and a client of its interface. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostEvent, RunInfo, StartRequest } from '../../src/train/host.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const program = join(project, 'dist/cli/main.js');

/** A node process that runs the built command. */
export function spawnGenera(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

export class StudioProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly token: string;

  private constructor(child: ChildProcess, { url, token }: { url: string; token: string }) {
    this.child = child;
    this.url = url;
    this.token = token;
  }

  static async start(args: readonly string[] = []): Promise<StudioProcess> {
    const child = spawnGenera(['studio', 'runs', '--port', '0', '--json', ...args]);
    let [stdout, stderr] = ['', ''];
    child.stderr?.on('data', (text) => (stderr += text));
    const line = await new Promise<string>((done, fail) => {
      child.stdout?.on('data', (text) => {
        stdout += text;
        if (stdout.endsWith('\n')) done(stdout);
      });
      child.once('close', () => fail(new Error(stderr)));
    });
    return new StudioProcess(child, JSON.parse(line));
  }

  /** Ends it, by default without a word. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const closed = new Promise<number | null>((done) => this.child.once('close', done));
    this.child.kill(signal);
    return closed;
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...init.headers };
    return fetch(`${this.url}${path}`, { ...init, headers });
  }

  /** The answer to a request; one that fails throws its message. */
  async ask<T = RunInfo>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.fetch(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    const value = text === '' ? undefined : JSON.parse(text);
    if (!response.ok) throw new Error(`${response.status} ${value.error.message}`);
    return value;
  }

  start(request: Partial<StartRequest>): Promise<RunInfo> {
    return this.ask('POST', 'api/runs', request);
  }

  runs(): Promise<RunInfo[]> {
    return this.ask('GET', 'api/runs');
  }

  /** Events from a number on, until one is the last that is wanted. */
  async events(run: string, from: number, last: (event: HostEvent['event']) => boolean): Promise<HostEvent[]> {
    const seen: HostEvent[] = [];
    for await (const event of this.watch(run, from)) {
      seen.push(event);
      if (last(event.event)) break;
    }
    return seen;
  }

  async *watch(run: string, from = 1): AsyncGenerator<HostEvent> {
    const stop = new AbortController();
    const response = await this.fetch(`api/runs/${run}/events?from=${from}`, { signal: stop.signal });
    if (!response.ok) throw new Error(await response.text());
    let rest = '';
    try {
      for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + part).split('\n\n');
        rest = blocks.pop()!;
        for (const block of blocks) {
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (data !== undefined) yield JSON.parse(data);
        }
      }
    } finally {
      stop.abort();
    }
  }
}
