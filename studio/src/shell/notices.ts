/** What the user must know: messages at the top of the page, and milestones that a screen reader says. */
import { signal } from '@preact/signals';

export interface Notice {
  /** Two notices with one key do not stand beside each other. */
  readonly key: string;
  readonly tone: 'info' | 'warning' | 'error';
  readonly text: string;
  readonly details?: readonly string[];
  readonly actions?: readonly { readonly label: string; run(): void }[];
}

export const notices = signal<readonly Notice[]>([]);
/** Said by screen readers. */
export const milestone = signal('');

export function notify(notice: Notice): void {
  notices.value = [...notices.peek().filter(({ key }) => key !== notice.key), notice];
}

export function dismiss(key: string): void {
  if (notices.peek().some((notice) => notice.key === key)) {
    notices.value = notices.peek().filter((notice) => notice.key !== key);
  }
}

/** An error as a notice. */
export function notifyError(key: string, error: unknown, actions?: Notice['actions']): void {
  const text = error instanceof Error ? error.message : String(error);
  notify({ key, tone: 'error', text, ...(actions === undefined ? {} : { actions }) });
}

export function announce(text: string): void {
  milestone.value = text;
}
