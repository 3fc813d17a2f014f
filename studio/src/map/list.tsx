/** The map as a nested list: the same for screen readers, small screens and those who like to read. */
import type { JSX } from 'preact';
import { trained } from '../run/trained.js';
import { hrefOf } from '../shell/navigation.js';
import { ConceptText } from './details.js';
import type { ConceptOutline, FamilyOutline } from './outline.js';

interface ListProps {
  readonly families: readonly FamilyOutline[];
  readonly chosen: string | undefined;
  choose(id: string | undefined): void;
  clear(concept: ConceptOutline, family: string): boolean;
}

const states = { built: 'ready to train', part: 'part of another', planned: 'not built yet' } as const;

export function ConceptList({ families, chosen, choose, clear }: ListProps): JSX.Element {
  const shown = families
    .map((family) => ({ family, concepts: family.concepts.filter((concept) => clear(concept, family.id)) }))
    .filter(({ concepts }) => concepts.length > 0);
  return (
    <ul class="concept-list">
      {shown.map(({ family, concepts }) => (
        <li key={family.id} style={{ '--family': `var(--family-${family.id})` }}>
          <h2>
            <span class="dot" /> {family.title}
          </h2>
          <p class="muted">{family.summary}</p>
          <ul>
            {concepts.map((concept) => {
              const open = concept.id === chosen;
              const progress = trained.value[concept.id];
              return (
                <li key={concept.id}>
                  <div class="concept-row">
                    <button
                      type="button"
                      aria-expanded={open}
                      class={`concept concept-${concept.state}`}
                      onClick={() => choose(open ? undefined : concept.id)}
                    >
                      {concept.title}
                    </button>
                    {concept.state === 'built' ? (
                      <a href={hrefOf({ name: 'model', id: concept.id })}>
                        {progress === undefined ? 'train' : `trained for ${progress.step} steps`}
                        <span class="sr-only">: {concept.title}</span>
                      </a>
                    ) : (
                      <span class="muted">{states[concept.state]}</span>
                    )}
                  </div>
                  {open && (
                    <div class="concept-text">
                      <ConceptText family={family.id} id={concept.id} state={concept.state} />
                    </div>
                  )}
                </li>
              );
            })}
          </ul>
        </li>
      ))}
    </ul>
  );
}
