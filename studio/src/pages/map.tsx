/** The concept map: all families between two axes, and the same as a nested list. */

import { families } from 'virtual:concepts';
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { tours } from '../learn/tours.js';
import { Details } from '../map/details.js';
import { ConceptList } from '../map/list.js';
import type { ConceptOutline } from '../map/outline.js';
import { Plot } from '../map/plot.js';
import { hrefOf, place, replaceQuery } from '../shell/navigation.js';

const narrow = matchMedia('(max-width: 900px)');
const view = signal<'map' | 'list'>(narrow.matches ? 'list' : 'map');
narrow.addEventListener('change', () => {
  view.value = narrow.matches ? 'list' : 'map';
});
/** What is shown in full: everything, one family, or what can be trained. */
const facet = signal<string>('all');

const concepts = families.flatMap((family) => family.concepts);
const builtCount = concepts.filter(({ state }) => state === 'built').length;

/** The family of a concept. */
const familyOf = (id: string) => families.find((family) => family.concepts.some((concept) => concept.id === id));

export function MapPage(): JSX.Element {
  const chosen = new URLSearchParams(place.value.query).get('at') ?? undefined;
  const family = chosen === undefined ? undefined : familyOf(chosen);
  const choose = (id: string | undefined): void => replaceQuery(id === undefined ? '' : `at=${encodeURIComponent(id)}`);
  useEffect(() => {
    document.title = 'Map · genera Studio';
  }, []);
  const clear = (concept: ConceptOutline, familyId: string): boolean =>
    facet.value === 'all' || facet.value === familyId || (facet.value === 'built' && concept.state !== 'planned');
  const chip = (id: string, label: string, colour?: string): JSX.Element => (
    <button
      key={id}
      type="button"
      class="chip"
      aria-pressed={facet.value === id}
      style={colour === undefined ? undefined : { '--family': `var(--family-${colour})` }}
      onClick={() => {
        facet.value = facet.value === id ? 'all' : id;
      }}
    >
      {colour !== undefined && <span class="dot" />}
      {label}
    </button>
  );

  return (
    <div class="map-page">
      <div class="map-head">
        <div>
          <h1>How machines learn to make things</h1>
          <p class="lead">
            Every family of generative models, and its relatives. Choose one to read what it does; {builtCount} of them
            you can train here and now.
          </p>
          <p class="tours">
            New here? Take a tour:{' '}
            {tours.map(({ id, title }, i) => (
              <span key={id}>
                {i > 0 && ' · '}
                <a href={hrefOf({ name: 'learn', id })}>{title}</a>
              </span>
            ))}
          </p>
        </div>
        <fieldset class="switch">
          <legend class="sr-only">View</legend>
          {(['map', 'list'] as const).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={view.value === name}
              onClick={() => {
                view.value = name;
              }}
            >
              {name === 'map' ? 'Map' : 'List'}
            </button>
          ))}
        </fieldset>
      </div>
      <fieldset class="facets">
        <legend class="sr-only">Show</legend>
        {chip('built', 'Ready to train')}
        {families.map(({ id, title }) => chip(id, title, id))}
        <ul class="legend" aria-label="Signs">
          <li>
            <span class="node-sample node-built" /> ready to train
          </li>
          <li>
            <span class="node-sample node-part" /> part of another
          </li>
          <li>
            <span class="node-sample node-planned" /> not built yet
          </li>
        </ul>
      </fieldset>
      <div class={family === undefined ? 'map-body' : 'map-body map-body-open'}>
        {view.value === 'map' ? (
          <Plot families={families} chosen={chosen} choose={choose} clear={clear} />
        ) : (
          <ConceptList families={families} chosen={chosen} choose={choose} clear={clear} />
        )}
        {family !== undefined && view.value === 'map' && (
          <Details family={family} id={chosen!} close={() => choose(undefined)} choose={choose} />
        )}
      </div>
    </div>
  );
}
