/** Whatever reads or writes the state takes turns, so that nobody sees a state that is half changed. */
let last: Promise<unknown> = Promise.resolve();

/** Runs `fn` when everything that was asked for earlier is done. `fn` must not wait for a later turn. */
export function inTurn<R>(fn: () => Promise<R>): Promise<R> {
  const result = last.then(fn);
  const done = (): void => undefined;
  last = result.then(done, done);
  return result;
}
