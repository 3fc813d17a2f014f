/** The right side: the formula with the run's numbers, samples at a fixed seed, every metric along the steps. */

import { families } from 'virtual:concepts';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Formula } from '../../map/details.js';
import { useDetails } from '../../map/load-details.js';
import { Chart } from '../../pictures/chart.js';
import { formatNumber } from '../../pictures/numbers.js';
import type { RunView } from '../../run/run-view.js';
import type { Session } from '../../run/session.js';
import { Samples } from './samples.js';

export function SidePanel({ session }: { session: Session }): JSX.Element {
  const run = session.run.value;
  return (
    <section class="panel side" aria-label="Losses and samples">
      <LiveFormula session={session} run={run} />
      {run === undefined ? (
        <p class="empty">Losses and samples will stand here.</p>
      ) : (
        <>
          <Samples run={run} />
          <Losses run={run} />
        </>
      )}
    </section>
  );
}

function LiveFormula({ session, run }: { session: Session; run: RunView | undefined }): JSX.Element | null {
  const { id, family: fallback } = session.model;
  const family = families.find((f) => f.concepts.some((concept) => concept.id === id))?.id ?? fallback;
  const details = useDetails(family)?.[id];
  const box = useRef<HTMLDivElement>(null);
  const shown = run?.shown.value;
  const tick = run?.numbers.value;
  useEffect(() => {
    for (const place of box.current?.querySelectorAll<HTMLElement>('[data-metric]') ?? []) {
      const value = run === undefined ? undefined : metricOf(run, place.dataset['metric']!);
      const text = value === undefined ? '—' : formatNumber(Number(value.toPrecision(4)));
      if (place.textContent !== text) place.textContent = text;
    }
  }, [details, shown, tick, run]);
  if (details === undefined || details.formula === '') return null;
  return (
    <div class="live-formula" ref={box}>
      <h2>What it minimises</h2>
      <Formula html={details.live ?? details.formula} label="The objective with the numbers of this run" />
    </div>
  );
}

/** A metric by name; `exp(name)` is e to it. */
function metricOf(run: RunView, name: string): number | undefined {
  const inner = /^exp\((.*)\)$/.exec(name)?.[1];
  const value = run.valueOf(inner ?? name);
  return inner === undefined || value === undefined ? value : Math.exp(value);
}

const spokenMetric = (name: string): string => name.replace(/[._]/g, ' ');

function Losses({ run }: { run: RunView }): JSX.Element {
  const names = run.numbers.value >= 0 ? [...run.series.keys()].filter((name) => !name.startsWith('validation:')) : [];
  const main = names.filter((name) => name === 'loss' || name.endsWith('.loss'));
  const rest = names.filter((name) => !main.includes(name));
  return (
    <section class="losses" aria-label="Metrics">
      {names.length === 0 && <p class="empty">The losses appear with the first steps.</p>}
      {main.map((name) => (
        <Chart key={name} run={run} metric={name} name={spokenMetric(name)} height={150} />
      ))}
      {rest.map((name) => (
        <Chart key={name} run={run} metric={name} name={spokenMetric(name)} height={92} />
      ))}
    </section>
  );
}
