/** All runs of the host: look at, take away, compare two. */

import { models } from 'virtual:models';
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { RunInfo } from '../../../src/train/host.js';
import { host } from '../host/hosts.js';
import { forgetRun } from '../run/trained.js';
import { goTo, hrefOf } from '../shell/navigation.js';
import { notifyError } from '../shell/notices.js';
import '../styles/runs.css';

/** Milliseconds between two looks at the list. */
const lookEvery = 2000;

export default function RunsPage(): JSX.Element {
  const runs = useSignal<readonly RunInfo[] | undefined>(undefined);
  const chosen = useSignal<readonly string[]>([]);
  const load = async (): Promise<void> => {
    try {
      const found = await (await host()).runs();
      runs.value = [...found].sort((a, b) => b.created.localeCompare(a.created));
    } catch (error) {
      notifyError('runs', error);
    }
  };
  useEffect(() => {
    document.title = 'Runs · genera Studio';
    void load();
    const timer = setInterval(() => {
      if (!document.hidden) void load();
    }, lookEvery);
    return () => clearInterval(timer);
  }, []);
  const remove = async ({ id, model }: RunInfo): Promise<void> => {
    if (!confirm(`Delete the run “${id}” of ${titleOf(model)}? Its weights and log go with it.`)) return;
    try {
      await (await host()).remove(id);
      forgetRun(id);
      chosen.value = chosen.value.filter((other) => other !== id);
      await load();
    } catch (error) {
      notifyError('runs', error);
    }
  };
  const [a, b] = chosen.value;

  return (
    <div class="page-narrow">
      <div class="runs-head">
        <h1>Runs</h1>
        <button
          type="button"
          class="button button-primary"
          disabled={a === undefined || b === undefined}
          onClick={() => goTo({ name: 'compare' }, new URLSearchParams({ a: a!, b: b! }).toString())}
        >
          Compare two
        </button>
      </div>
      {runs.value === undefined ? (
        <p class="empty">Looking for runs…</p>
      ) : runs.value.length === 0 ? (
        <p class="card empty">
          Nothing has been trained here yet. <a href={hrefOf({ name: 'map' })}>Choose a model on the map</a>.
        </p>
      ) : (
        <ul class="runs">
          {runs.value.map((run) => (
            <Row
              key={run.id}
              run={run}
              chosen={chosen.value.includes(run.id)}
              choose={(on) => {
                const others = chosen.value.filter((id) => id !== run.id);
                chosen.value = on ? [...others, run.id].slice(-2) : others;
              }}
              remove={() => void remove(run)}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

export const titleOf = (model: string): string => models.find(({ id }) => id === model)?.title ?? model;

interface RowProps {
  readonly run: RunInfo;
  readonly chosen: boolean;
  choose(on: boolean): void;
  remove(): void;
}

function Row({ run, chosen, choose, remove }: RowProps): JSX.Element {
  const { id, model, data, seed, step, totalSteps, state, created, error } = run;
  const known = models.some((m) => m.id === model);
  return (
    <li class="card run">
      <input
        type="checkbox"
        aria-label={`Choose ${id} for a comparison`}
        checked={chosen}
        onChange={(event) => choose(event.currentTarget.checked)}
      />
      <div class="run-text">
        <h2>
          {known ? (
            <a href={hrefOf({ name: 'model', id: model }, `run=${encodeURIComponent(id)}`)}>{titleOf(model)}</a>
          ) : (
            model || id
          )}{' '}
          <span class="muted run-id">{id}</span>
        </h2>
        <p class="muted">
          {data}, seed {seed}, {new Date(created).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' })}
        </p>
        {error !== undefined && <p class="run-error">{error.message}</p>}
      </div>
      <div class="run-progress">
        <span class={`state state-${state}`}>{state}</span>
        <progress aria-label={`Progress of ${id}`} value={step} max={Math.max(1, totalSteps)} />
        <span class="count">
          {step.toLocaleString('en')} / {totalSteps.toLocaleString('en')}
        </span>
      </div>
      <button type="button" class="button button-danger" onClick={remove}>
        Delete<span class="sr-only"> {id}</span>
      </button>
    </li>
  );
}
