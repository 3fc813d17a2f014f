/** The worker of one run. */
import { UsageError } from '../core/errors.js';
import { hostError, type RunInfo } from '../train/host.js';
import { useDevice } from './devices.js';
import { EventLog } from './event-log.js';
import { holdRun } from './hold.js';
import type { Call, OpenRequest, RunMethods, Told } from './messages.js';
import { newRun, Run } from './run.js';
import { RunDatabase } from './store.js';

/** Milliseconds between two events of a download. */
const downloadEvery = 100;

let opened: Run | undefined;
let device: { readonly backend: string; readonly description: string } | undefined;
let preparing: Promise<void> = Promise.resolve();

function tell(message: Told, transfer: Transferable[] = []): void {
  globalThis.postMessage(message, { transfer });
}

function present(): Run {
  if (opened !== undefined) return opened;
  throw new UsageError({ operation: 'worker of a run', expected: 'open first', got: 'another call' });
}

async function open({ run: asked, options, note }: OpenRequest): Promise<RunInfo> {
  const fresh = typeof asked === 'string' ? undefined : newRun(asked);
  const store = await RunDatabase.open();
  // Nobody else writes to it from here on; what it was is read after that.
  const id = fresh === undefined ? (asked as string) : (await store.create(fresh)).id;
  await holdRun(id);
  const record = await store.get(id);
  const log = new EventLog(record.id, store, await store.lastEvent(record.id), (event) =>
    tell({ kind: 'event', event, info: run.info }),
  );
  const run = new Run(record, store, log);
  opened = run;
  preparing = prepare(run, options, note);
  preparing.catch(() => undefined); // whoever waits for it is told
  return run.info;
}

async function prepare(run: Run, { device: name, ...options }: OpenRequest['options'], note?: string): Promise<void> {
  let last = 0;
  const onDownload = (loaded: number, total: number): void => {
    if (loaded < total && performance.now() - last < downloadEvery) return;
    last = performance.now();
    run.download(loaded, total);
  };
  await run.preparing(async () => {
    const onLost = (reason: string): void => tell({ kind: 'lost', reason });
    const { id, description } = await useDevice(name, { ...options, onDownload, onLost });
    device = { backend: id, description };
    await run.prepare({ ...options, onDownload }, note);
  });
}

const methods: RunMethods = {
  open,
  ready: async () => {
    await preparing;
    return { info: present().info, ...device! };
  },
  play: () => when((run) => run.play()),
  pause: () => when((run) => run.pause()),
  step: (n) => when((run) => run.step(n)),
  reset: () => when((run) => run.reset()),
  // One that could not be made ready has nothing to store.
  stop: async () => {
    const ready = await preparing.then(
      () => true,
      () => false,
    );
    if (ready) await present().stop();
    return present().info;
  },
  explore: async (query) => {
    await preparing;
    return present().explore(query);
  },
  export: async (kind) => {
    await preparing;
    return present().export(kind);
  },
};

async function when(fn: (run: Run) => void | Promise<void>): Promise<RunInfo> {
  await preparing;
  await fn(present());
  return present().info;
}

globalThis.addEventListener('message', ({ data: { id, method, args } }: MessageEvent<Call>) => {
  const call = methods[method] as (...given: readonly unknown[]) => Promise<unknown>;
  call(...args).then(
    (value) =>
      tell(
        { kind: 'answer', id, value },
        method === 'export' ? [(value as { bytes: Uint8Array<ArrayBuffer> }).bytes.buffer] : [],
      ),
    (error) => tell({ kind: 'refusal', id, error: hostError(error) }),
  );
});
