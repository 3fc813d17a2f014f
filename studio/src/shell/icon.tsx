/** Small line drawings, 24 × 24. */
import type { JSX } from 'preact';

const paths = {
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M7 5h3.5v14H7zM13.5 5H17v14h-3.5z',
  step: 'M6 5.5v13l8.5-6.5zM16.5 5.5H19v13h-2.5z',
  reset: 'M5 12a7 7 0 1 0 2.2-5.1M5 4.5V9h4.5',
  lock: 'M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z',
  unlock: 'M7 11V8a5 5 0 0 1 9.6-2M6 11h12v9H6z',
  dice: 'M5 5h14v14H5zM9 9h.01M15 9h.01M12 12h.01M9 15h.01M15 15h.01',
  share: 'M9.5 13.5l5-3M9.5 10.5l5 3M18 6.5a2.2 2.2 0 1 1-.01 0M6 9.8a2.2 2.2 0 1 1-.01 0M18 13.1a2.2 2.2 0 1 1-.01 0',
  sun: 'M12 8a4 4 0 1 1-.01 0M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4',
  moon: 'M19.5 14.5A8 8 0 1 1 9.5 4.5a6.5 6.5 0 0 0 10 10z',
  help: 'M12 3a9 9 0 1 1-.01 0M9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M12 16.8h.01',
  close: 'M6 6l12 12M18 6L6 18',
  table: 'M4 6h16v12H4zM4 10.5h16M4 14.2h16M10 6v12',
  save: 'M12 4v10M8 10.5l4 4 4-4M5 18.5h14',
  search: 'M10.5 4.5a6 6 0 1 1-.01 0M15 15l5 5',
  arrow: 'M5 12h14M13 6l6 6-6 6',
} as const;

export type IconName = keyof typeof paths;
const filled: readonly IconName[] = ['play', 'pause', 'step'];

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class={filled.includes(name) ? 'icon icon-filled' : 'icon'} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
