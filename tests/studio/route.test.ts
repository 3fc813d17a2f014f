import { expect, test } from 'vitest';
import { findBase, type Place, readPlace, writePlace } from '../../studio/src/shell/route.js';

const address = (url: string) => new URL(url, 'http://host');
const places: Place[] = [
  { page: { name: 'map' }, query: '' },
  { page: { name: 'map' }, query: 'at=vae' },
  { page: { name: 'model', id: 'beta-vae' }, query: '' },
  { page: { name: 'model', id: 'vae' }, query: 'v=1&latent=2' },
  { page: { name: 'compare' }, query: 'a=one&b=two' },
  { page: { name: 'learn', id: 'latent-space' }, query: '' },
  { page: { name: 'settings' }, query: '' },
];

test.each(['/', '/index.html', '/some/folder/', '/some/folder/index.html'])('on a host of files, at %s', (first) => {
  const ground = findBase(address(first));
  expect(ground.paths).toBe(false);
  expect(readPlace(address(first), ground)).toEqual({ page: { name: 'map' }, query: '' });
  for (const place of places) {
    const written = address(writePlace(place, ground));
    // The file that the host has stays the same.
    expect(written.pathname).toBe(ground.base);
    expect(readPlace(written, ground)).toEqual(place);
  }
});

test.each(['/m/vae', '/base/m/vae', '/learn/game', '/base/compare', '/runs/', '/#token=abc'])(
  'where pages are paths, at %s',
  (first) => {
    const ground = findBase(address(first));
    expect(ground.paths).toBe(true);
    for (const place of places) expect(readPlace(address(writePlace(place, ground)), ground)).toEqual(place);
  },
);

test('the first address of a page that is a path', () => {
  const first = address('/studio/m/vae?seed=3&steps=5#v=1&latent=2');
  const ground = findBase(first);
  expect(ground.base).toBe('/studio/');
  expect(readPlace(first, ground)).toEqual({
    page: { name: 'model', id: 'vae' },
    query: 'seed=3&steps=5&v=1&latent=2',
  });
});

test('pages that are none, and malformed parts', () => {
  const ground = findBase(address('/'));
  expect(readPlace(address('/#/nowhere'), ground).page).toEqual({ name: 'unknown', path: 'nowhere' });
  expect(readPlace(address('/#/m/%E0%A4%A'), ground).page).toEqual({ name: 'model', id: '%E0%A4%A' });
});
