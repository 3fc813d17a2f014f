/**
 * The events of a run, in its directory: `events.jsonl`, a line for each, the nth line being event n. Whoever trains the
 * run writes it; servers read it as it grows, so a server that is killed and started again has lost nothing.
 *
 * A line is an event in JSON, its short fields first, so that what a list of runs needs to know shows at its beginning.
 */
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { onDisk } from '../../node/files.js';
import type { HostEventBody } from '../../train/host.js';
import { toJson } from '../../train/json.js';

const logName = 'events.jsonl';

const newLine = 10;
/** Bytes of a line that hold its short fields. */
const headBytes = 300;

/** An event as a line of the log, without the line break. */
export function lineOf(event: HostEventBody): string {
  const { kind, step, totalSteps, seconds, ...rest } = event as HostEventBody & { step?: number; totalSteps?: number };
  const place = step === undefined ? {} : { step, totalSteps };
  return JSON.stringify(toJson({ kind, seconds: Number(seconds.toFixed(3)), ...place, ...rest }));
}

/** What is known of a run from its events. */
export interface LogSummary {
  /** Events so far. */
  readonly count: number;
  /** The step of the last event that tells one; −1: none does. A run that goes back to an earlier step says so. */
  readonly step: number;
  readonly seconds: number;
  /** The last of the kind 'status'. */
  readonly status: (HostEventBody & { kind: 'status' }) | undefined;
}

const nothing: LogSummary = { count: 0, step: -1, seconds: 0, status: undefined };

function addLine(before: LogSummary, line: string): LogSummary {
  const head = line.slice(0, headBytes);
  return {
    count: before.count + 1,
    step: numberIn(head, 'step') ?? before.step,
    seconds: numberIn(head, 'seconds') ?? before.seconds,
    status: head.startsWith('{"kind":"status"') ? JSON.parse(line) : before.status,
  };
}

function numberIn(head: string, name: string): number | undefined {
  const found = new RegExp(`^[^{]*\\{[^{]*?"${name}":([\\d.e+-]+)`).exec(head)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Reads a log as it grows. */
export class LogReader {
  summary: LogSummary = nothing;
  private readonly path: string;
  /** Where each line begins, and in the end where the next one will. */
  private readonly starts: number[] = [0];

  constructor(directory: string) {
    this.path = join(directory, logName);
  }

  /** Takes note of the lines that have been added. A line that is still being written is none yet. */
  async refresh(): Promise<void> {
    await this.open(async (file) => {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.min(1 << 20, Math.max(0, size - this.end)));
      let line: Buffer[] = [];
      for (let at = this.end; at < size; ) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - at), at);
        if (bytesRead === 0) return;
        let from = 0;
        for (let to = buffer.indexOf(newLine); to >= 0 && to < bytesRead; to = buffer.indexOf(newLine, from)) {
          line.push(Buffer.from(buffer.subarray(from, to)));
          this.summary = addLine(this.summary, Buffer.concat(line).toString());
          line = [];
          from = to + 1;
          this.starts.push(at + from);
        }
        line.push(Buffer.from(buffer.subarray(from, bytesRead)));
        at += bytesRead;
      }
    });
  }

  /** The line of an event that has been taken note of, from 1. */
  async line(number: number): Promise<string> {
    const [from, to] = [this.starts[number - 1]!, this.starts[number]! - 1];
    const buffer = Buffer.alloc(to - from);
    await this.open((file) => file.read(buffer, 0, buffer.length, from));
    return buffer.toString();
  }

  private get end(): number {
    return this.starts.at(-1)!;
  }

  private async open(work: (file: fs.FileHandle) => Promise<unknown>): Promise<void> {
    await onDisk(`read ${this.path}`, async () => {
      const file = await fs.open(this.path, 'r').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (file === undefined) return;
      try {
        await work(file);
      } finally {
        await file.close();
      }
    });
  }
}

/** Writes a log; one at a time, who has the run's lock. */
export class LogWriter {
  private readonly path: string;
  private file: fs.FileHandle | undefined;
  private last: Promise<void> = Promise.resolve();

  private constructor(directory: string) {
    this.path = join(directory, logName);
  }

  /** Opens a log to go on with it. What a killed writer has left of a line is cut off. */
  static async open(directory: string): Promise<LogWriter> {
    const writer = new LogWriter(directory);
    await onDisk(`write ${writer.path}`, async () => {
      const file = await fs.open(writer.path, 'a+');
      writer.file = file;
      await file.truncate(await endOfLines(file));
    });
    return writer;
  }

  /** Adds lines; they are on their way to the disk, in this order, when the promise resolves. */
  append(...lines: readonly string[]): Promise<void> {
    const text = lines.map((line) => `${line}\n`).join('');
    const done = this.last.then(() => onDisk(`write ${this.path}`, async () => this.file?.appendFile(text)));
    this.last = done.catch(() => undefined);
    return done;
  }

  /** Makes what has been written outlast a power cut. */
  async sync(): Promise<void> {
    await this.last;
    await onDisk(`write ${this.path}`, async () => this.file?.sync());
  }

  async close(): Promise<void> {
    await this.last;
    await this.file?.close();
    this.file = undefined;
  }
}

/** The position after the last line break. */
async function endOfLines(file: fs.FileHandle): Promise<number> {
  const buffer = Buffer.alloc(1 << 16);
  for (let to = (await file.stat()).size; to > 0; ) {
    const from = Math.max(0, to - buffer.length);
    const { bytesRead } = await file.read(buffer, 0, to - from, from);
    const at = buffer.subarray(0, bytesRead).lastIndexOf(newLine);
    if (at >= 0) return from + at + 1;
    to = from;
  }
  return 0;
}
