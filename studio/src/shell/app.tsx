/** The frame around every page. */

import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { tours } from '../learn/tours.js';
import { MapPage } from '../pages/map.js';
import { Header } from './header.js';
import { Icon } from './icon.js';
import { offer } from './keys.js';
import { lazy } from './lazy.js';
import { goTo, place } from './navigation.js';
import { dismiss, milestone, notices } from './notices.js';
import Palette from './palette.js';
import { chooseTheme, theme } from './theme.js';

const wait = <p class="empty">Loading…</p>;
const ModelPage = lazy(() => import('../pages/model.js'), wait);
const TourPage = lazy<{ id: string }>(() => import('../learn/page.js'), wait);
const RunsPage = lazy(() => import('../pages/runs.js'), wait);
const ComparePage = lazy(() => import('../pages/compare.js'), wait);
const SettingsPage = lazy(() => import('../pages/settings.js'), wait);
const Help = lazy(() => import('./help.js'));

const open = signal<'palette' | 'help' | undefined>(undefined);

export function App(): JSX.Element {
  useEffect(
    () =>
      offer([
        { id: 'palette', label: 'Find a page, model or command', keys: ['Ctrl+k'], run: () => show('palette') },
        { id: 'help', label: 'Keys', keys: ['?'], run: () => show('help') },
        { id: 'map', label: 'Go to the map', keys: [], run: () => goTo({ name: 'map' }) },
        { id: 'runs', label: 'Go to the runs', keys: [], run: () => goTo({ name: 'runs' }) },
        { id: 'settings', label: 'Go to the settings', keys: [], run: () => goTo({ name: 'settings' }) },
        ...tours.map(({ id, title }) => ({
          id: `tour-${id}`,
          label: `Tour: ${title}`,
          keys: [],
          run: () => goTo({ name: 'learn', id }),
        })),
        {
          id: 'theme',
          label: 'Change between light and dark',
          keys: [],
          run: () => chooseTheme(theme.peek() === 'dark' ? 'light' : 'dark'),
        },
      ]),
    [],
  );
  return (
    <>
      <Header show={show} />
      <Notices />
      <main tabIndex={-1}>
        <CurrentPage />
      </main>
      <p class="sr-only" aria-live="polite">
        {milestone}
      </p>
      {open.value === 'palette' && <Palette close={close} />}
      {open.value === 'help' && <Help close={close} />}
    </>
  );
}

function show(what: 'palette' | 'help'): void {
  open.value = what;
}

function close(): void {
  open.value = undefined;
}

function CurrentPage(): JSX.Element {
  const { page } = place.value;
  switch (page.name) {
    case 'map':
      return <MapPage />;
    case 'model':
      return <ModelPage key={page.id} id={page.id} />;
    case 'learn':
      return <TourPage key={page.id} id={page.id} />;
    case 'runs':
      return <RunsPage />;
    case 'compare':
      return <ComparePage />;
    case 'settings':
      return <SettingsPage />;
    case 'unknown':
      return (
        <div class="page-narrow">
          <h1>There is no such page</h1>
          <p>
            “{page.path}” is none of the Studio’s pages. <a href="./">The map</a> shows what there is.
          </p>
        </div>
      );
  }
}

function Notices(): JSX.Element | null {
  if (notices.value.length === 0) return null;
  return (
    <section class="notices" aria-label="Messages">
      {notices.value.map((notice) => (
        <div key={notice.key} class={`notice notice-${notice.tone}`} role={notice.tone === 'info' ? 'status' : 'alert'}>
          <div class="notice-text">
            <p>{notice.text}</p>
            {notice.details !== undefined && notice.details.length > 0 && (
              <ul>
                {notice.details.map((detail) => (
                  <li key={detail}>{detail}</li>
                ))}
              </ul>
            )}
          </div>
          {notice.actions?.map((action) => (
            <button
              key={action.label}
              type="button"
              class="button"
              onClick={() => {
                dismiss(notice.key);
                action.run();
              }}
            >
              {action.label}
            </button>
          ))}
          <button type="button" class="tool" aria-label="Close this message" onClick={() => dismiss(notice.key)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </section>
  );
}
