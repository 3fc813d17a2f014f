/** Which GPU the browser offers. */
import { BackendError, UsageError } from '../core/errors.js';

export interface AdapterOptions {
  /** Whether a GPU that is imitated by software will do: for tests, since it is slower than WebAssembly. */
  readonly allowSoftware?: boolean | undefined;
}

/** The browser's adapter; undefined where there is none, or only an imitated one that is not asked for. */
export async function findAdapter({ allowSoftware = false }: AdapterOptions = {}): Promise<GPUAdapter | undefined> {
  const gpu: GPU | undefined = navigator.gpu; // absent outside of secure contexts and in older browsers
  // Some browsers have the interface and no adapter; asking may also fail where the GPU process has crashed.
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (adapter == null || (isSoftware(adapter) && !allowSoftware)) return undefined;
  return adapter;
}

function isSoftware(adapter: GPUAdapter): boolean {
  const { isFallbackAdapter, architecture, description } = adapter.info;
  return isFallbackAdapter || /swiftshader|llvmpipe|software|basic render/i.test(`${architecture} ${description}`);
}

/** What is shown to people. */
export function describeAdapter({ info }: GPUAdapter): string {
  return [info.vendor, info.architecture, info.description].filter((part) => part !== '').join(' ') || 'unnamed GPU';
}

/**
 * A device with everything that the adapter can do.
 * @throws UsageError where there is no adapter, BackendError where it refuses
 */
export async function openDevice(adapter: GPUAdapter | undefined): Promise<GPUDevice> {
  if (adapter === undefined) {
    throw new UsageError({
      operation: 'device webgpu',
      expected: 'a GPU that this browser offers',
      got: navigator.gpu === undefined ? 'a browser without WebGPU' : 'none, or one imitated by software',
      remedy: "Use 'wasm', or a browser and a system with WebGPU.",
    });
  }
  const { limits } = adapter;
  const most = [
    'maxStorageBufferBindingSize',
    'maxBufferSize',
    'maxComputeWorkgroupStorageSize',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupSizeX',
    'maxComputeWorkgroupSizeY',
    'maxComputeWorkgroupSizeZ',
    'maxComputeWorkgroupsPerDimension',
    'maxStorageBuffersPerShaderStage',
  ] as const;
  try {
    return await adapter.requestDevice({
      requiredLimits: Object.fromEntries(most.map((name) => [name, limits[name]])),
      requiredFeatures: (['shader-f16', 'subgroups', 'timestamp-query'] as const).filter((name) =>
        adapter.features.has(name),
      ),
    });
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    const remedy = "Reload the page, or use 'wasm'.";
    throw new BackendError({ operation: 'open the GPU', expected: 'a device', got, remedy }, { cause });
  }
}
