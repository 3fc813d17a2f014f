/** Progress on stderr: a bar on a terminal, a line now and then elsewhere. */
import cliProgress from 'cli-progress';
import type { DownloadProgress } from '../node/index.js';
import { type Io, note, type Output } from './io.js';

const firstLineAfterSeconds = 1;
const lineEverySeconds = 5;
const barEveryMs = 100;

export class Meter {
  private readonly io: Io;
  private readonly bar: cliProgress.SingleBar | undefined;
  private nextLine = performance.now() / 1000 + firstLineAfterSeconds;
  private running = false;

  constructor(io: Io) {
    this.io = io;
    if (io.stderr.isTTY === true) {
      this.bar = new cliProgress.SingleBar({
        stream: io.stderr as Output & NodeJS.WritableStream,
        format: '{bar} {percentage}%  {text}',
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: 24,
        hideCursor: true,
        clearOnComplete: true,
        linewrap: false,
        fps: 1000 / barEveryMs,
      });
    }
  }

  /** Shows how far the work is: a fraction, and what else there is to say. */
  show(fraction: number, text: string): void {
    if (this.bar !== undefined) {
      if (!this.running) this.bar.start(1000, 0, { text });
      this.running = true;
      this.bar.update(Math.floor(fraction * 1000), { text });
      return;
    }
    const now = performance.now() / 1000;
    if (now < this.nextLine) return;
    this.nextLine = now + lineEverySeconds;
    note(this.io, `${String(Math.floor(fraction * 100)).padStart(3)}%  ${text}`);
  }

  /** A line that stays. */
  say(text: string): void {
    this.stop();
    note(this.io, text);
  }

  /** Takes the bar away. */
  stop(): void {
    if (this.running) this.bar?.stop();
    this.running = false;
  }
}

/** Shows downloads of data files. */
export function downloadMeter(io: Io): (progress: DownloadProgress) => void {
  const meter = new Meter(io);
  return ({ file, received, total }) => {
    const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
    const of = total === undefined ? '' : ` of ${megabytes(total)}`;
    meter.show(total === undefined ? 0 : received / total, `downloading ${file.path}: ${megabytes(received)}${of} MB`);
    if (received === total) meter.stop();
  };
}
