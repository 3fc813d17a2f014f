/** How many threads the runtime may use here. */

export interface ThreadOptions {
  /** Threads of one operation. Default: one less than there are cores, at most 4; 1 without cross-origin isolation. */
  readonly threads?: number | undefined;
}

/** Threads share memory, which a page has only where it is cross-origin isolated. */
export function threadsFor({ threads }: ThreadOptions): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return threads ?? Math.min(4, Math.max(1, navigator.hardwareConcurrency - 1));
}

/** What is shown to people. */
export function describeThreads(threads: number): string {
  const count = `${threads} thread${threads === 1 ? '' : 's'}`;
  return globalThis.crossOriginIsolated ? count : `${count}: the page is not cross-origin isolated`;
}
