/**
 * Runs that outlive the page, in IndexedDB. A checkpoint and what is said of it change in one transaction, so a page that
 * is closed at any moment finds the old ones or the new ones, never a mixture.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { FormatError, StorageError, UsageError } from '../core/errors.js';
import type { HostEvent, RunInfo } from '../train/host.js';

/** What is kept of a run besides its checkpoint and events. */
export interface RunRecord extends RunInfo {
  readonly preset?: string;
  /** Of training so far. */
  readonly seconds: number;
  /** The step of its checkpoint; 0: it has none. */
  readonly saved: number;
}

interface Contents extends DBSchema {
  runs: { key: string; value: RunRecord };
  checkpoints: { key: string; value: Uint8Array<ArrayBuffer> };
  events: { key: [run: string, number: number]; value: HostEvent };
}

const version = 1;
const stores = ['runs', 'checkpoints', 'events'] as const;

export class RunDatabase {
  readonly #db: IDBPDatabase<Contents>;

  private constructor(db: IDBPDatabase<Contents>) {
    this.#db = db;
  }

  /** @throws StorageError where the browser keeps nothing, FormatError where a newer genera has written */
  static async open(name = 'genera'): Promise<RunDatabase> {
    return guard('open the store of runs', async () => {
      const db = await openDB<Contents>(name, version, {
        upgrade(fresh) {
          fresh.createObjectStore('runs', { keyPath: 'id' });
          fresh.createObjectStore('checkpoints');
          fresh.createObjectStore('events', { keyPath: ['run', 'number'] });
        },
        // A newer genera in another tab waits for this connection to go.
        blocking: () => db.close(),
      });
      return new RunDatabase(db);
    });
  }

  /** Adds a run under a name of its own: its model, or the first of model-2, … that is free. */
  create(record: Omit<RunRecord, 'id'>): Promise<RunRecord> {
    return guard('begin a run', async () => {
      const runs = this.#db.transaction('runs', 'readwrite', { durability: 'strict' });
      const taken = new Set(await runs.store.getAllKeys());
      let id = record.model;
      for (let n = 2; taken.has(id); n++) id = `${record.model}-${n}`;
      const named: RunRecord = { ...record, id };
      await Promise.all([runs.store.add(named), runs.done]);
      return named;
    });
  }

  /** Oldest first. */
  list(): Promise<RunRecord[]> {
    return guard('list the runs', async () => {
      const runs = await this.#db.getAll('runs');
      return runs.sort((a, b) => (a.created < b.created ? -1 : 1));
    });
  }

  /** @throws UsageError where there is no such run */
  async get(id: string): Promise<RunRecord> {
    const record = await guard(`open run ${id}`, () => this.#db.get('runs', id));
    if (record !== undefined) return record;
    throw new UsageError({
      operation: `open run ${id}`,
      expected: 'a run of this browser',
      got: 'none of that name',
      remedy: 'It may have been removed, in another tab too.',
    });
  }

  /** Stores what is said of a run, and its checkpoint, both or neither. */
  save(record: RunRecord, checkpoint?: Uint8Array<ArrayBuffer>): Promise<void> {
    return guard(`save run ${record.id}`, async () => {
      const all = this.#db.transaction(['runs', 'checkpoints'], 'readwrite', { durability: 'strict' });
      await Promise.all([
        all.objectStore('runs').put(record),
        checkpoint && all.objectStore('checkpoints').put(checkpoint, record.id),
        all.done,
      ]);
    });
  }

  /** Back to the beginning: what is said of it is stored, its checkpoint removed. */
  clear(record: RunRecord): Promise<void> {
    return guard(`reset run ${record.id}`, async () => {
      const all = this.#db.transaction(['runs', 'checkpoints'], 'readwrite', { durability: 'strict' });
      await Promise.all([
        all.objectStore('runs').put(record),
        all.objectStore('checkpoints').delete(record.id),
        all.done,
      ]);
    });
  }

  checkpoint(id: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return guard(`open run ${id}`, () => this.#db.get('checkpoints', id));
  }

  append(events: readonly HostEvent[]): Promise<void> {
    return guard(`log run ${events[0]?.run}`, async () => {
      const log = this.#db.transaction('events', 'readwrite');
      await Promise.all([...events.map((event) => log.store.add(event)), log.done]);
    });
  }

  /** Events of a run from a number on, at most `count`. */
  events(id: string, from: number, count?: number): Promise<HostEvent[]> {
    return guard(`read the events of run ${id}`, () => this.#db.getAll('events', after(id, from), count));
  }

  /** The number of the last event; 0 where there are none. */
  lastEvent(id: string): Promise<number> {
    return guard(`read the events of run ${id}`, async () => {
      const cursor = await this.#db.transaction('events').store.openKeyCursor(after(id, 0), 'prev');
      return cursor?.key[1] ?? 0;
    });
  }

  remove(id: string): Promise<void> {
    return guard(`remove run ${id}`, async () => {
      const all = this.#db.transaction(stores, 'readwrite', { durability: 'strict' });
      await Promise.all([
        all.objectStore('runs').delete(id),
        all.objectStore('checkpoints').delete(id),
        all.objectStore('events').delete(after(id, 0)),
        all.done,
      ]);
    });
  }

  close(): void {
    this.#db.close();
  }
}

function after(id: string, from: number): IDBKeyRange {
  return IDBKeyRange.bound([id, from], [id, Infinity]);
}

/** Runs `fn`; the browser's refusals become errors with a name. */
async function guard<R>(operation: string, fn: () => Promise<R>): Promise<R> {
  try {
    return await fn();
  } catch (cause) {
    const { name, message } = cause as Partial<DOMException>;
    if (name === 'VersionError') {
      throw new FormatError(
        {
          operation,
          expected: `format version ${version}`,
          got: 'a newer one',
          remedy: 'It was written by a newer genera: use that one, or clear the data of this site.',
        },
        { cause },
      );
    }
    const full = name === 'QuotaExceededError';
    throw new StorageError(
      {
        operation,
        expected: full ? 'room in the storage of this site' : 'a browser that lets sites store data',
        got: full ? 'a full one' : `${message ?? cause}`,
        remedy: full
          ? 'Remove runs, or free space on the disk.'
          : 'Allow this site to store data; private windows of some browsers do not.',
      },
      { cause },
    );
  }
}
