/** Where we are, as a signal, and how to go elsewhere. */
import { signal } from '@preact/signals';
import { findBase, type Page, type Place, readPlace, writePlace } from './route.js';

const ground = findBase(location);

/**
 * The token that `genera studio` puts into the address; it is taken out at once and kept for this tab. Tabs that are open
 * already are told, since a server that was started again has another one.
 */
const tokenKey = 'genera.token';
const tabs = new BroadcastChannel(tokenKey);
const given = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
if (given !== undefined) {
  sessionStorage.setItem(tokenKey, given);
  tabs.postMessage(given);
  history.replaceState(
    null,
    '',
    writePlace({ page: readPlace({ ...plain(), hash: '' }, ground).page, query: '' }, ground),
  );
}
export const token = signal(sessionStorage.getItem(tokenKey) ?? undefined);
tabs.onmessage = ({ data }: MessageEvent<string>) => {
  sessionStorage.setItem(tokenKey, data);
  token.value = data;
};

/** Where the server's API lies. */
export const apiBase: string = ground.base;

/** Whether the page may come from `genera studio`; other hosts of files need not be asked for an API. */
export const mayBeServed: boolean =
  token.peek() !== undefined || ground.paths || ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);

export const place = signal<Place>(readPlace(location, ground));

function plain(): { pathname: string; search: string; hash: string } {
  return { pathname: location.pathname, search: location.search, hash: location.hash };
}

export function hrefOf(page: Page, query = ''): string {
  return writePlace({ page, query }, ground);
}

export function goTo(page: Page, query = ''): void {
  history.pushState(null, '', hrefOf(page, query));
  arrive();
}

/** The same page with other parameters, without a step in the browser's history. */
export function replaceQuery(query: string): void {
  const { page } = place.peek();
  history.replaceState(null, '', hrefOf(page, query));
  place.value = { page, query };
}

function arrive(): void {
  const before = place.peek().page;
  place.value = readPlace(location, ground);
  const { page } = place.peek();
  if (JSON.stringify(page) !== JSON.stringify(before)) {
    window.scrollTo(0, 0);
    // The new page's heading is what a screen reader should say, and where Tab goes on from.
    requestAnimationFrame(() => document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true }));
  }
}

/** Links inside the app change the place without loading a page. */
export function watchLinks(): void {
  addEventListener('popstate', arrive);
  addEventListener('hashchange', arrive);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = (event.target as Element).closest?.('a[href]') as HTMLAnchorElement | null;
    if (link === null || link.target !== '' || link.origin !== location.origin || link.hasAttribute('download')) return;
    const there = readPlace(link, ground);
    if (there.page.name === 'unknown' || !link.pathname.startsWith(ground.base)) return;
    event.preventDefault();
    history.pushState(null, '', link.href);
    arrive();
  });
}
