/** Light and dark: what the system says, until somebody chooses. */
import { computed, effect, signal } from '@preact/signals';

export type Theme = 'light' | 'dark';

const key = 'genera.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const system = signal<Theme>(dark.matches ? 'dark' : 'light');
dark.addEventListener('change', () => {
  system.value = dark.matches ? 'dark' : 'light';
});
const chosen = signal<Theme | 'system'>((localStorage.getItem(key) as Theme | null) ?? 'system');

export const theme = computed<Theme>(() => (chosen.value === 'system' ? system.value : chosen.value));
export const themeChoice = chosen;

export function chooseTheme(choice: Theme | 'system'): void {
  chosen.value = choice;
  if (choice === 'system') localStorage.removeItem(key);
  else localStorage.setItem(key, choice);
}

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
});

/** A custom property of the style sheet, for what is drawn on a canvas. */
export function styleValue(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
