/** Doing something not too often, and not at all while nobody looks. */

/** Runs at most once in so many milliseconds and, while the tab is hidden, only when it is shown again. */
export function throttled(milliseconds: number, work: () => void): (() => void) & { cancel(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = -Infinity;
  const run = (): void => {
    timer = undefined;
    if (document.hidden) {
      document.addEventListener('visibilitychange', request, { once: true });
      return;
    }
    last = performance.now();
    work();
  };
  const request = (): void => {
    timer ??= setTimeout(run, Math.max(0, last + milliseconds - performance.now()));
  };
  const cancel = (): void => {
    clearTimeout(timer);
    timer = undefined;
    document.removeEventListener('visibilitychange', request);
  };
  return Object.assign(request, { cancel });
}
