/** The events of a run as a server sees them: its log, and behind it what its files tell that is not in the log. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readRunConfig } from '../../node/run-config.js';
import { lockRun, trainerOf } from '../../node/run-lock.js';
import type { HostEventBody, RunState } from '../../train/host.js';
import { type DerivedEvent, deriveEvents } from './derived-events.js';
import { LogReader, LogWriter, lineOf } from './event-log.js';

/** Milliseconds between two looks at files that another process writes. */
const lookEvery = 250;

const active: readonly (RunState | undefined)[] = ['preparing', 'running', 'paused'];

export class RunEvents {
  private readonly id: string;
  private readonly directory: string;
  private readonly log: LogReader;
  private derived: readonly DerivedEvent[] = [];
  /** The end of the log that `derived` goes on from, and the state of the files that it tells. */
  private derivedAfter = 0;
  private stamp = '';
  private readonly watchers = new Set<() => void>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private closed = false;

  constructor(id: string, directory: string) {
    this.id = id;
    this.directory = directory;
    this.log = new LogReader(directory);
  }

  /** Events so far. */
  get count(): number {
    return this.log.summary.count + this.derived.length;
  }

  get step(): number {
    return Math.max(0, this.derived.at(-1)?.step ?? this.log.summary.step);
  }

  /** What the log said last. */
  get status(): (HostEventBody & { kind: 'status' }) | undefined {
    return this.log.summary.status;
  }

  /** Whether somebody tells in the log how the run goes on, or has died while he did. */
  get isActive(): boolean {
    return active.includes(this.status?.state);
  }

  /** Takes note of what is new. */
  refresh(): Promise<void> {
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  /** A `HostEvent` as JSON. */
  async json(number: number): Promise<string> {
    const { count } = this.log.summary;
    const body = number <= count ? await this.log.line(number) : lineOf(await this.derived[number - count - 1]!.read());
    return `{"run":${JSON.stringify(this.id)},"number":${number},"event":${body}}`;
  }

  /** Resolves when there are more than `seen` events, or the time is over, or the watch is. */
  async more(seen: number, { signal, milliseconds }: { signal: AbortSignal; milliseconds: number }): Promise<void> {
    await this.refresh();
    if (this.count > seen || this.closed || signal.aborted) return;
    await new Promise<void>((done) => {
      const end = (): void => {
        clearTimeout(timeout);
        signal.removeEventListener('abort', end);
        this.watchers.delete(look);
        if (this.watchers.size === 0) clearInterval(this.timer);
        done();
      };
      const look = (): void => {
        if (this.count > seen || this.closed) end();
      };
      const timeout = setTimeout(end, milliseconds);
      signal.addEventListener('abort', end, { once: true });
      if (this.watchers.size === 0)
        this.timer = setInterval(() => void this.refresh().catch(() => undefined), lookEvery);
      this.watchers.add(look);
    });
  }

  /** Whether the run has been removed. */
  get isClosed(): boolean {
    return this.closed;
  }

  /** Ends all watches. */
  close(): void {
    this.closed = true;
    for (const look of [...this.watchers]) look();
  }

  /**
   * Writes the last word for a process that could not: the log says that the run goes on, but nobody trains it. Where
   * somebody does, or the disk takes nothing, nothing happens.
   */
  async settle(word: HostEventBody & { kind: 'status' }): Promise<void> {
    await this.refresh();
    if (!this.isActive) return;
    try {
      const lock = await lockRun(this.directory);
      try {
        await this.log.refresh();
        if (!this.isActive) return;
        const writer = await LogWriter.open(this.directory);
        await writer.append(lineOf({ ...word, seconds: this.log.summary.seconds }));
        await writer.close();
      } finally {
        await lock.release();
      }
    } catch {
      return;
    }
    await this.refresh();
  }

  /** Id of another process that trains it. */
  trainer(): Promise<number | undefined> {
    return trainerOf(this.directory);
  }

  private async look(): Promise<void> {
    const before = this.count;
    await this.log.refresh();
    if (this.log.summary.count !== this.derivedAfter) {
      this.derivedAfter = this.log.summary.count;
      this.derived = [];
      this.stamp = '';
    }
    // Who writes a log tells everything in it.
    if (!this.isActive) await this.derive();
    if (this.count > before) for (const look of [...this.watchers]) look();
  }

  private async derive(): Promise<void> {
    const stamp = `${await changed(join(this.directory, 'metrics.jsonl'))} ${await changed(join(this.directory, 'samples'))}`;
    if (stamp === this.stamp) return;
    const config = await readRunConfig(join(this.directory, 'config.json'));
    if (config === undefined) return;
    const derived = await deriveEvents(this.directory, config, this.log.summary.step);
    this.stamp = stamp;
    // A run that is continued from an earlier step tells the same once more.
    if (derived.length > this.derived.length) this.derived = derived;
  }
}

async function changed(path: string): Promise<string> {
  const there = await stat(path).catch(() => undefined);
  return there === undefined ? '' : `${there.mtimeMs}/${there.size}`;
}
