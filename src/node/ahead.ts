/** The thread that prepares the next step, see `runtime/ahead.ts`, and the memory through which its results come. */
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { bytesPerElement, type TypedArray } from '../core/dtype.js';
import type { TensorType } from '../core/op.js';
import { sizeOf } from '../core/shape.js';
import type { Ahead, Job, Pending, Shared } from '../runtime/ahead.js';

/** What the thread is told. */
export type Message =
  | { readonly kind: 'share'; readonly id: number; readonly data: unknown }
  | { readonly kind: 'job'; readonly job: Job; readonly slot: SharedArrayBuffer };

/** The first word of a slot says how far the job is. */
export const progress = { asked: 0, done: 1, failed: 2 } as const;

/** Milliseconds after which the work is done on this thread instead. */
const patience = 2000;

/** An array over memory of both threads. */
function over(slot: SharedArrayBuffer, { dtype, shape }: TensorType, offset: number): TypedArray {
  const length = sizeOf(shape);
  switch (dtype) {
    case 'float32':
      return new Float32Array(slot, offset, length);
    case 'int32':
      return new Int32Array(slot, offset, length);
    case 'int64':
      return new BigInt64Array(slot, offset, length);
    default:
      return new Uint8Array(slot, offset, length);
  }
}

/** The results in a slot: one after the other, each at a multiple of eight bytes after the first eight. */
export function resultsIn(slot: SharedArrayBuffer, outputs: readonly TensorType[]): TypedArray[] {
  let offset = 8;
  return outputs.map((type) => {
    const array = over(slot, type, offset);
    offset += aligned(array.byteLength);
    return array;
  });
}

function aligned(bytes: number): number {
  return 8 * Math.ceil(bytes / 8);
}

class Thread implements Ahead {
  private readonly file: URL;
  private worker: Worker | undefined;
  private readonly free = new Map<number, SharedArrayBuffer[]>();
  private shared = 0;
  private lost = false;

  constructor(file: URL) {
    this.file = file;
  }

  share(data: unknown): Shared {
    const id = this.shared++;
    this.post({ kind: 'share', id, data });
    return { id };
  }

  begin(job: Job): Pending {
    const bytes = job.outputs.reduce((n, t) => n + aligned(bytesPerElement[t.dtype] * sizeOf(t.shape)), 8);
    const slot = this.free.get(bytes)?.pop() ?? new SharedArrayBuffer(bytes);
    const word = new Int32Array(slot, 0, 1);
    Atomics.store(word, 0, progress.asked);
    this.post({ kind: 'job', job, slot });
    return {
      take: (into) => {
        if (this.lost) return false;
        Atomics.wait(word, 0, progress.asked, patience);
        const state = Atomics.load(word, 0);
        // A slot that is still written to is never used again.
        if (state === progress.asked) return false;
        if (state === progress.done) {
          for (const [i, result] of resultsIn(slot, job.outputs).entries()) into[i]!.set(result as never);
        }
        this.free.set(bytes, [...(this.free.get(bytes) ?? []), slot]);
        return state === progress.done;
      },
    };
  }

  private post(message: Message): void {
    this.worker ??= this.start();
    this.worker.postMessage(message);
  }

  private start(): Worker {
    const worker = new Worker(this.file);
    const lose = (): void => {
      this.lost = true;
    };
    worker.on('error', lose);
    worker.on('exit', lose);
    worker.unref();
    return worker;
  }
}

const file = new URL('./ahead-worker.js', import.meta.url);
let thread: Thread | undefined;

/** The thread of this process, which starts with its first work; undefined where the sources run without having been built. */
export function aheadThread(): Ahead | undefined {
  if (thread === undefined && existsSync(file)) thread = new Thread(file);
  return thread;
}
