/** Choosing what programs run on. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { listSupportedBackends } from 'onnxruntime-node';
import { BackendError, UsageError } from '../core/errors.js';
import { setDefaultBackend } from '../runtime/backend.js';
import { didYouMean } from '../util/nearest.js';
import { cpuBackend } from './backend.js';
import { deviceBackend } from './device-backend.js';
import { type Adapter, vulkanAdapters } from './vulkan.js';

/** Devices that genera runs on in Node, where the machine has them. */
const devices = ['cpu', 'webgpu', 'cuda'] as const;
type Device = (typeof devices)[number];

export interface DeviceOptions {
  /** Threads of one operation, on the CPU. Default: the number of cores. */
  readonly threads?: number | undefined;
  /** Takes an adapter that computes on the CPU for a GPU: for tests, since it is far slower than the CPU itself. */
  readonly software?: boolean;
}

/** What ONNX Runtime brings along here: 'cpu', 'webgpu', … */
export function runtimeBackends(): string[] {
  return listSupportedBackends()
    .filter(({ bundled }) => bundled)
    .map(({ name }) => name);
}

/**
 * Makes programs run on a device; 'auto' is the CPU, which every machine has.
 * @returns the device's name
 * @throws UsageError for a device that there is not in Node, BackendError where this machine lacks it
 */
export function useDevice(name = 'auto', { threads, software = false }: DeviceOptions = {}): string {
  const id = (name === 'auto' ? 'cpu' : name) as Device;
  if (!devices.includes(id)) {
    throw new UsageError({
      operation: 'device',
      expected: `one of auto, ${devices.join(', ')} in Node`,
      got: `'${name}'`,
      remedy: didYouMean(name, ['auto', ...devices]) || 'Leave --device out to use the CPU.',
    });
  }
  if (id === 'cpu') setDefaultBackend(cpuBackend(threads === undefined ? {} : { threads }));
  else setDefaultBackend(deviceBackend({ id, adapter: id === 'cuda' ? findCuda() : findGpu(software).name }));
  return id;
}

/** The adapter that WebGPU will use. */
function findGpu(software: boolean): Adapter {
  const unavailable = (got: string, remedy: string): BackendError =>
    new BackendError({ operation: 'device webgpu', expected: 'a GPU', got, remedy });
  if (!runtimeBackends().includes('webgpu')) {
    throw unavailable('an ONNX Runtime without WebGPU for this platform', 'Leave --device out to use the CPU.');
  }
  // On macOS and Windows it uses Metal and Direct3D, and takes hardware alone.
  if (process.platform !== 'linux') return { name: process.platform === 'darwin' ? 'Metal' : 'Direct3D', software };
  const adapters = vulkanAdapters();
  if (adapters === undefined) {
    throw unavailable('no Vulkan', 'Install the driver of the GPU and Vulkan’s loader (Debian: libvulkan1).');
  }
  const found = adapters.find((adapter) => adapter.software === software);
  if (found !== undefined) return found;
  const [other] = adapters;
  throw unavailable(
    other === undefined ? 'no adapter' : `only ${other.name}, a software adapter, which the CPU outruns by far`,
    'Install the driver of the GPU, or leave --device out to use the CPU.',
  );
}

/** The driver that CUDA will use. */
function findCuda(): string {
  const runtime = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const provider = ['napi-v6', 'napi-v3']
    .map((api) => join(runtime, 'bin', api, process.platform, process.arch, 'libonnxruntime_providers_cuda.so'))
    .find((file) => existsSync(file));
  if (provider === undefined) {
    throw new BackendError({
      operation: 'device cuda',
      expected: "ONNX Runtime's CUDA libraries",
      got: 'an installation without them',
      remedy:
        'Fetch them with `npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12`; CUDA 12 and cuDNN 9 must be there.',
    });
  }
  if (!existsSync('/dev/nvidiactl')) {
    throw new BackendError({
      operation: 'device cuda',
      expected: 'an NVIDIA GPU',
      got: 'none, or no driver (/dev/nvidiactl)',
      remedy: 'Install the driver of the GPU, or leave --device out to use the CPU.',
    });
  }
  return 'NVIDIA GPU';
}
