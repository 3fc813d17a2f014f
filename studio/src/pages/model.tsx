/** A model's page: its settings, its pictures, its losses, and one timeline for all of them. */

import { families } from 'virtual:concepts';
import { dataSets, models } from 'virtual:models';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { readRecipe } from '../export/png-recipe.js';
import { shownStep } from '../export/save.js';
import '../styles/model.css';
import { currentSession, Session, seedLocked } from '../run/session.js';
import { randomSeed, readChoice, writeChoice } from '../settings/choice.js';
import { offer } from '../shell/keys.js';
import { goTo, hrefOf, place, replaceQuery } from '../shell/navigation.js';
import { dismiss, notify, notifyError } from '../shell/notices.js';
import { Exports } from './model/exports.js';
import { SettingsForm } from './model/settings-form.js';
import { SidePanel } from './model/side-panel.js';
import { Stage } from './model/stage.js';
import { Transport } from './model/transport.js';
import { useTroubles } from './model/troubles.js';

interface ModelPageProps {
  readonly id: string;
  /** The choice that it begins with, in the place of the address's. */
  readonly start?: string;
}

export default function ModelPage({ id, start }: ModelPageProps): JSX.Element {
  const model = models.find((m) => m.id === id);
  return model === undefined ? (
    <Unknown id={id} />
  ) : (
    <Lab key={id} id={id} {...(start === undefined ? {} : { start })} />
  );
}

function Unknown({ id }: { id: string }): JSX.Element {
  const concept = families.flatMap((family) => family.concepts).find((c) => c.id === id);
  return (
    <div class="page-narrow">
      <h1>{concept === undefined ? 'There is no such model' : `${concept.title} is not built yet`}</h1>
      <p>
        {concept === undefined ? `genera has no model “${id}”. ` : 'The map tells what it is. '}
        <a href={hrefOf({ name: 'map' }, concept === undefined ? '' : `at=${id}`)}>Go to the map</a>
      </p>
    </div>
  );
}

function Lab({ id, start }: ModelPageProps): JSX.Element {
  const model = models.find((m) => m.id === id)!;
  const session = useMemo(() => new Session(model), [model]);
  const query = start ?? place.value.query;

  useEffect(() => {
    document.title = `${model.title} · genera Studio`;
    currentSession.value = session;
    void begin(session, query);
    return () => {
      session.close();
      currentSession.value = undefined;
      dismiss('address');
    };
  }, [session]);

  // The address follows the choice, and the choice an address that somebody types or goes back to.
  useEffect(
    () =>
      session.choice.subscribe((choice) => {
        const text = writeChoice(model, dataSets, choice);
        if (place.peek().page.name === 'model' && place.peek().query !== text) replaceQuery(text);
      }),
    [session],
  );
  useEffect(() => {
    if (query !== writeChoice(model, dataSets, session.choice.peek())) readAddress(session, query);
  }, [query]);

  useEffect(() => {
    const back = (n: number): void => {
      const run = session.run.peek();
      if (run !== undefined) run.position.value = Math.max(0, run.shown.peek() - n);
    };
    const on = (n: number): void => {
      const run = session.run.peek();
      if (run?.position.peek() === undefined) void session.step(n);
      else moveTo(run, run.shown.peek() + n);
    };
    return offer([
      { id: 'play', label: 'Play or pause', keys: ['Space'], run: () => void session.toggle() },
      { id: 'step', label: 'One step', keys: ['.'], run: () => on(1) },
      { id: 'steps', label: 'Ten steps', keys: ['Shift+.'], run: () => on(10) },
      { id: 'back', label: 'Back along the timeline', keys: [','], run: () => back(1) },
      { id: 'far-back', label: 'Ten steps back along the timeline', keys: ['Shift+,'], run: () => back(10) },
      { id: 'reset', label: 'Reset', keys: ['r'], run: () => void session.reset() },
      { id: 'dice', label: 'Throw another seed', keys: ['d'], run: () => session.change({ seed: randomSeed() }) },
      {
        id: 'lock',
        label: 'Keep the seed for new runs, or not',
        keys: ['l'],
        run: () => {
          seedLocked.value = !seedLocked.peek();
        },
      },
    ]);
  }, [session]);
  useTroubles(session);

  const run = session.run.value;
  shownStep.value = run?.shown.value ?? 0;
  const family = families.find((f) => f.concepts.some((concept) => concept.id === id));
  const { paper } = model;
  return (
    <div
      class="lab"
      data-step={run?.step.value ?? 0}
      data-shown={run?.shown.value ?? 0}
      data-state={run?.state.value ?? 'none'}
      style={{ '--family': `var(--family-${family?.id ?? model.family})` }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void takeRecipe(event.dataTransfer?.files[0]);
      }}
    >
      <div class="lab-head">
        <div>
          <p class="eyebrow">
            <span class="dot" />
            <a href={hrefOf({ name: 'map' }, `at=${id}`)}>{family?.title ?? model.family}</a>
          </p>
          <h1>{model.title}</h1>
          <p class="lead">
            {model.summary}{' '}
            <span class="cite">
              {paper.authors.split(',').length > 3 ? `${paper.authors.split(',')[0]} et al.` : paper.authors},{' '}
              {paper.arxiv === undefined ? (
                <em>{paper.title}</em>
              ) : (
                <a href={`https://arxiv.org/abs/${paper.arxiv}`} target="_blank" rel="noreferrer">
                  {paper.title}
                </a>
              )}
              , {paper.year}.
            </span>
          </p>
        </div>
        {run !== undefined && <Exports run={run} />}
      </div>
      <div class="lab-body">
        <SettingsForm session={session} />
        <Stage session={session} />
        <SidePanel session={session} />
      </div>
      <Transport session={session} />
    </div>
  );
}

function moveTo(run: NonNullable<Session['run']['value']>, step: number): void {
  run.position.value = step >= run.step.peek() ? undefined : step;
}

/** What the address asks for, or the last run of this model. */
async function begin(session: Session, query: string): Promise<void> {
  const params = new URLSearchParams(query);
  const named = params.get('run');
  if (named !== null || query === '') return session.takeUp(named ?? undefined);
  readAddress(session, query);
  await session.takeUp(undefined, { onlyLike: true });
  if (session.choice.peek().paused && session.run.peek() === undefined) await session.start({ paused: true });
}

function readAddress(session: Session, query: string): void {
  if (new URLSearchParams(query).has('run')) return;
  const { choice, problems } = readChoice(session.model, dataSets, query);
  session.choice.value = choice;
  if (problems.length > 0) {
    const text = 'Some of this address could not be used:';
    notify({ key: 'address', tone: 'warning', text, details: problems });
  } else dismiss('address');
}

/** The settings that made a picture. */
async function takeRecipe(file: File | undefined): Promise<void> {
  if (file === undefined) return;
  try {
    const recipe = readRecipe(new Uint8Array(await file.arrayBuffer()));
    goTo({ name: 'model', id: recipe.model }, recipe.choice);
    notify({
      key: 'recipe',
      tone: 'info',
      text: `The settings of “${recipe.picture}” (step ${recipe.step}) are back. Play to make it again.`,
    });
  } catch (error) {
    notifyError('recipe', error);
  }
}
