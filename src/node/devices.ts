/** Choosing what programs run on. */
import { listSupportedBackends } from 'onnxruntime-node';
import { UsageError } from '../core/errors.js';
import { setDefaultBackend } from '../runtime/backend.js';
import { didYouMean } from '../util/nearest.js';
import { cpuBackend } from './backend.js';

/** Devices that genera runs on in Node. */
const devices: readonly string[] = ['cpu'];

/** What ONNX Runtime brings along here: 'cpu', 'webgpu', … */
export function runtimeBackends(): string[] {
  return listSupportedBackends()
    .filter(({ bundled }) => bundled)
    .map(({ name }) => name);
}

/**
 * Makes programs run on a device; 'auto' is the fastest one.
 * @returns the device's name
 * @throws UsageError where this machine or this platform does not have it
 */
export function useDevice(name = 'auto', { threads }: { threads?: number | undefined } = {}): string {
  const id = name === 'auto' ? 'cpu' : name;
  if (!devices.includes(id)) {
    throw new UsageError({
      operation: 'device',
      expected: `one of auto, ${devices.join(', ')} in Node`,
      got: `'${name}'`,
      remedy: didYouMean(name, ['auto', ...devices]) || 'Leave --device out to use the fastest.',
    });
  }
  setDefaultBackend(cpuBackend(threads === undefined ? {} : { threads }));
  return id;
}
