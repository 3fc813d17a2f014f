/** What a host could not do. */
import type { HostError } from '../../../src/train/host.js';

export class HostFailure extends Error {
  /** What it is made of, where the host says so. */
  readonly error: HostError | undefined;

  constructor(message: string, error?: HostError) {
    super(message);
    this.name = 'HostFailure';
    this.error = error;
  }
}
