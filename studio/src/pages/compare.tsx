/** Two runs beside each other: what was set differently, their losses, their samples at the same step. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { host } from '../host/hosts.js';
import { Chart } from '../pictures/chart.js';
import { RunView } from '../run/run-view.js';
import { writeValue } from '../settings/values.js';
import { hrefOf, place, replaceQuery } from '../shell/navigation.js';
import { notifyError } from '../shell/notices.js';
import '../styles/runs.css';
import { Samples } from './model/samples.js';
import { spoken } from './model/settings-form.js';
import { titleOf } from './runs.js';

type Pair = readonly [RunView | undefined, RunView | undefined];

export default function ComparePage(): JSX.Element {
  const params = new URLSearchParams(place.value.query);
  const ids = [params.get('a') ?? '', params.get('b') ?? ''] as const;
  const all = useSignal<readonly string[]>([]);
  const pair = useSignal<Pair>([undefined, undefined]);

  useEffect(() => {
    document.title = 'Compare · genera Studio';
    let views: RunView[] = [];
    let open = true;
    void (async () => {
      try {
        const at = await host();
        const runs = await at.runs();
        if (!open) return;
        all.value = runs.map(({ id }) => id);
        const found = ids.map((id) => {
          const info = runs.find((run) => run.id === id);
          return info === undefined ? undefined : new RunView(at, info);
        });
        views = found.filter((view) => view !== undefined);
        for (const view of views) view.watch();
        pair.value = [found[0], found[1]];
      } catch (error) {
        notifyError('runs', error);
      }
    })();
    return () => {
      open = false;
      for (const view of views) view.close();
    };
  }, [ids.join()]);

  const [a, b] = pair.value;
  const choose = (which: 'a' | 'b', id: string): void => {
    const next = new URLSearchParams({ a: ids[0], b: ids[1], [which]: id });
    replaceQuery(next.toString());
  };
  const pick = (which: 'a' | 'b', label: string, id: string): JSX.Element => (
    <label class="pick">
      <span>{label}</span>
      <select value={id} onChange={(event) => choose(which, event.currentTarget.value)}>
        {id === '' && <option value="">choose a run</option>}
        {all.value.map((other) => (
          <option key={other}>{other}</option>
        ))}
      </select>
    </label>
  );
  return (
    <div class="page-wide">
      <h1>Compare two runs</h1>
      <div class="row">
        {pick('a', 'Left', ids[0])}
        {pick('b', 'Right', ids[1])}
      </div>
      {a !== undefined && b !== undefined ? (
        <Both a={a} b={b} />
      ) : (
        <p class="card empty">
          Choose two runs, here or on the page of <a href={hrefOf({ name: 'runs' })}>all runs</a>.
        </p>
      )}
    </div>
  );
}

function Both({ a, b }: { a: RunView; b: RunView }): JSX.Element {
  const last = Math.max(a.step.value, b.step.value, 1);
  const position = useSignal<number | undefined>(undefined);
  const shown = position.value ?? last;
  const move = (step: number | undefined): void => {
    position.value = step;
    a.position.value = step;
    b.position.value = step;
  };
  const metrics = new Set(
    [a, b]
      .flatMap((run) => (run.numbers.value >= 0 ? [...run.series.keys()] : []))
      .filter((name) => !name.includes(':')),
  );
  return (
    <>
      <div class="slider">
        <label for="both">Step of both</label>
        <input
          id="both"
          type="range"
          min="0"
          max={last}
          value={shown}
          onInput={(event) => {
            const wanted = Number(event.currentTarget.value);
            move(wanted >= last ? undefined : wanted);
          }}
        />
        <output for="both">{shown.toLocaleString('en')}</output>
      </div>
      <Differences a={a} b={b} />
      <div class="pair">
        {[a, b].map((run) => (
          <section key={run.info.id} class="card" aria-label={run.info.id}>
            <h2>
              {titleOf(run.info.model)} <span class="muted run-id">{run.info.id}</span>
            </h2>
            <Samples run={run} />
            {[...metrics]
              .filter((name) => run.series.has(name))
              .map((name) => (
                <Chart key={name} run={run} metric={name} name={name.replace(/[._]/g, ' ')} height={110} />
              ))}
          </section>
        ))}
      </div>
    </>
  );
}

/** Settings that the two do not share. */
function Differences({ a, b }: { a: RunView; b: RunView }): JSX.Element {
  const flat = ({ model, data, seed, settings }: RunView['info']): Record<string, unknown> => ({
    model,
    data,
    seed,
    ...settings,
  });
  const [left, right] = [flat(a.info), flat(b.info)];
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].filter(
    (key) => writeValue(left[key]) !== writeValue(right[key]),
  );
  if (keys.length === 0) return <p class="muted">Both were trained with the same settings, data and seed.</p>;
  return (
    <section class="card" aria-label="What differs">
      <table>
        <caption>What was set differently</caption>
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">{a.info.id}</th>
            <th scope="col">{b.info.id}</th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key}>
              <th scope="row">{spoken(key)}</th>
              <td>{left[key] === undefined ? '–' : writeValue(left[key])}</td>
              <td>{right[key] === undefined ? '–' : writeValue(right[key])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
