/** What tests call in the page: the library, and training without a worker. */
import type { HostEvent, HostEventBody, TrainingHost } from '../../../src/train/host.js';
import { findAdapter } from '../../../src/web/adapter.js';
import { type DeviceOptions, useDevice } from '../../../src/web/devices.js';
import { createHost } from '../../../src/web/host.js';
import { type TrainRequest, trainHere } from '../training.js';

async function trainOn(device: string, request: TrainRequest, options: DeviceOptions = {}) {
  const { id, description } = await useDevice(device, options);
  const start = performance.now();
  const result = await trainHere(request);
  return { id, description, seconds: (performance.now() - start) / 1000, ...result };
}

/** A worker whose GPU a test can destroy. */
const breakable = (): Worker => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });

/** What happens in a run, as it was told. */
function record(host: TrainingHost, run: string, from = 1): HostEvent[] {
  const events: HostEvent[] = [];
  host.watch(run, from, (event) => events.push(event));
  return events;
}

/** Resolves with the first event, past or to come, that `wanted` takes. */
function until(
  host: TrainingHost,
  run: string,
  wanted: (event: HostEventBody) => boolean,
  from = 1,
): Promise<HostEvent> {
  return new Promise((resolve) => {
    const end = host.watch(run, from, (event) => {
      if (!wanted(event.event)) return;
      setTimeout(() => end());
      resolve(event);
    });
  });
}

const api = { trainOn, useDevice, findAdapter, createHost, breakable, record, until };
declare global {
  var lab: typeof api;
}
globalThis.lab = api;
