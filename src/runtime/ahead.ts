/**
 * Work that another thread does while a session runs: the noise and the batches of the next step. What it makes is what
 * this thread would have made, bit for bit, so nothing depends on whether there is such a thread, nor on how fast it is.
 */
import type { TypedArray } from '../core/dtype.js';
import type { TensorType } from '../core/op.js';

/**
 * Work that takes less than this many ns is sooner done than handed over: the other thread then contends with those of the
 * session (docs/PERFORMANCE.md).
 */
export const worthwhile = 500_000;

/** A function that fills arrays, by the name under which the other thread knows it, and what it is told, as plain data. */
export interface Job {
  readonly task: 'draw' | 'batch';
  readonly argument: unknown;
  /** The arrays that it fills. */
  readonly outputs: readonly TensorType[];
}

export interface Ahead {
  /** Begins the job. */
  begin(job: Job): Pending;
  /** Gives the other thread a copy of plain data that many jobs need. */
  share(data: unknown): Shared;
}

/** A handle that jobs name in their argument. */
export interface Shared {
  readonly id: number;
}

export interface Pending {
  /**
   * Waits for the job and copies its results.
   * @returns false where the other thread has failed or is too late: the caller then does the work itself
   */
  take(into: readonly TypedArray[]): boolean;
}
