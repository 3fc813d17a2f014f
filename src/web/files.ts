/** A run as files: for other runtimes, and as a run directory that `genera` in Node opens. */
import { strToU8, zipSync } from 'fflate';
import type { ModelInstance } from '../contract/index.js';
import type { DataSet } from '../data/data-set.js';
import { exportModel } from '../inference/export.js';
import { encodeSafetensors } from '../runtime/safetensors.js';
import type { ExportedBytes, ExportKind, HostEvent } from '../train/host.js';
import {
  checkpointFiles,
  checkpointName,
  type MetricsLine,
  manifestFile,
  metricsLine,
  modelConfigFile,
  type RunConfig,
  runConfigFile,
} from '../train/run-format.js';
import type { Trainer } from '../train/trainer.js';
import { jsonText } from '../util/json-text.js';
import { sha256 } from '../util/sha256.js';
import type { RunRecord } from './store.js';

export interface RunContents {
  readonly record: RunRecord;
  readonly trainer: Trainer;
  readonly validation: DataSet | undefined;
  /** Asked for where they are needed. */
  readonly events: () => Promise<readonly HostEvent[]>;
}

export async function exportRun(run: RunContents, kind: ExportKind): Promise<ExportedBytes> {
  const { id } = run.record;
  if (kind === 'safetensors') return { name: `${id}.safetensors`, bytes: await weightsOf(run) };
  if (kind === 'zip') return { name: `${id}.zip`, bytes: zipSync(await runDirectory(run)) as Uint8Array<ArrayBuffer> };
  const files = Object.entries(await onnxFiles(run));
  if (files.length === 1) return { name: `${id}-${files[0]![0]}`, bytes: files[0]![1] };
  return { name: `${id}-onnx.zip`, bytes: zipSync(Object.fromEntries(files)) as Uint8Array<ArrayBuffer> };
}

async function weightsOf({ trainer }: RunContents): Promise<Uint8Array<ArrayBuffer>> {
  const { step } = trainer.progress;
  return encodeSafetensors(await trainer.weights(), { model: trainer.model.id, step: String(step) });
}

/** ONNX files by name, of the averaged weights where they are kept. */
async function onnxFiles({ record, trainer }: RunContents): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const { instance, data } = trainer;
  const named = data.labelNames === undefined ? {} : { labels: JSON.stringify(data.labelNames) };
  const metadata = { model: record.model, data: record.data, ...named };
  const exported = (model: ModelInstance) => exportModel(model, data.shape, metadata);
  const files = await trainer.withAverages(() => exported(instance));
  return Object.fromEntries([...files].map(([name, { bytes }]) => [name, bytes]));
}

/** The directory that `genera train` would have made, as far as a browser has it: no pictures. `--resume` goes on with it. */
async function runDirectory(run: RunContents): Promise<Record<string, Uint8Array>> {
  const { record, trainer, validation } = run;
  const { model, preset, settings, seed, totalSteps, created } = record;
  const { id, kind, shape, labelNames, checksum, text } = trainer.data;
  const config: RunConfig = {
    model,
    ...(preset === undefined ? {} : { preset }),
    settings,
    seed,
    data: {
      id,
      kind,
      shape: [...shape],
      ...(labelNames === undefined ? {} : { labels: [...labelNames] }),
      checksum,
      ...(validation === undefined ? {} : { validation: { count: validation.count, checksum: validation.checksum } }),
    },
    totalSteps,
    device: 'auto',
    every: { log: 10, samples: trainer.stepsPerEpoch, checkpoints: trainer.stepsPerEpoch },
    versions: {},
    created,
  };
  return {
    'config.json': json(runConfigFile(config)),
    'metrics.jsonl': strToU8(metricsLines(await run.events(), trainer.progress.step)),
    'model/config.json': json(modelConfigFile(config)),
    'model/model.safetensors': await weightsOf(run),
    ...(await checkpointOf(run)),
    ...(text === undefined ? {} : { 'model/tokenizer.json': json(text.tokenizer.toJson()) }),
    ...prefixed('onnx/', await onnxFiles(run)),
  };
}

/** The state as the last of its checkpoints. */
async function checkpointOf({ record, trainer }: RunContents): Promise<Record<string, Uint8Array>> {
  const { step } = trainer.progress;
  if (step === 0) return {};
  const state = await trainer.checkpoint();
  const manifest = { step, bytes: state.length, sha256: sha256(state), seconds: record.seconds };
  const name = checkpointName(step);
  return {
    'checkpoints/last': strToU8(`${name}\n`),
    [`checkpoints/${name}/${checkpointFiles.manifest}`]: json(manifestFile(manifest)),
    [`checkpoints/${name}/${checkpointFiles.state}`]: state,
  };
}

/** One line for each event with numbers; where the run went back, the later part counts. */
function metricsLines(events: readonly HostEvent[], end: number): string {
  const lines: MetricsLine[] = [];
  for (const { event } of events) {
    const line = 'epoch' in event ? metricsLine(event, event.seconds) : undefined;
    if (line === undefined) continue;
    while (lines.length > 0 && lines.at(-1)!.step > line.step) lines.pop();
    lines.push(line);
  }
  const kept = lines.filter(({ step }) => step <= end);
  return kept.map((line) => `${JSON.stringify(line)}\n`).join('');
}

const json = (value: unknown): Uint8Array => strToU8(jsonText(value));

function prefixed<V>(prefix: string, files: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${prefix}${name}`, bytes]));
}
