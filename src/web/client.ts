/** The page's end of a run's worker. */
import { BackendError } from '../core/errors.js';
import { errorOf } from '../train/host.js';
import type { RunMethods, Told } from './messages.js';

type Waiting = { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void };

export class RunWorker {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #fault: Error | undefined;

  /** @param told is called with all that the worker says by itself */
  constructor(worker: Worker, told: (message: Exclude<Told, { kind: 'answer' | 'refusal' }>) => void) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      if (data.kind !== 'answer' && data.kind !== 'refusal') {
        told(data);
        return;
      }
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.kind === 'answer') waiting?.resolve(data.value as never);
      else waiting?.reject(errorOf(data.error));
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      const got = event.message || 'a script that could not be loaded';
      const remedy = 'Reload the page; where the worker is bundled separately, say so with `worker`.';
      this.end(new BackendError({ operation: 'worker of a run', expected: 'a worker that runs', got, remedy }));
    });
  }

  call<M extends keyof RunMethods>(method: M, ...args: Parameters<RunMethods[M]>): ReturnType<RunMethods[M]> {
    const answer = new Promise<never>((resolve, reject) => {
      if (this.#fault !== undefined) {
        reject(this.#fault);
        return;
      }
      const id = this.#calls++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, args });
    });
    return answer as ReturnType<RunMethods[M]>;
  }

  /** Ends the worker, and with it all of its memory. Whoever waits for an answer gets the error. */
  end(fault: Error): void {
    this.#fault ??= fault;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#fault);
    this.#waiting.clear();
  }
}
