/** Choosing what programs run on. */
import { UsageError } from '../core/errors.js';
import { type Backend, setDefaultBackend } from '../runtime/backend.js';
import { didYouMean } from '../util/nearest.js';
import { type AdapterOptions, findAdapter } from './adapter.js';
import { wasmBackend, webgpuBackend } from './backend.js';
import { loadRuntime, type RuntimeOptions } from './runtime.js';

export const deviceNames = ['auto', 'wasm', 'webgpu'] as const;
export type DeviceName = (typeof deviceNames)[number];

export interface DeviceOptions extends RuntimeOptions, AdapterOptions {
  /** Called when the GPU is lost, with the browser's reason: nothing computes here any more. */
  readonly onLost?: ((reason: string) => void) | undefined;
}

/**
 * Makes programs run on a device; 'auto' is the GPU where the browser offers a real one, else WebAssembly. The runtime is
 * downloaded on the first call.
 * @throws UsageError for an unknown name, or where there is no such device; BackendError where it cannot be made ready
 */
export async function useDevice(
  name: string = 'auto',
  { onLost = () => undefined, ...options }: DeviceOptions = {},
): Promise<Backend> {
  if (!deviceNames.some((known) => known === name)) {
    throw new UsageError({
      operation: 'device',
      expected: `one of ${deviceNames.join(', ')} in the browser`,
      got: `'${name}'`,
      remedy: didYouMean(name, deviceNames) || 'Leave it out to use the fastest.',
    });
  }
  const adapter = name === 'wasm' ? undefined : await findAdapter(options);
  if (name === 'wasm' || (name === 'auto' && adapter === undefined)) {
    const backend = wasmBackend(options);
    await loadRuntime('wasm', options);
    setDefaultBackend(backend);
    return backend;
  }
  const { backend, device } = await webgpuBackend(adapter, options);
  setDefaultBackend(backend);
  void device.lost.then(({ message, reason }) => onLost(message || reason));
  return backend;
}
