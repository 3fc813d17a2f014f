/** Values of settings: defaults, and what becomes of something that somebody typed. */
import type { DataDescription, Field, ModelDescription } from './describe.js';

export type Values = Readonly<Record<string, unknown>>;

/** What one has before changing anything: defaults, those for the kind of data, the preset's. */
export function defaultsOf(
  model: ModelDescription,
  kind: DataDescription['kind'] | undefined,
  preset?: string,
): Values {
  return {
    ...Object.fromEntries(model.fields.map((field) => [field.key, field.default])),
    ...(kind === undefined ? {} : model.defaultsFor[kind]),
    ...(preset === undefined ? {} : model.presets[preset]),
  };
}

export type Reading =
  | { readonly value: unknown /** Where it was moved into range. */; readonly note?: string }
  | { readonly problem: string };

/** Reads a value from text, moving numbers into the range that the setting takes. */
export function readValue(field: Field, text: string): Reading {
  switch (field.type) {
    case 'number':
      return readNumber(field, text);
    case 'choice':
      if (field.choices.includes(text)) return { value: text };
      return { problem: `${field.key} takes one of ${field.choices.join(', ')}, not “${text}”.` };
    case 'flag':
      if (text === 'true' || text === '1') return { value: true };
      if (text === 'false' || text === '0') return { value: false };
      return { problem: `${field.key} takes true or false, not “${text}”.` };
    case 'numbers': {
      const numbers = text.split(',').map((part) => Number(part.trim() || Number.NaN));
      if (numbers.every((n) => Number.isInteger(n) && n > 0)) return { value: numbers };
      return { problem: `${field.key} takes whole numbers with commas between them, not “${text}”.` };
    }
    case 'text':
      return { value: text };
  }
}

function readNumber(field: Field & { type: 'number' }, text: string): Reading {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number)) return { problem: `${field.key} takes a number, not “${text}”.` };
  const value = clamp(field, number);
  if (value === number) return { value };
  return { value, note: `${field.key} cannot be ${text}; it is set to ${value}.` };
}

/** The nearest number that the setting takes. */
function clamp({ whole, min, max, above, below }: Field & { type: 'number' }, number: number): number {
  let value = whole ? Math.round(number) : number;
  if (above !== undefined && value <= above) value = whole ? above + 1 : above + 1e-6;
  if (below !== undefined && value >= below) value = whole ? below - 1 : below - 1e-6;
  if (min !== undefined) value = Math.max(value, min);
  if (max !== undefined) value = Math.min(value, max);
  return value;
}

/** A value as it is written into addresses and fields. */
export function writeValue(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

export function equalValues(a: unknown, b: unknown): boolean {
  return a === b || writeValue(a) === writeValue(b);
}
