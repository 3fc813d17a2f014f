/** What a host could not do. */
import type { HostError } from '../../../src/train/host.js';

export class HostFailure extends Error {
  /** What it is made of, where the host says so. */
  readonly error: HostError | undefined;
  /** Of HTTP, where there was an answer. */
  readonly status: number | undefined;

  constructor(message: string, { error, status }: { error?: HostError; status?: number } = {}) {
    super(message);
    this.name = 'HostFailure';
    this.error = error;
    this.status = status;
  }
}
