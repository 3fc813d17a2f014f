/** Numbers the events of a run, stores them, and then tells them: what has been told is never lost. */
import type { HostEvent, HostEventBody } from '../train/host.js';
import type { RunDatabase } from './store.js';

export class EventLog {
  readonly #run: string;
  readonly #store: RunDatabase;
  readonly #tell: (event: HostEvent) => void;
  #last: number;
  #waiting: HostEvent[] = [];
  #writing: Promise<void> = Promise.resolve();
  #fault: unknown;

  /** @param last number of the last event that is stored */
  constructor(run: string, store: RunDatabase, last: number, tell: (event: HostEvent) => void) {
    this.#run = run;
    this.#store = store;
    this.#last = last;
    this.#tell = tell;
  }

  add(event: HostEventBody): void {
    this.#waiting.push({ run: this.#run, number: ++this.#last, event });
    if (this.#waiting.length === 1) this.#writing = this.#writing.then(() => this.#write());
  }

  /** Waits until everything is stored. @throws StorageError where it cannot be */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Stores all that waits at once, so that a slow disk does not hold training up. */
  async #write(): Promise<void> {
    const events = this.#waiting;
    this.#waiting = [];
    try {
      await this.#store.append(events);
    } catch (error) {
      this.#fault ??= error; // they are told nevertheless; whoever flushes hears of it
    }
    for (const event of events) this.#tell(event);
  }
}
