/** How settings are declared, read and checked. */
import { z } from 'zod';
import { UsageError } from '../core/errors.js';
import type { DataKind } from '../data/data-set.js';
import { nearestNames } from '../util/nearest.js';
import type { ModelDefinition, ModelRecord } from './model.js';
import { trainingFields } from './training-settings.js';

/** Makes a model's record from its definition. */
export function defineModel<S extends z.ZodRawShape>(definition: ModelDefinition<S>): ModelRecord {
  const config = z.strictObject({ ...trainingFields, ...definition.config });
  return { ...(definition as unknown as Omit<ModelRecord, 'config'>), config };
}

/**
 * All settings of a model: its defaults, those for the data's kind, changed by a preset, changed by the given ones.
 * @throws UsageError naming the setting, what it takes and what it got; unknown names with the nearest known ones
 */
export function resolveSettings(
  model: ModelRecord,
  given: Readonly<Record<string, unknown>>,
  { preset, kind }: { preset?: string; kind?: DataKind | undefined } = {},
): Record<string, unknown> {
  if (preset !== undefined && model.presets[preset] === undefined) {
    throw new UsageError({
      operation: `${model.id} presets`,
      expected: Object.keys(model.presets).join(', '),
      got: `'${preset}'`,
      remedy: 'Choose one of these, or leave --preset out.',
    });
  }
  const layers = [
    kind === undefined ? {} : model.defaultsFor?.[kind],
    preset === undefined ? {} : model.presets[preset],
    given,
  ];
  return parseSettings(model.id, model.config, Object.assign({}, ...layers.map(lengthTold)));
}

/** Whoever names epochs alone means them, whatever number of steps is usual. */
export function lengthTold(layer: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return layer['epochs'] !== undefined && layer['steps'] === undefined ? { steps: 0, ...layer } : layer;
}

/**
 * Values of a schema's settings, defaults filled in.
 * @param owner named in errors
 * @throws UsageError naming the setting, what it takes and what it got; unknown names with the nearest known ones
 */
export function parseSettings(
  owner: string,
  schema: z.ZodObject | undefined,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const shape = schema?.shape ?? {};
  const known = Object.keys(shape);
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const close = nearestNames(key, known);
    throw new UsageError({
      operation: `${owner} settings`,
      expected: 'a setting it has',
      got: `'${key}'`,
      remedy: close.length > 0 ? `Did you mean ${close.join(' or ')}?` : `It has ${known.join(', ') || 'none'}.`,
    });
  }
  const result = (schema ?? z.object({})).safeParse(given);
  if (result.success) return result.data as Record<string, unknown>;
  const issue = result.error.issues[0]!;
  const key = issue.path.join('.');
  const field = shape[key] as z.ZodType | undefined;
  const about = field === undefined ? undefined : descriptionOf(field);
  throw new UsageError({
    operation: `${owner} setting '${key}'`,
    expected: `${describeType(field)}`,
    got: JSON.stringify(given[key]) ?? 'nothing',
    remedy: [`${issue.message}.`, ...(about === undefined ? [] : [`${key}: ${about}`])].join(' '),
  });
}

/** What a setting is about; a model that changes only the default of a shared one says the same of it. */
export function descriptionOf(field: z.ZodType): string | undefined {
  return z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' }).description;
}

/** What a setting takes, in a few words: 'a positive integer', 'one of mlp, conv'. */
export function describeType(field: z.ZodType | undefined): string {
  if (field === undefined) return 'a known setting';
  const schema = z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' }) as {
    type?: string;
    enum?: unknown[];
    minimum?: number;
    maximum?: number;
    exclusiveMinimum?: number;
    exclusiveMaximum?: number;
  };
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  const noun =
    schema.type === 'integer'
      ? 'a whole number'
      : schema.type === 'boolean'
        ? 'true or false'
        : `a ${schema.type ?? 'value'}`;
  const bound = (n: number | undefined, sign: string): string[] =>
    n === undefined || Math.abs(n) >= Number.MAX_SAFE_INTEGER ? [] : [`${sign} ${n}`];
  const bounds = [
    ...bound(schema.minimum, '≥'),
    ...bound(schema.exclusiveMinimum, '>'),
    ...bound(schema.maximum, '≤'),
    ...bound(schema.exclusiveMaximum, '<'),
  ];
  return bounds.length === 0 ? noun : `${noun} ${bounds.join(' and ')}`;
}
