/**
 * Training in the browser, behind the interface that all hosts of training have. Each open run has a worker of its own:
 * the page stays free, and the end of the worker gives back all of its memory. Nothing is downloaded before the first run
 * is opened.
 */
import { BackendError } from '../core/errors.js';
import type { AnswerOf, Query, QueryKind, QueryOf } from '../inference/explore-queries.js';
import {
  type ExportedBytes,
  type ExportKind,
  type HostEvent,
  type HostInfo,
  hostError,
  type RunInfo,
  type StartRequest,
  type TrainingHost,
} from '../train/host.js';
import { describeAdapter, findAdapter } from './adapter.js';
import { RunWorker } from './client.js';
import { EventLog } from './event-log.js';
import type { OpenRequest, RunOptions, Told } from './messages.js';
import { RunDatabase, type RunRecord } from './store.js';
import { describeThreads, threadsFor } from './threads.js';

export interface HostOptions extends RunOptions {
  /** Makes a worker of `genera/web/worker`, where the bundler does not do so by itself. */
  readonly worker?: () => Worker;
}

/** What a worker says by itself. */
type Spoken = Exclude<Told, { kind: 'answer' | 'refusal' }>;

/** A run with its worker. */
interface OpenRun {
  readonly worker: RunWorker;
  info: RunInfo;
  /** Whether it is to train. */
  wanted: boolean;
  /** Whether it could not be made ready. */
  broken: boolean;
  /** The checkpoint that it went on from when the GPU was lost, if it was. */
  readonly lostAt: number | undefined;
}

/** Workers that are kept without work, in case somebody asks more. */
const idleWorkers = 2;

export function createHost({ worker: makeWorker = defaultWorker, ...options }: HostOptions = {}): TrainingHost {
  return new BrowserHost(makeWorker, options);
}

function defaultWorker(): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'genera' });
}

class BrowserHost implements TrainingHost {
  readonly #makeWorker: () => Worker;
  readonly #options: RunOptions;
  readonly #listeners = new Map<string, Set<(event: HostEvent) => void>>();
  /** In the order in which they were opened. */
  readonly #open = new Map<string, Promise<OpenRun>>();
  #store: Promise<RunDatabase> | undefined;
  /** What the last worker computes on. */
  #device: Pick<HostInfo, 'backend' | 'description'> | undefined;

  constructor(makeWorker: () => Worker, options: RunOptions) {
    this.#makeWorker = makeWorker;
    this.#options = options;
  }

  async info(): Promise<HostInfo> {
    this.#device ??= await this.#guess();
    // Of this tab alone, and in some browsers only.
    const { memory } = performance as { memory?: { usedJSHeapSize: number } };
    return { kind: 'browser', ...this.#device, ...(memory === undefined ? {} : { memory: memory.usedJSHeapSize }) };
  }

  /** What a worker would choose. */
  async #guess(): Promise<Pick<HostInfo, 'backend' | 'description'>> {
    const { device = 'auto' } = this.#options;
    const adapter = device === 'wasm' ? undefined : await findAdapter(this.#options);
    if (adapter !== undefined) return { backend: 'webgpu', description: `WebGPU, ${describeAdapter(adapter)}` };
    return { backend: 'wasm', description: `WebAssembly, ${describeThreads(threadsFor(this.#options))}` };
  }

  async start({ paused = false, ...request }: StartRequest): Promise<RunInfo> {
    const open = await this.#openRun(request);
    if (!paused) {
      open.wanted = true;
      void open.worker.call('play').catch(() => undefined); // its failure is an event
    }
    return open.info;
  }

  async resume(run: string): Promise<RunInfo> {
    const open = await this.#of(run);
    open.wanted = true;
    return open.worker.call('play');
  }

  async pause(run: string): Promise<RunInfo> {
    const open = await this.#of(run);
    open.wanted = false;
    return open.worker.call('pause');
  }

  async step(run: string, n: number): Promise<RunInfo> {
    const open = await this.#of(run);
    open.wanted = false;
    return open.worker.call('step', n);
  }

  async reset(run: string): Promise<RunInfo> {
    const open = await this.#of(run);
    open.wanted = false;
    return open.worker.call('reset');
  }

  async stop(run: string): Promise<RunInfo> {
    const open = await this.#openOrNone(run);
    if (open === undefined) return infoOf(await (await this.#database()).get(run));
    open.wanted = false;
    try {
      return await open.worker.call('stop');
    } finally {
      this.#close(open, 'stopped');
    }
  }

  async remove(run: string): Promise<void> {
    const open = await this.#openOrNone(run);
    if (open !== undefined) this.#close(open, 'removed');
    await (await this.#database()).remove(run);
    this.#listeners.delete(run);
  }

  async runs(): Promise<RunInfo[]> {
    const records = await (await this.#database()).list();
    return Promise.all(records.map(async (record) => (await this.#openOrNone(record.id))?.info ?? infoOf(record)));
  }

  watch(run: string, from: number, listener: (event: HostEvent) => void): () => void {
    let next = from;
    let watching = true;
    let early: HostEvent[] | undefined = [];
    const deliver = (event: HostEvent): void => {
      if (!watching || event.number < next) return;
      next = event.number + 1;
      listener(event);
    };
    const live = (event: HostEvent): void => {
      if (early === undefined) deliver(event);
      else early.push(event);
    };
    const listeners = this.#listeners.get(run) ?? new Set();
    this.#listeners.set(run, listeners.add(live));
    // What happens while the past is read waits for it.
    const past = async (): Promise<void> => {
      const store = await this.#database();
      for (;;) {
        const events = await store.events(run, next, 200);
        for (const event of events) deliver(event);
        if (events.length < 200) return;
      }
    };
    void past()
      .catch(() => undefined) // a store that cannot be read is told by whatever else needs it
      .then(() => {
        for (const event of early ?? []) deliver(event);
        early = undefined;
      });
    return () => {
      watching = false;
      listeners.delete(live);
    };
  }

  async explore<K extends QueryKind>(run: string, query: QueryOf<K>): Promise<AnswerOf<K>> {
    return (await this.#of(run)).worker.call('explore', query as Query) as Promise<unknown> as Promise<AnswerOf<K>>;
  }

  async export(run: string, kind: ExportKind): Promise<ExportedBytes> {
    return (await this.#of(run)).worker.call('export', kind);
  }

  #database(): Promise<RunDatabase> {
    this.#store ??= RunDatabase.open();
    this.#store.catch(() => {
      this.#store = undefined;
    });
    return this.#store;
  }

  /** The run, opened if it is not. */
  async #of(run: string): Promise<OpenRun> {
    const open = await this.#open.get(run);
    if (open?.broken === true) this.#close(open, 'opened anew');
    return this.#open.get(run) ?? this.#openRun(run);
  }

  async #openOrNone(run: string): Promise<OpenRun | undefined> {
    return this.#open.get(run)?.catch(() => undefined);
  }

  async #openRun(run: OpenRequest['run'], again: { note?: string; lostAt?: number } = {}): Promise<OpenRun> {
    const opening = this.#makeRun(run, again);
    if (typeof run === 'string') {
      this.#open.set(run, opening);
      opening.catch(() => this.#open.delete(run));
      return opening;
    }
    const open = await opening;
    this.#open.set(open.info.id, opening);
    return open;
  }

  async #makeRun(run: OpenRequest['run'], { note, lostAt }: { note?: string; lostAt?: number }): Promise<OpenRun> {
    await this.#makeRoom();
    let open: OpenRun | undefined;
    const worker = new RunWorker(this.#makeWorker(), (message) => this.#hear(open, message));
    try {
      const info = await worker.call('open', { run, options: this.#options, note });
      open = { worker, info, wanted: false, broken: false, lostAt };
    } catch (error) {
      worker.end(error as Error);
      throw error;
    }
    const made = open;
    worker.call('ready').then(
      ({ backend, description }) => {
        this.#device = { backend, description };
      },
      () => {
        made.broken = true; // why is an event
      },
    );
    return made;
  }

  #hear(open: OpenRun | undefined, message: Spoken): void {
    if (message.kind === 'event') {
      if (open !== undefined) open.info = message.info;
      this.#tell(message.event);
    } else if (open !== undefined) void this.#recover(open, message.reason);
  }

  #tell(event: HostEvent): void {
    for (const listener of this.#listeners.get(event.run) ?? []) listener(event);
  }

  #close(open: OpenRun, got: string): void {
    this.#open.delete(open.info.id);
    const operation = `ask run ${open.info.id}`;
    open.worker.end(new BackendError({ operation, expected: 'an open run', got: `one that is ${got}` }));
  }

  /** Ends the workers that have rested longest, if there are too many. */
  async #makeRoom(): Promise<void> {
    const all = await Promise.all([...this.#open.keys()].map((run) => this.#openOrNone(run)));
    const idle = all.filter((open) => open !== undefined && !['preparing', 'running'].includes(open.info.state));
    for (const open of idle.slice(0, Math.max(0, idle.length - idleWorkers + 1))) await this.stop(open!.info.id);
  }

  /** The GPU is lost, and the worker with it: a new one goes on from the last checkpoint. */
  async #recover(open: OpenRun, reason: string): Promise<void> {
    const { id, state } = open.info;
    this.#close(open, 'without its GPU');
    const store = await this.#database();
    const record = await store.get(id);
    if (open.lostAt === record.saved) {
      // It was lost before, and not a checkpoint further.
      const error = hostError(
        new BackendError({
          operation: `train run ${id}`,
          expected: 'the GPU to stay',
          got: `its loss for the second time (${reason})`,
          remedy: 'Halve the batch size, or train on wasm.',
        }),
      );
      const log = new EventLog(id, store, await store.lastEvent(id), (event) => this.#tell(event));
      log.add({ kind: 'status', state: 'failed', step: record.saved, error, seconds: record.seconds });
      await store.save({ ...record, state: 'failed', error });
      return;
    }
    const from = record.saved === 0 ? 'It begins anew.' : `It goes on from step ${record.saved}.`;
    const again = await this.#openRun(id, { note: `The GPU was lost (${reason}). ${from}`, lostAt: record.saved });
    again.wanted = open.wanted && state !== 'done' && state !== 'failed';
    if (again.wanted) await again.worker.call('play').catch(() => undefined);
  }
}

/** What a run is that no worker has: training does not go on without one. */
function infoOf({ preset: _, seconds: __, saved, ...info }: RunRecord): RunInfo {
  if (info.state === 'done' || info.state === 'failed') return info;
  return { ...info, state: 'stopped', step: saved };
}
