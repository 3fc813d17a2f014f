/** ONNX Runtime in Node: CPU by default, WebGPU and CUDA where the machine has them. */
import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { allocate, type TypedArray } from '../core/dtype.js';
import { BackendError, StorageError } from '../core/errors.js';
import type { TensorType } from '../core/op.js';
import { sizeOf } from '../core/shape.js';
import type { Target } from '../core/target.js';
import type { HostTensor } from '../core/tensor.js';
import type { Backend, Session, Value } from '../runtime/backend.js';
import { aheadThread } from './ahead.js';
import { blockSize } from './blocks.js';
import { isDone, uncopied, withEmptyList } from './uncopied.js';

interface OrtValue extends Value {
  readonly ort: OrtTensor;
}

function wrap({ shape, dtype, data }: HostTensor): OrtValue {
  return { shape, dtype, ort: new OrtTensor(dtype, data, shape) };
}

export interface NodeBackendOptions {
  /** Threads of one operation. Default: the number of cores. */
  readonly threads?: number;
}

let target: Promise<Target> | undefined;

/** The same for all CPU backends of a process. */
function cpuTarget(): Promise<Target> {
  target ??= blockSize().then((block) => ({ block }));
  return target;
}

/** The CPU backend. */
export function cpuBackend({ threads = availableParallelism() }: NodeBackendOptions = {}): Backend {
  return {
    id: 'cpu',
    description: `ONNX Runtime, CPU, ${threads} thread${threads === 1 ? '' : 's'}`,
    // Who asks for one thread wants the other cores left alone.
    ahead: threads > 1 ? aheadThread() : undefined,
    target: cpuTarget,
    createSession: (model) => createSession(model, { executionProviders: ['cpu'], intraOpNumThreads: threads }),
    fromHost: wrap,
    empty: ({ shape, dtype }: TensorType) => wrap({ shape, dtype, data: allocate(dtype, sizeOf(shape)) }),
    toHost: async (value) => (value as OrtValue).ort.data as TypedArray,
  };
}

async function createSession(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<Session> {
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(withEmptyList(model), {
      graphOptimizationLevel: 'all',
      executionMode: 'sequential',
      logSeverityLevel: 4, // errors come as exceptions; the log would print them a second time
      ...options,
    });
  } catch (cause) {
    throw fault('build a session', cause);
  }
  return {
    run: async (feeds, fetches) => {
      try {
        await session.run(unwrap(feeds), { ...unwrap(fetches), ...uncopied });
      } catch (cause) {
        if (!isDone(cause)) throw fault('run a session', cause);
      }
    },
    release: () => session.release(),
  };
}

function unwrap(values: Readonly<Record<string, Value>>): Record<string, OrtTensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, (value as OrtValue).ort]));
}

function fault(operation: string, cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/bad_alloc|out of memory|allocate memory/i.test(message)) {
    return new StorageError(
      {
        operation,
        expected: 'enough memory',
        got: message,
        remedy: 'Use a smaller --batch-size or a smaller model.',
      },
      { cause },
    );
  }
  return new BackendError({ operation, expected: 'ONNX Runtime to accept the graph', got: message }, { cause });
}
