/**
 * The files of a run, the same whether Node writes them into a directory or a browser into an archive: `config.json` of
 * the run, of its model, and of each checkpoint, and the lines of `metrics.jsonl`. `node/run-store.ts` has the layout.
 */
import { z } from 'zod';
import type { DataKind } from '../data/data-set.js';
import type { TrainEvent } from './loop.js';

const runFormat = 'genera-run';
const modelFormat = 'genera-model';
const checkpointFormat = 'genera-checkpoint';
/** Of all three. */
export const formatVersion = 1;

const count = z.number().int().nonnegative();

const dataFields = {
  id: z.string(),
  kind: z.custom<DataKind>((value) => typeof value === 'string'),
  /** Of one item. */
  shape: z.array(count),
  /** Names of the classes. */
  labels: z.array(z.string()).optional(),
};

export const runSchema = z.object({
  format: z.literal(runFormat),
  version: z.literal(formatVersion),
  model: z.string(),
  preset: z.string().optional(),
  /** The run whose weights it began with, as its path was given, and a digest of these. */
  from: z.object({ run: z.string(), sha256: z.string() }).optional(),
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

export const manifestSchema = z.object({
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

/** Directory of a checkpoint, and what the files `last` and `best` name it by. */
export const checkpointName = (step: number): string => `step-${step}`;

export const checkpointFiles = { state: 'state.safetensors', manifest: 'manifest.json' } as const;

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

/** A line of metrics.jsonl. */
export interface MetricsLine {
  readonly step: number;
  readonly epoch: number;
  /** Seconds of training since the run began, pauses left out. */
  readonly seconds: number;
  readonly items_per_second?: number;
  /** Losses of the step. */
  readonly train?: Readonly<Record<string, number>>;
  /** Mean losses on held-out items. */
  readonly validation?: Readonly<Record<string, number>>;
  /** Metrics of the model, on items of the validation split. */
  readonly evaluation?: Readonly<Record<string, number>>;
}

/** What `metrics.jsonl` keeps of an event; nothing of those without numbers. */
export function metricsLine(event: TrainEvent, seconds: number): MetricsLine | undefined {
  const { step, epoch } = event;
  const line = { step, epoch, seconds: Number(seconds.toFixed(3)) };
  switch (event.kind) {
    case 'step':
      return { ...line, items_per_second: Math.round(event.itemsPerSecond), train: event.metrics };
    case 'validation':
      return { ...line, validation: event.metrics };
    case 'evaluation':
      return { ...line, evaluation: event.metrics };
    default:
      return undefined;
  }
}
