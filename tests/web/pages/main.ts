/** What tests call in the page: the library, and training without a worker. */
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

const api = { trainOn, useDevice, findAdapter, createHost };
declare global {
  var page: typeof api;
}
globalThis.page = api;
