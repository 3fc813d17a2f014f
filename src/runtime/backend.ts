/**
 * What the runtime needs of an executor of ONNX graphs. Node's and the browser's implementations are in `src/node` and
 * `src/web`.
 */
import type { TypedArray } from '../core/dtype.js';
import { BackendError } from '../core/errors.js';
import type { TensorType } from '../core/op.js';
import type { Target } from '../core/target.js';
import type { HostTensor } from '../core/tensor.js';
import type { Ahead } from './ahead.js';

/** A tensor where the backend computes: host memory or a device buffer. */
export interface Value extends TensorType {
  /** Gives the memory back at once; without it the garbage collector does. */
  dispose?(): void;
}

export interface SessionOptions {
  /** Names of the outputs that stay in the device's memory, as state does; the others are wanted on the host. */
  readonly resident?: readonly string[];
  /** What a run costs (`core/work.ts`); threads are only worth their waking where it is much. Left out: much. */
  readonly work?: number;
}

export interface Session {
  /**
   * Runs the graph. Results are written into `fetches`, which have the graph's output types; a device may put new memory
   * of its own into them instead.
   */
  run(feeds: Readonly<Record<string, Value>>, fetches: Readonly<Record<string, Value>>): Promise<void>;
  release(): Promise<void>;
}

export interface Backend {
  /** 'cpu', 'webgpu', 'cuda' or 'wasm'. */
  readonly id: string;
  /** Shown to people: device, threads, version. */
  readonly description: string;
  /** A thread that prepares the next step while this one is computed; left out: there is none. */
  readonly ahead?: Ahead | undefined;
  /** What it runs beyond standard ONNX; left out: nothing. */
  target?(): Promise<Target>;
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>;
  /** A value with these contents. The array may be kept: the caller must not write to it during a run. */
  fromHost(host: HostTensor): Value;
  /** A value whose contents do not matter. */
  empty(type: TensorType): Value;
  /** The contents; the array must not be written to. */
  toHost(value: Value): Promise<TypedArray>;
}

let current: Backend | undefined;

/** The backend that programs use unless told otherwise. */
export function defaultBackend(): Backend {
  if (current !== undefined) return current;
  throw new BackendError({
    operation: 'run',
    expected: 'a backend',
    got: 'none',
    remedy: "Import 'genera/node' in Node, or call useDevice of 'genera/web' in the browser, or setDefaultBackend.",
  });
}

export function setDefaultBackend(backend: Backend): void {
  current = backend;
}
