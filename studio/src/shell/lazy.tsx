/** Parts of the app that are loaded when they are first shown. */
import { signal } from '@preact/signals';
import type { ComponentType, JSX } from 'preact';

/** @param wait shown meanwhile */
export function lazy<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
  wait: JSX.Element | null = null,
) {
  const loaded = signal<ComponentType<P> | undefined>(undefined);
  const failure = signal<string | undefined>(undefined);
  let asked = false;
  return function Lazy(props: P): JSX.Element | null {
    if (!asked) {
      asked = true;
      load().then(
        (module) => {
          loaded.value = module.default;
        },
        (error: unknown) => {
          asked = false;
          failure.value = String(error);
        },
      );
    }
    const Component = loaded.value;
    if (Component !== undefined) return <Component {...props} />;
    if (failure.value === undefined) return wait;
    return (
      <p class="empty">This part could not be loaded. Load the page again when you are online. ({failure.value})</p>
    );
  };
}
