/** What there is: models, data sets and metrics, described in plain values. */
import type { z } from 'zod';
import { describeType, descriptionOf, type ModelInstance, type ModelRecord, type Paper } from '../contract/index.js';
import type { DataKind } from '../data/data-set.js';
import { dataSets, findDataSet } from '../data/registry.js';
import { ByteTokenizer } from '../data/tokenizers/index.js';
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
  /** What can be set when sampling. */
  readonly sampling: Readonly<Record<string, SettingEntry>>;
  /** Other defaults on some kinds of data. */
  readonly defaultsFor: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly presets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function describeModel(model: ModelRecord): ModelEntry {
  const { id, title, family, summary, paper, data, defaultsFor = {}, presets } = model;
  const { capabilities } = tinyInstance(model);
  return {
    id,
    title,
    family,
    summary,
    paper,
    data,
    can: Object.entries(capabilities).flatMap(([name, value]) =>
      typeof value === 'function' || name === 'language' || name in otherNames ? [otherNames[name] ?? name] : [],
    ),
    settings: describeSettings(model.config),
    sampling: capabilities.sampling === undefined ? {} : describeSettings(capabilities.sampling),
    defaultsFor,
    presets,
  };
}

/** What is known by other names than those of the capabilities. */
const otherNames: Readonly<Record<string, string>> = {
  iterate: 'sample',
  denoiser: 'denoise',
  iteratedEncode: 'encode',
  iteratedDecode: 'decode',
  imageToImage: 'edit',
  inpaint: 'inpaint',
};

function describeSettings(schema: z.ZodObject): Record<string, SettingEntry> {
  const defaults = schema.parse({}) as Record<string, unknown>;
  const fields = Object.entries(schema.shape) as [string, z.ZodType][];
  return Object.fromEntries(
    fields.map(([name, field]) => [
      name,
      { default: defaults[name], takes: describeType(field), about: descriptionOf(field) ?? '' },
    ]),
  );
}

/** The model at its smallest, on its default data. */
function tinyInstance(model: ModelRecord): ModelInstance {
  const { kind, shape, labels } = findDataSet(model.data.default);
  const settings = model.config.parse({ ...model.presets.tiny });
  const text = kind === 'text' ? { tokenizer: new ByteTokenizer() } : {};
  const data = { kind, shape, ...(labels === undefined ? {} : { labels }), ...text };
  return instantiate(model, settings, data, { seed: 0, totalSteps: 1 });
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
