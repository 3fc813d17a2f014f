/** genera in the browser. `useDevice` makes the runtime ready here; `createHost` trains in workers. */
export * from '../index.js';
export { findAdapter } from './adapter.js';
export { LostDeviceError, wasmBackend, webgpuBackend } from './backend.js';
export { loadTrainingData, type TrainingData, type WebDataOptions, webDataSource } from './data.js';
export { type DeviceName, type DeviceOptions, deviceNames, useDevice } from './devices.js';
export { createHost, type HostOptions } from './host.js';
