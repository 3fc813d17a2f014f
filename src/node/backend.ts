/** ONNX Runtime in Node on the CPU. */
import { availableParallelism } from 'node:os';
import { type InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { TypedArray } from '../core/dtype.js';
import type { TensorType } from '../core/op.js';
import type { Target } from '../core/target.js';
import type { HostTensor } from '../core/tensor.js';
import type { Backend, Session, Value } from '../runtime/backend.js';
import { aheadThread } from './ahead.js';
import { blockSize } from './blocks.js';
import { buildSession, fault, zeros } from './sessions.js';
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

/**
 * Work of less than this is done by one thread: ten microseconds of each operation's time go into waking the others, and
 * they take a core from JavaScript, which has its turn after every run (docs/PERFORMANCE.md, texts).
 */
const threadedWork = 5e6;

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
    createSession: (model, { work = Infinity } = {}) =>
      createSession(model, {
        executionProviders: ['cpu'],
        intraOpNumThreads: work < threadedWork ? 1 : threads,
      }),
    fromHost: wrap,
    empty: (type: TensorType) => wrap({ shape: type.shape, dtype: type.dtype, data: zeros(type) }),
    toHost: async (value) => (value as OrtValue).ort.data as TypedArray,
  };
}

async function createSession(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<Session> {
  const session = await buildSession(withEmptyList(model), options);
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
