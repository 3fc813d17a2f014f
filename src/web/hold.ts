/** One worker of one tab at a time has a run. */
import { StorageError } from '../core/errors.js';

/** How long is waited for a worker that has just been ended, in milliseconds. */
const patience = 3000;

/**
 * Holds a run until this worker ends, however it ends.
 * @throws StorageError where another tab has it
 */
export function holdRun(id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(`genera run ${id}`, { signal: AbortSignal.timeout(patience) }, () => {
      resolve();
      return new Promise(() => undefined);
    });
    held.catch((cause) =>
      reject(
        new StorageError(
          {
            operation: `open run ${id}`,
            expected: 'a run that nobody else has open',
            got: 'one that is open in another tab',
            remedy: 'Close it there.',
          },
          { cause },
        ),
      ),
    );
  });
}
