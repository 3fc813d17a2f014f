/**
 * Addresses. Where the server knows the pages (`genera studio`), they are paths: `/m/vae#v=1&latent=2`. On any other host
 * of files they are fragments of the one file: `#/m/vae?v=1&latent=2`.
 */
export type Page =
  | { readonly name: 'map' }
  | { readonly name: 'model'; readonly id: string }
  | { readonly name: 'learn'; readonly id: string }
  | { readonly name: 'runs' }
  | { readonly name: 'compare' }
  | { readonly name: 'settings' }
  | { readonly name: 'unknown'; readonly path: string };

export interface Place {
  readonly page: Page;
  /** Parameters of the page: a model's choice, the runs to compare. */
  readonly query: string;
}

export interface Address {
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
}

const pagePaths = /^(.*\/)(map|m\/[^/]+|learn\/[^/]+|runs|compare|settings)\/?$/;

/** Where the app lies, and whether pages are paths; both follow from the first address. */
export function findBase({ pathname, hash }: Address): { base: string; paths: boolean } {
  const match = pagePaths.exec(pathname);
  if (match !== null) return { base: match[1]!, paths: true };
  return { base: pathname.slice(0, pathname.lastIndexOf('/') + 1), paths: hash.startsWith('#token=') };
}

export function readPlace(address: Address, { base, paths }: { base: string; paths: boolean }): Place {
  const fragment = address.hash.slice(1);
  if (fragment.startsWith('/') || !paths) {
    const [path = '', query = ''] = fragment.startsWith('/') ? cut(fragment.slice(1), '?') : ['', ''];
    return { page: pageOf(path), query: join(address.search.slice(1), query) };
  }
  return { page: pageOf(address.pathname.slice(base.length)), query: join(address.search.slice(1), fragment) };
}

export function writePlace({ page, query }: Place, { base, paths }: { base: string; paths: boolean }): string {
  const path = pathOf(page);
  if (!paths) return `${base}#/${path}${query === '' ? '' : `?${query}`}`;
  return `${base}${path}${query === '' ? '' : `#${query}`}`;
}

function pageOf(path: string): Page {
  const [name = '', id] = path.replace(/\/$/, '').split('/');
  if (name === '' || name === 'map' || name === 'index.html') return { name: 'map' };
  if (name === 'm' && id !== undefined) return { name: 'model', id: decode(id) };
  if (name === 'learn' && id !== undefined) return { name, id: decode(id) };
  if (name === 'runs' || name === 'compare' || name === 'settings') return { name };
  return { name: 'unknown', path };
}

function pathOf(page: Page): string {
  if (page.name === 'model') return `m/${encodeURIComponent(page.id)}`;
  if (page.name === 'learn') return `learn/${encodeURIComponent(page.id)}`;
  return page.name === 'unknown' ? page.path : page.name;
}

/** A path part as text; where it is malformed, as it stands. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function cut(text: string, at: string): [string, string] {
  const i = text.indexOf(at);
  return i < 0 ? [text, ''] : [text.slice(0, i), text.slice(i + 1)];
}

const join = (a: string, b: string): string => [a, b].filter((part) => part !== '').join('&');
