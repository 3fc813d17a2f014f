/** What there is: models, data sets and metrics, described in plain values. */
import type { z } from 'zod';
import { describeType, type ModelRecord, type Paper } from '../contract/index.js';
import type { DataKind } from '../data/data-set.js';
import { dataSets, findDataSet } from '../data/registry.js';
import { instantiate } from '../inference/instance.js';
import { metrics } from '../metrics/index.js';
import { models } from '../models/index.js';

export interface SettingEntry {
  readonly default: unknown;
  /** 'a whole number > 0' */
  readonly takes: string;
  readonly about: string;
}

export interface ModelEntry {
  readonly id: string;
  readonly title: string;
  readonly family: string;
  readonly summary: string;
  readonly paper: Paper;
  readonly data: {
    readonly kinds: readonly DataKind[];
    readonly default: string;
    readonly labels?: 'required' | 'optional';
  };
  /** 'sample', 'encode', … */
  readonly can: readonly string[];
  readonly settings: Readonly<Record<string, SettingEntry>>;
  readonly presets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export function describeModel(model: ModelRecord): ModelEntry {
  const { id, title, family, summary, paper, data, presets } = model;
  const defaults = model.config.parse({}) as Record<string, unknown>;
  const fields = Object.entries(model.config.shape) as [string, z.ZodType][];
  const settings = fields.map(([name, field]) => {
    const entry: SettingEntry = { default: defaults[name], takes: describeType(field), about: field.description ?? '' };
    return [name, entry] as const;
  });
  return {
    id,
    title,
    family,
    summary,
    paper,
    data,
    can: abilitiesOf(model),
    settings: Object.fromEntries(settings),
    presets,
  };
}

/** Names of the capabilities that the model has on its default data. */
function abilitiesOf(model: ModelRecord): string[] {
  const { kind, shape, labels } = findDataSet(model.data.default);
  const settings = model.config.parse({ ...model.presets.tiny });
  const data = { kind, shape, ...(labels === undefined ? {} : { labels }) };
  const { capabilities } = instantiate(model, settings, data, { seed: 0, totalSteps: 1 });
  return Object.entries(capabilities).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
}

export function listModels(): ModelEntry[] {
  return models.map(describeModel);
}

export interface DataSetEntry {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly kind: DataKind;
  readonly shape: readonly number[];
  readonly labels?: readonly string[];
  readonly splits: Readonly<Record<string, number>>;
  /** Files below the data directory; none where the items are generated. */
  readonly files: readonly string[];
  readonly licence?: string;
}

export function listDataSets(): DataSetEntry[] {
  return dataSets.map(({ id, title, summary, kind, shape, labels, splits, files, licence }) => ({
    id,
    title,
    summary,
    kind,
    shape,
    ...(labels === undefined ? {} : { labels }),
    splits,
    files: files.map(({ path }) => path),
    ...(licence === undefined ? {} : { licence }),
  }));
}

export interface MetricEntry {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
}

export function listMetrics(): MetricEntry[] {
  return metrics.map(({ id, title, unit, better }) => ({ id, title, unit, better }));
}
