/** Keeps the next values of an iterator ready while the present one is worked on. */

/**
 * The values of `source`, of which up to `ahead` are asked for before they are needed. The source is asked for one at
 * a time and in order; its error arrives in its place in the order; leaving the loop early closes the source.
 */
export async function* prefetch<T>(
  source: Iterable<T> | AsyncIterable<T>,
  { ahead = 2 }: { readonly ahead?: number } = {},
): AsyncGenerator<T, void, undefined> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const ready: Promise<IteratorResult<T>>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const ask = () => {
    const next = last.then(() => iterator.next());
    next.catch(() => undefined); // reported when its turn comes
    ready.push(next);
    last = next;
  };

  try {
    for (let i = 0; i < Math.max(1, ahead); i++) ask();
    for (;;) {
      const result = await (ready.shift() as Promise<IteratorResult<T>>);
      if (result.done) return;
      ask();
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}
