/**
 * What somebody has chosen on a model's page, and its form in the address: `v=1&data=moons&seed=7&latent=2`, only what
 * differs from the defaults.
 */
import type { DataDescription, ModelDescription } from './describe.js';
import { defaultsOf, equalValues, readValue, type Values, writeValue } from './values.js';

export interface Choice {
  readonly data: string;
  readonly preset?: string | undefined;
  readonly seed: number;
  /** What differs from the defaults (those of the preset included). */
  readonly settings: Values;
  /** Prepared but not begun. */
  readonly paused: boolean;
}

/** Of the address's form; another one is refused. */
const version = '1';
const defaultSeed = 0;
const maxSeed = 2 ** 31 - 1;

export function defaultChoice(model: ModelDescription): Choice {
  return { data: model.data.default, seed: defaultSeed, settings: {}, paused: false };
}

const kindOf = (dataSets: readonly DataDescription[], id: string): DataDescription['kind'] | undefined =>
  dataSets.find((set) => set.id === id)?.kind;

/** All settings of a choice. */
export function resolvedValues(model: ModelDescription, dataSets: readonly DataDescription[], choice: Choice): Values {
  return { ...defaultsOf(model, kindOf(dataSets, choice.data), choice.preset), ...choice.settings };
}

/** The choice with only those settings that differ from the defaults. */
export function pruned(model: ModelDescription, dataSets: readonly DataDescription[], choice: Choice): Choice {
  const defaults = defaultsOf(model, kindOf(dataSets, choice.data), choice.preset);
  const settings = Object.entries(choice.settings).filter(([key, value]) => !equalValues(value, defaults[key]));
  return { ...choice, settings: Object.fromEntries(settings) };
}

/** '' where nothing differs. */
export function writeChoice(model: ModelDescription, dataSets: readonly DataDescription[], choice: Choice): string {
  const { data, preset, seed, settings, paused } = pruned(model, dataSets, choice);
  const params = new URLSearchParams({
    ...(data === model.data.default ? {} : { data }),
    ...(preset === undefined ? {} : { preset }),
    ...(seed === defaultSeed ? {} : { seed: String(seed) }),
    ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, writeValue(value)])),
    ...(paused ? { paused: '1' } : {}),
  });
  const text = params.toString();
  return text === '' ? '' : `v=${version}&${text}`;
}

export interface ChoiceReading {
  readonly choice: Choice;
  /** What could not be read or was changed, in sentences. */
  readonly problems: readonly string[];
}

/** Reads a choice from an address: whatever can be used is, the rest is told. */
export function readChoice(model: ModelDescription, dataSets: readonly DataDescription[], text: string): ChoiceReading {
  const problems: string[] = [];
  const params = new URLSearchParams(text);
  let choice = defaultChoice(model);
  const given = params.get('v') ?? version;
  if (given !== version) {
    return {
      choice,
      problems: [`This address is of version ${given}; this Studio reads version ${version}. The defaults are shown.`],
    };
  }
  const settings: Record<string, unknown> = {};
  for (const [key, value] of params) {
    if (key === 'v') continue;
    if (key === 'data') {
      const kind = kindOf(dataSets, value);
      if (kind !== undefined && model.data.kinds.includes(kind)) choice = { ...choice, data: value };
      else problems.push(`${model.title} does not take the data set “${value}”.`);
    } else if (key === 'preset') {
      if (Object.hasOwn(model.presets, value)) choice = { ...choice, preset: value };
      else problems.push(`${model.title} has no preset “${value}”; it has ${Object.keys(model.presets).join(', ')}.`);
    } else if (key === 'seed') {
      const seed = Math.min(Math.max(Math.round(Number(value || Number.NaN)), 0), maxSeed);
      if (Number.isNaN(seed)) problems.push(`The seed is a whole number, not “${value}”.`);
      else choice = { ...choice, seed };
    } else if (key === 'paused') choice = { ...choice, paused: value === '1' };
    else {
      const field = model.fields.find((f) => f.key === key);
      if (field === undefined) {
        problems.push(`${model.title} has no setting “${key}”.`);
        continue;
      }
      const reading = readValue(field, value);
      if ('problem' in reading) problems.push(reading.problem);
      else {
        settings[key] = reading.value;
        if (reading.note !== undefined) problems.push(reading.note);
      }
    }
  }
  return { choice: pruned(model, dataSets, { ...choice, settings }), problems };
}

export function randomSeed(): number {
  return Math.floor(Math.random() * 1e6);
}
