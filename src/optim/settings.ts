/** Settings of optimizers and schedules: defaults, and a named error for a key or value that makes no sense. */
import { UsageError } from '../core/errors.js';

/** A condition on a number, with the words that an error says it in. */
export interface Range {
  readonly words: string;
  accepts(value: number): boolean;
}

export const nonNegative: Range = { words: 'a finite number ≥ 0', accepts: (v) => v >= 0 && Number.isFinite(v) };
export const positive: Range = { words: 'a finite number > 0', accepts: (v) => v > 0 && Number.isFinite(v) };
/** Of decay rates of moving averages: 1 would never learn. */
export const decayRate: Range = { words: 'a number in [0, 1)', accepts: (v) => v >= 0 && v < 1 };
export const fraction: Range = { words: 'a number in [0, 1]', accepts: (v) => v >= 0 && v <= 1 };
export const count: Range = { words: 'a whole number ≥ 1', accepts: (v) => Number.isSafeInteger(v) && v >= 1 };
export const countOrZero: Range = { words: 'a whole number ≥ 0', accepts: (v) => Number.isSafeInteger(v) && v >= 0 };

/** @throws UsageError unless `value` is a number in `range` */
export function checkNumber(operation: string, name: string, value: unknown, range: Range): void {
  if (typeof value === 'number' && range.accepts(value)) return;
  throw new UsageError({ operation: `${operation}, ${name}`, expected: range.words, got: String(value) });
}

/** What a setting is when not given; a boolean, or a number with its range. */
export type Setting = boolean | readonly [byDefault: number, range: Range];
type ValueOf<S> = S extends boolean ? boolean : number;
export type Resolved<S> = { readonly [K in keyof S]: ValueOf<S[K]> };

/**
 * `given` over the defaults.
 * @throws UsageError for an unknown key, a value of another type, or one out of range
 */
export function resolveSettings<const S extends Readonly<Record<string, Setting>>>(
  operation: string,
  table: S,
  given: { readonly [K in keyof S]?: ValueOf<S[K]> | undefined },
): Resolved<S> {
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(table, key)) continue;
    throw new UsageError({
      operation: `settings of ${operation}`,
      expected: `one of ${Object.keys(table).join(', ')}`,
      got: key,
    });
  }
  const entries = Object.entries(table).map(([key, setting]) => {
    const value: unknown = given[key];
    if (typeof setting === 'boolean') {
      if (value === undefined || typeof value === 'boolean') return [key, value ?? setting];
      throw new UsageError({ operation: `${operation}, ${key}`, expected: 'true or false', got: String(value) });
    }
    const [byDefault, range] = setting;
    if (value === undefined) return [key, byDefault];
    checkNumber(operation, key, value, range);
    return [key, value];
  });
  return Object.fromEntries(entries) as Resolved<S>;
}
