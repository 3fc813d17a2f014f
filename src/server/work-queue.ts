/** Work that is done one piece after the other, since each uses the whole machine. */
import { HttpError } from './errors.js';

interface Piece {
  readonly begin: () => void;
  readonly refuse: (reason: unknown) => void;
}

export class WorkQueue {
  private readonly limit: number;
  private readonly waiting: Piece[] = [];
  private busy = false;
  private stopped = false;
  private idle: (() => void) | undefined;

  /** @param limit pieces that may wait */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Pieces at work or waiting. */
  get length(): number {
    return this.waiting.length + (this.busy ? 1 : 0);
  }

  /**
   * Does a piece of work in its turn. One whose signal is aborted while it waits never begins; once begun, it has to
   * watch the signal itself.
   * @throws HttpError 429 where too many wait, 503 after `stop`
   */
  async run<R>(signal: AbortSignal, work: () => Promise<R>): Promise<R> {
    if (this.stopped) throw stopping();
    signal.throwIfAborted();
    if (this.busy) await this.wait(signal);
    this.busy = true;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.next();
    }
  }

  /** Refuses what waits and what comes; resolves when what is at work is done. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const { refuse } of this.waiting.splice(0)) refuse(stopping());
    if (this.busy) await new Promise<void>((done) => (this.idle = done));
  }

  private wait(signal: AbortSignal): Promise<void> {
    if (this.waiting.length >= this.limit) {
      throw new HttpError(
        429,
        {
          operation: 'generate',
          expected: `at most ${this.limit} requests that wait`,
          got: 'one more',
          remedy: 'Try again later.',
        },
        { code: 'queue_full', headers: { 'retry-after': '5' } },
      );
    }
    return new Promise<void>((begin, refuse) => {
      const piece: Piece = {
        begin: () => {
          signal.removeEventListener('abort', leave);
          begin();
        },
        refuse: (reason) => {
          signal.removeEventListener('abort', leave);
          refuse(reason);
        },
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(piece), 1);
        refuse(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(piece);
    });
  }

  private next(): void {
    const piece = this.waiting.shift();
    this.busy = piece !== undefined; // handed over, so that nobody comes in between
    if (piece !== undefined) piece.begin();
    else this.idle?.();
  }
}

/** What is said once a server is about to end. */
export function stopping(): HttpError {
  return new HttpError(
    503,
    { operation: 'request', expected: 'a server that goes on', got: 'one that is being stopped' },
    { code: 'stopping', headers: { connection: 'close', 'retry-after': '10' } },
  );
}
