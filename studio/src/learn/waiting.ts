/** Waiting for parts of the page that are still to come. */

/**
 * The first element that fits, as soon as there is one.
 * @throws the signal's reason when it ends the waiting
 */
export function found<E extends Element>(
  selector: string,
  fits: (element: E) => boolean,
  signal: AbortSignal,
): Promise<E> {
  const look = (): E | undefined => [...document.querySelectorAll<E>(selector)].find(fits);
  return new Promise((resolve, reject) => {
    const present = look();
    if (present !== undefined) {
      resolve(present);
      return;
    }
    const observer = new MutationObserver(() => {
      const element = look();
      if (element === undefined) return;
      observer.disconnect();
      resolve(element);
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
    signal.addEventListener('abort', () => {
      observer.disconnect();
      reject(signal.reason);
    });
  });
}
