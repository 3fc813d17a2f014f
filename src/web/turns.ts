/** Turns at something that only one may use at a time, in the order in which they were asked for. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Waits for a turn. @returns ends it */
  async take(): Promise<() => void> {
    const before = this.#last;
    let end = (): void => undefined;
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  }

  async use<R>(fn: () => Promise<R>): Promise<R> {
    const end = await this.take();
    try {
      return await fn();
    } finally {
      end();
    }
  }
}
