/** What the Studio knows of the models and data sets: their records as plain JSON, made when the Studio is built. */
import type { DataSetRecord, ModelRecord } from 'genera';
import { z } from 'zod';
import type { DataDescription, Field, ModelDescription } from '../src/settings/describe.js';

export function describeModel(model: ModelRecord): ModelDescription {
  const { properties = {} } = z.toJSONSchema(model.config, { io: 'input', unrepresentable: 'any' });
  const { id, title, family, summary, paper, data, defaultsFor = {}, presets } = model;
  const fields = Object.entries(properties).map(([key, schema]) => fieldOf(key, schema as JsonField));
  return { id, title, family, summary, paper, data, defaultsFor, presets, fields };
}

interface JsonField {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

function fieldOf(key: string, schema: JsonField): Field {
  const base = { key, help: schema.description ?? '', default: schema.default };
  if (schema.enum !== undefined) return { ...base, type: 'choice', choices: schema.enum.map(String) };
  if (schema.type === 'number' || schema.type === 'integer') {
    const bound = (n: number | undefined): number | undefined =>
      n === undefined || Math.abs(n) >= Number.MAX_SAFE_INTEGER ? undefined : n;
    return {
      ...base,
      type: 'number',
      whole: schema.type === 'integer',
      min: bound(schema.minimum ?? (schema.type === 'integer' && schema.exclusiveMinimum === 0 ? 1 : undefined)),
      max: bound(schema.maximum),
      above: schema.type === 'integer' ? undefined : bound(schema.exclusiveMinimum),
      below: bound(schema.exclusiveMaximum),
    };
  }
  if (schema.type === 'boolean') return { ...base, type: 'flag' };
  if (schema.type === 'array') return { ...base, type: 'numbers' };
  return { ...base, type: 'text' };
}

/** The data sets that the browser has without a download come first, as they do in the registry. */
export function describeData(dataSets: readonly DataSetRecord[]): DataDescription[] {
  return dataSets.map(({ id, title, summary, kind, shape, labels, files }) => ({
    id,
    title,
    summary,
    kind,
    shape,
    labels: labels ?? [],
    download: files.length > 0,
  }));
}
