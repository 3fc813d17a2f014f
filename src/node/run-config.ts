/** What a run directory says of itself: `config.json` of the run, of its model, and of each checkpoint. */
import { z } from 'zod';
import { FormatError } from '../core/errors.js';
import type { DataKind } from '../data/data-set.js';
import { readOwnJson } from './files.js';

const runFormat = 'genera-run';
const modelFormat = 'genera-model';
const checkpointFormat = 'genera-checkpoint';
const formatVersion = 1;

const count = z.number().int().nonnegative();

const dataFields = {
  id: z.string(),
  kind: z.custom<DataKind>((value) => typeof value === 'string'),
  /** Of one item. */
  shape: z.array(count),
  /** Names of the classes. */
  labels: z.array(z.string()).optional(),
};

const runSchema = z.object({
  format: z.literal(runFormat),
  version: z.literal(formatVersion),
  model: z.string(),
  preset: z.string().optional(),
  /** Every setting, resolved. */
  settings: z.record(z.string(), z.unknown()),
  seed: count,
  data: z.object({
    ...dataFields,
    /** Where its files were looked for first. */
    directory: z.string().optional(),
    /** Only so many items of the training split. */
    limit: count.optional(),
    /** Digest of the items that are trained on. */
    checksum: z.string(),
    /** Items that are watched, not trained on. */
    validation: z.object({ count, checksum: z.string() }).optional(),
  }),
  totalSteps: count,
  device: z.string(),
  threads: count.optional(),
  /** Steps between logged steps, sample pictures, checkpoints and evaluations; 0: only at the end. */
  every: z.object({ log: count, samples: count, checkpoints: count, evaluations: count.optional() }),
  /** What is measured while it trains; the first chooses the best checkpoint. */
  evaluation: z.object({ metrics: z.array(z.string()), samples: count }).optional(),
  versions: z.record(z.string(), z.string()),
  created: z.string(),
});

/** `config.json`: what a run trains, on what, and how. */
export type RunConfig = Omit<z.output<typeof runSchema>, 'format' | 'version'>;

const manifestSchema = z.object({
  format: z.literal(checkpointFormat),
  version: z.literal(formatVersion),
  step: count,
  /** Of state.safetensors. */
  bytes: count,
  sha256: z.string(),
  /** Seconds of training up to here. */
  seconds: z.number(),
  /** Lowest validation loss up to here; where it is evaluated, lowest score: the first metric, negative if more is better. */
  bestLoss: z.number().optional(),
});

/** `manifest.json` of a checkpoint. */
export type CheckpointManifest = Omit<z.output<typeof manifestSchema>, 'format' | 'version'>;

export function runConfigFile(config: RunConfig): Record<string, unknown> {
  return { format: runFormat, version: formatVersion, ...config };
}

export function manifestFile(manifest: CheckpointManifest): Record<string, unknown> {
  return { format: checkpointFormat, version: formatVersion, ...manifest };
}

/** `model/config.json`: what is needed to make the network that the weights beside it belong to. */
export function modelConfigFile({ model, settings, seed, totalSteps, data }: RunConfig): Record<string, unknown> {
  const { id, kind, shape, labels } = data;
  return {
    format: modelFormat,
    version: formatVersion,
    model,
    settings,
    seed,
    totalSteps,
    data: { id, kind, shape, ...(labels === undefined ? {} : { labels }) },
  };
}

/**
 * Reads a run's configuration; undefined where there is none.
 * @throws FormatError naming the file where it is damaged, foreign or of a newer version
 */
export async function readRunConfig(path: string): Promise<RunConfig | undefined> {
  const remedy = 'Restore the file from a copy, or start a new run.';
  const value = await readOwnJson(path, remedy);
  return value === undefined ? undefined : check(path, runSchema, value, remedy);
}

/** Reads a checkpoint's manifest; see `readRunConfig`. */
export async function readManifest(path: string): Promise<CheckpointManifest | undefined> {
  const value = await readOwnJson(path, '');
  return value === undefined ? undefined : check(path, manifestSchema, value, '');
}

function check<T extends { format: string; version: number }>(
  path: string,
  schema: z.ZodType<T>,
  value: Record<string, unknown>,
  remedy: string,
): Omit<T, 'format' | 'version'> {
  const operation = `read ${path}`;
  const version = value.version;
  if (typeof version === 'number' && version > formatVersion) {
    throw new FormatError({
      operation,
      expected: `format version ${formatVersion}`,
      got: `version ${version}`,
      remedy: 'It was written by a newer genera: use that one.',
    });
  }
  const result = schema.safeParse(value);
  if (result.success) {
    const { format: _format, version: _version, ...rest } = result.data;
    return rest;
  }
  const issue = result.error.issues[0]!;
  const got = `a file where ${issue.path.join('.') || 'the content'} is wrong (${issue.message})`;
  throw new FormatError({ operation, expected: 'a file that genera wrote', got, remedy });
}
