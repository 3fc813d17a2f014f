/** ONNX Runtime in the browser: WebAssembly, and WebGPU with the state on the GPU from step to step. */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web/webgpu';
import { bytesPerElement, type TypedArray } from '../core/dtype.js';
import { BackendError, StorageError } from '../core/errors.js';
import type { TensorType } from '../core/op.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import type { Backend, Session, SessionOptions, Value } from '../runtime/backend.js';
import { describeAdapter, openDevice } from './adapter.js';
import { loadRuntime, type RuntimeOptions } from './runtime.js';
import { describeThreads, threadsFor } from './threads.js';

/** Flags of WebGPU's buffers (https://www.w3.org/TR/webgpu/#buffer-usage). */
const bufferUsage = { mapRead: 1, copySource: 4, copyDestination: 8, storage: 128 } as const;
const mapRead = 1;

/** A value that has a tensor once it has contents. */
class WebValue implements Value {
  readonly shape: readonly number[];
  readonly dtype: TensorType['dtype'];
  tensor: OrtTensor | undefined;
  /** Whether a run has read it already. */
  read = false;

  constructor({ shape, dtype }: TensorType) {
    this.shape = shape;
    this.dtype = dtype;
  }

  /** Whether it can lie on the GPU. */
  get movable(): boolean {
    return (this.dtype === 'float32' || this.dtype === 'int32') && sizeOf(this.shape) > 0;
  }

  dispose(): void {
    this.tensor?.dispose();
    this.tensor = undefined;
  }
}

function fromHost({ shape, dtype, data }: HostTensor): WebValue {
  const value = new WebValue({ shape, dtype });
  value.tensor = new OrtTensor(dtype, data, shape);
  return value;
}

async function toHost(value: Value): Promise<TypedArray> {
  const { tensor, shape, dtype } = value as WebValue;
  if (tensor !== undefined) return (await tensor.getData()) as TypedArray;
  throw new BackendError({ operation: 'read a value', expected: 'contents', got: `${dtype} [${shape}] before a run` });
}

/** Calls one after the other: the runtime cannot be entered while it waits for the GPU. */
function oneByOne(): <R>(fn: () => Promise<R>) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return (fn) => {
    const result = last.then(fn);
    last = result.catch(() => undefined);
    return result;
  };
}

/** WebAssembly, on the processor. The runtime is downloaded when the first program is built. */
export function wasmBackend(options: RuntimeOptions = {}): Backend {
  const alone = oneByOne();
  return {
    id: 'wasm',
    description: `ONNX Runtime, WebAssembly, ${describeThreads(threadsFor(options))}`,
    createSession: async (model) => {
      await loadRuntime('wasm', options);
      const session = await alone(() => createSession(model, { executionProviders: ['wasm'] }));
      return {
        run: (feeds, fetches) =>
          alone(async () => {
            const results = await runSession(session, feedsOf(feeds), Object.keys(fetches));
            for (const [name, value] of Object.entries(fetches)) (value as WebValue).tensor = results[name]!;
          }),
        release: () => alone(() => session.release()),
      };
    },
    fromHost,
    empty: (type) => new WebValue(type),
    toHost,
  };
}

/** WebGPU. The device's end is for the caller to watch: `device.lost`. */
export async function webgpuBackend(
  adapter: GPUAdapter | undefined,
  options: RuntimeOptions = {},
): Promise<{ readonly backend: Backend; readonly device: GPUDevice }> {
  const device = await openDevice(adapter);
  await loadRuntime('webgpu', options);
  const alone = oneByOne();
  const gone = { lost: false };
  void device.lost.then(() => {
    gone.lost = true;
  });
  const guarded = <R>(fn: () => Promise<R>): Promise<R> =>
    alone(async () => {
      if (gone.lost) throw lostDevice();
      try {
        return await fn();
      } catch (cause) {
        // The loss is told a moment after the calls that it makes fail.
        await Promise.race([device.lost, device.queue.onSubmittedWorkDone().catch(() => undefined)]);
        throw gone.lost ? lostDevice(cause) : cause;
      }
    });

  const resident = ({ shape, dtype }: TensorType): OrtTensor => {
    const bytes = sizeOf(shape) * bytesPerElement[dtype];
    const usage = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination;
    const buffer = device.createBuffer({ size: Math.ceil(bytes / 16) * 16, usage });
    return OrtTensor.fromGpuBuffer(buffer, {
      dataType: dtype as 'float32' | 'int32',
      dims: shape,
      dispose: () => buffer.destroy(),
    });
  };
  /** What a run reads. What is read a second time is state, and moves to the GPU. */
  const feed = (value: WebValue): OrtTensor => {
    const tensor = value.tensor!;
    if (value.movable && value.read && tensor.location === 'cpu') {
      value.tensor = resident(value);
      const { buffer, byteOffset, byteLength } = tensor.data as Float32Array<ArrayBuffer>;
      device.queue.writeBuffer(value.tensor.gpuBuffer as GPUBuffer, 0, buffer, byteOffset, byteLength);
    }
    value.read = true;
    return value.tensor!;
  };
  /** Where a run writes state to. */
  const place = (value: WebValue): OrtTensor => {
    if (value.tensor?.location !== 'gpu-buffer') value.tensor = resident(value);
    return value.tensor;
  };

  const createGuarded = async (model: Uint8Array, { resident: kept = [] }: SessionOptions = {}): Promise<Session> => {
    const provider = { name: 'webgpu', device } as const;
    const session = await guarded(() => createSession(model, { executionProviders: [provider] }));
    return {
      run: (feeds, fetches) =>
        guarded(async () => {
          const from = Object.fromEntries(Object.entries(feeds).map(([name, v]) => [name, feed(v as WebValue)]));
          const to: Record<string, OrtTensor | null> = {}; // null: new memory of the host
          for (const [name, value] of Object.entries(fetches) as [string, WebValue][]) {
            to[name] = kept.includes(name) && value.movable ? place(value) : null;
          }
          const results = await runSession(session, from, to);
          for (const [name, value] of Object.entries(fetches)) (value as WebValue).tensor = results[name]!;
        }),
      release: () => (gone.lost ? Promise.resolve() : alone(() => session.release())),
    };
  };
  const backend: Backend = {
    id: 'webgpu',
    description: `ONNX Runtime, WebGPU, ${adapter === undefined ? '' : describeAdapter(adapter)}`,
    createSession: createGuarded,
    fromHost,
    empty: (type) => new WebValue(type),
    toHost: (value) =>
      guarded(async () => {
        const { tensor } = value as WebValue;
        return tensor?.location === 'gpu-buffer' ? readBuffer(device, tensor) : toHost(value);
      }),
  };
  return { backend, device };
}

/** The contents of a tensor on the GPU, which stays there. */
async function readBuffer(device: GPUDevice, { gpuBuffer, type, dims }: OrtTensor): Promise<TypedArray> {
  const bytes = sizeOf(dims) * 4;
  const size = Math.ceil(bytes / 16) * 16;
  const copy = device.createBuffer({ size, usage: bufferUsage.copyDestination | bufferUsage.mapRead });
  try {
    const commands = device.createCommandEncoder();
    commands.copyBufferToBuffer(gpuBuffer as GPUBuffer, 0, copy, 0, size);
    device.queue.submit([commands.finish()]);
    await copy.mapAsync(mapRead);
    const data = copy.getMappedRange().slice(0, bytes);
    return type === 'float32' ? new Float32Array(data) : new Int32Array(data);
  } finally {
    copy.destroy();
  }
}

function feedsOf(values: Readonly<Record<string, Value>>): Record<string, OrtTensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, (value as WebValue).tensor!]));
}

async function createSession(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, { graphOptimizationLevel: 'all', logSeverityLevel: 3, ...options });
  } catch (cause) {
    throw fault('build a session', cause);
  }
}

async function runSession(
  session: InferenceSession,
  feeds: Record<string, OrtTensor>,
  fetches: readonly string[] | Record<string, OrtTensor | null>,
): Promise<InferenceSession.ReturnType> {
  try {
    return await session.run(feeds, fetches as Record<string, OrtTensor | null>);
  } catch (cause) {
    throw fault('run a session', cause);
  }
}

/** The GPU is gone, and with it what was on it: only a new worker can use one again. */
export class LostDeviceError extends BackendError {
  override readonly name: string = 'LostDeviceError';
}

function lostDevice(cause?: unknown): LostDeviceError {
  return new LostDeviceError(
    {
      operation: 'compute on the GPU',
      expected: 'the GPU to stay',
      got: 'its loss: it was reset, removed, or ran out of memory',
      remedy: 'Continue from the last checkpoint, with half the batch size or on wasm if it happens again.',
    },
    { cause },
  );
}

function fault(operation: string, cause: unknown): Error {
  // The runtime throws numbers where WebAssembly ran out of memory.
  const message = cause instanceof Error ? cause.message : `error ${String(cause)}`;
  if (typeof cause === 'number' || /bad_alloc|out of memory|allocate/i.test(message)) {
    const remedy = 'Use a smaller batch size or a smaller model; close other tabs.';
    return new StorageError({ operation, expected: 'enough memory', got: message, remedy }, { cause });
  }
  return new BackendError({ operation, expected: 'ONNX Runtime to accept the graph', got: message }, { cause });
}
