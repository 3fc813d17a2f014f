/** A guided tour: a model's page, and beside it a card that tells what is to be seen, step by step. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import ModelPage from '../pages/model.js';
import { offer } from '../shell/keys.js';
import { goTo, hrefOf } from '../shell/navigation.js';
import { notifyError } from '../shell/notices.js';
import { Lab } from './lab.js';
import './learn.css';
import type { Step, Tour } from './tour.js';
import { type TourOutline, tours } from './tours.js';
import { found } from './waiting.js';

const loaders: Readonly<Record<string, () => Promise<{ default: Tour }>>> = {
  'latent-space': () => import('./latent-space.js'),
  game: () => import('./game.js'),
  noise: () => import('./noise.js'),
};

export default function TourPage({ id }: { id: string }): JSX.Element {
  const outline = tours.find((tour) => tour.id === id);
  return outline === undefined ? <Unknown id={id} /> : <Guided key={id} outline={outline} />;
}

function Unknown({ id }: { id: string }): JSX.Element {
  return (
    <div class="page-narrow">
      <h1>There is no such tour</h1>
      <p>“{id}” is none of the tours. These are:</p>
      <ul class="tour-list">
        {tours.map((tour) => (
          <li key={tour.id}>
            <a href={hrefOf({ name: 'learn', id: tour.id })}>{tour.title}</a>. {tour.about}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Guided({ outline }: { outline: TourOutline }): JSX.Element {
  const tour = useSignal<Tour | undefined>(undefined);
  useEffect(() => {
    loaders[outline.id]!().then(
      (module) => {
        tour.value = module.default;
      },
      (error: unknown) => notifyError('tour', error),
    );
  }, []);
  if (tour.value === undefined) return <p class="empty">Loading…</p>;
  return (
    <>
      <ModelPage id={outline.model} start={tour.value.choice} />
      <Guide outline={outline} steps={tour.value.steps} />
    </>
  );
}

function Guide({ outline, steps }: { outline: TourOutline; steps: readonly Step[] }): JSX.Element {
  const at = useSignal(0);
  const side = useSignal<'left' | 'right'>('right');
  const heading = useRef<HTMLHeadingElement>(null);
  const step = steps[at.value]!;
  const last = at.value === steps.length - 1;
  const leave = (): void => goTo({ name: 'map' }, `at=${outline.model}`);
  const move = (by: number): void => {
    at.value = Math.min(steps.length - 1, Math.max(0, at.peek() + by));
  };

  useEffect(() => {
    document.title = `${outline.title} · genera Studio`;
    return offer([
      { id: 'tour-next', label: 'Next step of the tour', keys: ['n'], run: () => move(1) },
      { id: 'tour-back', label: 'Step back in the tour', keys: ['b'], run: () => move(-1) },
      { id: 'tour-leave', label: 'Leave the tour', keys: ['Escape'], run: leave },
    ]);
  }, []);

  // Each step brings the page to its state, and shows what it speaks of; the next one ends that.
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    heading.current?.focus({ preventScroll: true });
    void step.act?.(new Lab(signal)).catch((error: unknown) => {
      if (!signal.aborted) notifyError('tour', error);
    });
    if (step.at !== undefined) void point(step.at, signal, side).catch(() => undefined);
    return () => ending.abort();
  }, [step]);

  return (
    <section class={`tour tour-${side.value}`} aria-label={`Tour: ${outline.title}`} data-tour-step={at.value + 1}>
      <p class="eyebrow">
        {outline.title} · {at.value + 1} of {steps.length}
      </p>
      <h2 ref={heading} tabIndex={-1}>
        {step.title}
      </h2>
      {step.text.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      <div class="tour-buttons">
        <button type="button" class="button" disabled={at.value === 0} onClick={() => move(-1)}>
          Back
        </button>
        {last ? (
          <a class="button button-primary" href={hrefOf({ name: 'model', id: outline.model })}>
            Go on by yourself
          </a>
        ) : (
          <button type="button" class="button button-primary" onClick={() => move(1)}>
            Next
          </button>
        )}
        <button type="button" class="link" onClick={leave}>
          Leave the tour
        </button>
      </div>
      <p class="tour-keys">
        <kbd>N</kbd> next, <kbd>B</kbd> back, <kbd>Esc</kbd> leaves
      </p>
    </section>
  );
}

/** Marks what a step speaks of, brings it into view, and puts the card where it does not cover it. */
async function point(selector: string, signal: AbortSignal, side: { value: 'left' | 'right' }): Promise<void> {
  const element = await found<HTMLElement>(selector, () => true, signal);
  element.dataset['spot'] = '';
  signal.addEventListener('abort', () => delete element.dataset['spot']);
  const { left, width } = element.getBoundingClientRect();
  const middle = left + width / 2;
  side.value = middle > 0.66 * innerWidth ? 'left' : 'right';
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  element.scrollIntoView({ block: 'nearest', behavior: calm ? 'auto' : 'smooth' });
}
