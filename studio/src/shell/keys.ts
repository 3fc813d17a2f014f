/** Keys that work anywhere but in fields. A page says what it does with them as long as it is shown. */
import { signal } from '@preact/signals';

export interface Command {
  readonly id: string;
  readonly label: string;
  /** As `keyOf` writes it: 'Space', '.', 'Shift+.', 'r', 'Ctrl+k'. */
  readonly keys: readonly string[];
  run(): void;
}

/** Commands at hand, the latest last; the palette lists them. */
export const commands = signal<readonly Command[]>([]);

/** @returns takes them away again */
export function offer(list: readonly Command[]): () => void {
  commands.value = [...commands.peek(), ...list];
  return () => {
    commands.value = commands.peek().filter((command) => !list.includes(command));
  };
}

function keyOf(event: KeyboardEvent): string {
  const key =
    event.code === 'Space' ? 'Space' : event.code === 'Period' ? '.' : event.code === 'Comma' ? ',' : event.key;
  const named = key.length === 1 ? key.toLowerCase() : key;
  const shifted = event.shiftKey && (event.code === 'Period' || event.code === 'Comma');
  return `${event.ctrlKey || event.metaKey ? 'Ctrl+' : ''}${shifted ? 'Shift+' : ''}${named}`;
}

const takesText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches('input:not([type=checkbox]):not([type=range]):not([type=radio]), textarea, select'));
/** Space presses a focused button or link, and must not play as well. */
const takesSpace = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('button, summary, [role=button], input[type=checkbox]');

export function watchKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.altKey || event.defaultPrevented || document.querySelector('dialog[open]') !== null) return;
    const key = keyOf(event);
    if (takesText(event.target) && key !== 'Ctrl+k') return;
    if (key === 'Space' && takesSpace(event.target)) return;
    const command = commands.peek().findLast(({ keys }) => keys.includes(key));
    if (command === undefined) return;
    event.preventDefault();
    command.run();
  });
}
