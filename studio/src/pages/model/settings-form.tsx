/** All settings of a model, made from its schema: data, architecture, training. */

import { dataSets } from 'virtual:models';
import type { JSX } from 'preact';
import type { Session } from '../../run/session.js';
import type { Field } from '../../settings/describe.js';
import { defaultsOf, equalValues, readValue, writeValue } from '../../settings/values.js';
import { announce } from '../../shell/notices.js';

/** Settings that every model has, and those of their kind. */
const training = new Set([
  'epochs',
  'steps',
  'batchSize',
  'learningRate',
  'finalRate',
  'warmUp',
  'accumulate',
  'ema',
  'weightDecay',
  'beta1',
  'beta2',
  'clipNorm',
  'validateEvery',
  'validation',
]);

export function SettingsForm({ session }: { session: Session }): JSX.Element {
  const { model } = session;
  const choice = session.choice.value;
  const fields = model.fields;
  const data = dataSets.find((set) => set.id === choice.data);
  const usable = dataSets.filter(
    (set) => model.data.kinds.includes(set.kind) && (model.data.labels !== 'required' || set.labels.length > 0),
  );
  const changes = Object.keys(choice.settings).length;
  return (
    <form class="panel settings" aria-label="Settings" onSubmit={(event) => event.preventDefault()}>
      <section>
        <h2>Data</h2>
        <div class="field">
          <label for="data">Data set</label>
          <select
            id="data"
            value={choice.data}
            aria-describedby="data-help"
            onChange={(e) => session.change({ data: e.currentTarget.value })}
          >
            {usable.map((set) => (
              <option key={set.id} value={set.id}>
                {set.title}
                {set.download ? ' (download)' : ''}
              </option>
            ))}
          </select>
          <p class="help" id="data-help">
            {data?.summary}
          </p>
        </div>
        <div class="field">
          <label for="preset">Preset</label>
          <select
            id="preset"
            value={choice.preset ?? ''}
            aria-describedby="preset-help"
            onChange={(e) => session.change({ preset: e.currentTarget.value || undefined, settings: {} })}
          >
            <option value="">standard</option>
            {Object.keys(model.presets).map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
          <p class="help" id="preset-help">
            {changes === 0 ? 'All settings as they come.' : `${changes} changed by hand.`}{' '}
            {changes > 0 && (
              <button type="button" class="link" onClick={() => session.change({ settings: {} })}>
                Take back
              </button>
            )}
          </p>
        </div>
      </section>
      <Group title="Model" session={session} fields={fields.filter(({ key }) => !training.has(key))} />
      <Group title="Training" session={session} fields={fields.filter(({ key }) => training.has(key))} />
    </form>
  );
}

function Group({
  title,
  session,
  fields,
}: {
  title: string;
  session: Session;
  fields: readonly Field[];
}): JSX.Element | null {
  if (fields.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      {fields.map((field) => (
        <FieldRow key={field.key} session={session} field={field} />
      ))}
    </section>
  );
}

/** 'batchSize' as a person writes it. */
export const spoken = (key: string): string =>
  key.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`).replace(/^./, (letter) => letter.toUpperCase());

function FieldRow({ session, field }: { session: Session; field: Field }): JSX.Element {
  const { key, help } = field;
  const value = session.values.value[key];
  const { data, preset } = session.choice.value;
  const usual = defaultsOf(session.model, dataSets.find((set) => set.id === data)?.kind, preset)[key];
  const changed = !equalValues(value, usual);
  const id = `set-${key}`;
  const take = (input: HTMLInputElement): void => {
    const reading = readValue(field, input.value);
    const problem = 'problem' in reading ? reading.problem : (reading.note ?? '');
    input.setCustomValidity('problem' in reading ? reading.problem : '');
    if (problem !== '') {
      input.title = problem;
      announce(problem);
    } else input.removeAttribute('title');
    if ('problem' in reading) {
      input.reportValidity();
      return;
    }
    session.set(key, reading.value);
    input.value = writeValue(reading.value);
  };
  return (
    <div class={changed ? 'field field-changed' : 'field'}>
      <label for={id}>{spoken(key)}</label>
      <Control id={id} field={field} value={value} take={take} set={(next) => session.set(key, next)} />
      <p class="help" id={`${id}-help`}>
        {help}
        {changed && (
          <>
            {' '}
            <button type="button" class="link" onClick={() => session.set(key, usual)}>
              Back to {writeValue(usual)}
            </button>
          </>
        )}
      </p>
    </div>
  );
}

interface ControlProps {
  readonly id: string;
  readonly field: Field;
  readonly value: unknown;
  take(input: HTMLInputElement): void;
  set(value: unknown): void;
}

function Control({ id, field, value, take, set }: ControlProps): JSX.Element {
  const described = { id, 'aria-describedby': `${id}-help` };
  switch (field.type) {
    case 'choice':
      return (
        <select {...described} value={String(value)} onChange={(e) => set(e.currentTarget.value)}>
          {field.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      );
    case 'flag':
      return (
        <input {...described} type="checkbox" checked={value === true} onChange={(e) => set(e.currentTarget.checked)} />
      );
    case 'number':
      return (
        <input
          {...described}
          type="number"
          step={field.whole ? 1 : 'any'}
          min={field.min ?? field.above}
          max={field.max ?? field.below}
          value={writeValue(value)}
          onChange={(e) => take(e.currentTarget)}
        />
      );
    default:
      return <input {...described} type="text" value={writeValue(value)} onChange={(e) => take(e.currentTarget)} />;
  }
}
