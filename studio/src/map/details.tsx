/** What one concept is: its paragraph, its formula, its relatives, and the way to its page. */

import { families } from 'virtual:concepts';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../shell/icon.js';
import { hrefOf } from '../shell/navigation.js';
import { useDetails } from './load-details.js';
import type { FamilyOutline } from './outline.js';

interface DetailsProps {
  readonly family: FamilyOutline;
  readonly id: string;
  close(): void;
  choose(id: string): void;
}

const all = families.flatMap((family) => family.concepts);

export function Details({ family, id, close, choose }: DetailsProps): JSX.Element {
  const concept = family.concepts.find((c) => c.id === id)!;
  const relatives = (ids: readonly string[], label: string): JSX.Element | null =>
    ids.length === 0 ? null : (
      <p class="relatives">
        <span class="muted">{label} </span>
        {ids.map((other) => (
          <button key={other} type="button" class="chip" onClick={() => choose(other)}>
            {all.find((c) => c.id === other)?.title ?? other}
          </button>
        ))}
      </p>
    );
  return (
    <section class="details" aria-labelledby="details-title" style={{ '--family': `var(--family-${family.id})` }}>
      <p class="eyebrow">
        <span class="dot" /> {family.title}
      </p>
      <h2 id="details-title">{concept.title}</h2>
      <button type="button" class="tool details-close" aria-label={`Close ${concept.title}`} onClick={close}>
        <Icon name="close" />
      </button>
      <ConceptText family={family.id} id={id} state={concept.state} />
      {relatives(concept.from, 'Grows out of')}
      {relatives(
        all.filter((c) => c.from.includes(id)).map((c) => c.id),
        'Leads to',
      )}
    </section>
  );
}

export function ConceptText({ family, id, state }: { family: string; id: string; state: string }): JSX.Element {
  const details = useDetails(family)?.[id];
  if (details === undefined) return <p class="muted">Loading…</p>;
  const { text, formula, within } = details;
  return (
    <>
      <p>{text}</p>
      {formula !== '' && <Formula html={formula} label={`Formula of ${id}`} />}
      {state === 'built' && (
        <a class="button button-primary" href={hrefOf({ name: 'model', id })}>
          Train it <Icon name="arrow" />
        </a>
      )}
      {state === 'part' && within !== undefined && (
        <p>
          {within.how} <a href={hrefOf({ name: 'model', id: within.model })}>Open that page</a>
        </p>
      )}
      {state === 'planned' && <p class="planned">Not built yet.</p>}
    </>
  );
}

/** The smallest part of its size that a formula shrinks to before it scrolls. */
const smallest = 0.6;

/** TeX that has become HTML when the Studio was built. */
export function Formula({ html, label }: { html: string; label: string }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current!;
    const fit = (): void => {
      element.style.fontSize = '';
      const part = element.clientWidth / element.scrollWidth;
      if (part < 1) element.style.fontSize = `${Math.max(smallest, 0.9 * part)}em`;
    };
    const observer = new ResizeObserver(fit);
    observer.observe(element.parentElement!);
    void document.fonts.ready.then(fit);
    return () => observer.disconnect();
  }, [html]);
  return (
    <div
      class="formula"
      ref={box}
      role="group"
      aria-label={label}
      tabIndex={0}
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
}
