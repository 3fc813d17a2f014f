/**
 * Training into a run directory: begins or continues a run, and stores what the training loop tells. Whoever drives it
 * shows the events.
 */
import type { ModelRecord } from '../contract/index.js';
import { lengthTold, resolveSettings } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { dataSets } from '../data/registry.js';
import type { Tokenizer } from '../data/tokenizers/index.js';
import { findModel } from '../models/index.js';
import { type LoopOptions, type TrainEvent, train } from '../train/loop.js';
import { type MetricsLine, metricsLine, type RunConfig } from '../train/run-format.js';
import { Trainer } from '../train/trainer.js';
import { useDevice } from './devices.js';
import { readSource, type Taken, takeWeights } from './fine-tuning.js';
import { pictureOf } from './images.js';
import { checkSameData, type DataAccess, describeData, loadTrainingData, loadUnheld } from './run-data.js';
import { RunStore, refuseUsed } from './run-store.js';
import { freeRunDirectory, readRunTokenizer } from './runs.js';
import { dataSetName } from './text-data.js';
import { versions } from './versions.js';
import { type Watch, watch } from './watching.js';

/** What a user asks for; what is left out is the default, or, for a run that is continued, as it was. */
export interface TrainRequest extends DataAccess {
  /** Id of the model. */
  readonly model: string;
  /** Settings that are given, by name. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly preset?: string | undefined;
  /** A run of the same model whose weights, tokenizer and settings of the network it begins with. */
  readonly from?: string | undefined;
  /** Id of the data set. */
  readonly data?: string | undefined;
  /** Only so many items of the training split. */
  readonly limit?: number | undefined;
  readonly seed?: number | undefined;
  readonly device?: string | undefined;
  readonly threads?: number | undefined;
  /** Steps between logged steps, sample pictures, checkpoints; 0: only at the end. */
  readonly logEvery?: number | undefined;
  readonly sampleEvery?: number | undefined;
  readonly checkpointEvery?: number | undefined;
  /** The same, for whoever needs to know first how many steps there will be; where they are not given by themselves. */
  readonly pace?: (trainer: Trainer) => Partial<RunConfig['every']>;
  /** Steps between evaluations, which then choose the best checkpoint; 0: only at the end. Default: there are none. */
  readonly evalEvery?: number | undefined;
  /** What is measured; the first chooses. Default: the most telling metric that fits. */
  readonly evalMetrics?: readonly string[] | undefined;
  /** Items and samples that are measured; default 1,000. */
  readonly evalSamples?: number | undefined;
}

/** A run that is ready to go on. */
export interface OpenRun {
  readonly store: RunStore;
  readonly config: RunConfig;
  readonly trainer: Trainer;
  /** Seconds of training so far. */
  readonly seconds: number;
  /** Lowest validation loss so far, or score where it is evaluated. */
  readonly bestLoss: number | undefined;
  /** The last line of metrics.jsonl that has losses of a step. */
  readonly lastLine: MetricsLine | undefined;
  /** Measures it while it trains. */
  readonly watch: Watch | undefined;
  /** What it took over from another run, where it has just begun with that. */
  readonly taken?: Taken;
}

/** What happens in a run; `seconds` are those of training since it began. */
export type RunEvent = TrainEvent & { readonly seconds: number; readonly path?: string };

/** What a continued run must agree with, and what a new one is begun with. */
interface Prepared {
  readonly model: ModelRecord;
  readonly config: RunConfig;
  readonly trainer: Trainer;
  /** Of text. */
  readonly tokenizer: Tokenizer | undefined;
  readonly watch: Watch | undefined;
}

/** How often a run draws and stores, at most, where nothing else is asked for: epochs of a small set take no time. */
const mostTimes = 50;

/** Loads the data and makes the trainer; nothing is written yet. */
async function prepare(
  model: ModelRecord,
  settings: Record<string, unknown>,
  request: TrainRequest & { seed: number; data: string },
  {
    every = {},
    evaluation = {},
    from,
  }: {
    every?: Partial<RunConfig['every']>;
    evaluation?: Partial<RunConfig['evaluation']>;
    from?: RunConfig['from'];
  },
  tokenizer?: Tokenizer,
): Promise<Prepared> {
  const { data: id, seed, limit, preset, threads } = request;
  const device = useDevice(request.device, { threads });
  const data = await loadTrainingData(id, {
    ...request,
    settings,
    limit,
    validation: Number(settings.validation ?? 0),
    tokenizer,
  });
  const trainer = new Trainer({ model, settings, seed, data: data.train, ...pick(data.validation) });
  const once = Math.max(trainer.stepsPerEpoch, Math.ceil(trainer.totalSteps / mostTimes));
  const paced = { ...request.pace?.(trainer), ...every };
  const evaluations = request.evalEvery ?? every.evaluations;
  const watched =
    evaluations === undefined
      ? undefined
      : await watch(trainer, data.validation ?? (await loadUnheld(id, request)), {
          ...evaluation,
          ...(request.evalMetrics === undefined ? {} : { metrics: [...request.evalMetrics] }),
          ...(request.evalSamples === undefined ? {} : { samples: request.evalSamples }),
        });
  const config: RunConfig = {
    model: model.id,
    ...(preset === undefined ? {} : { preset }),
    ...(from === undefined ? {} : { from }),
    settings,
    seed,
    data: describeData(data, request),
    totalSteps: trainer.totalSteps,
    device,
    ...(threads === undefined ? {} : { threads }),
    every: {
      log: request.logEvery ?? paced.log ?? 10,
      samples: request.sampleEvery ?? paced.samples ?? once,
      checkpoints: request.checkpointEvery ?? paced.checkpoints ?? once,
      ...(evaluations === undefined ? {} : { evaluations }),
    },
    ...(watched === undefined ? {} : { evaluation: watched.plan }),
    versions,
    created: new Date().toISOString(),
  };
  return { model, config, trainer, tokenizer: data.train.text?.tokenizer, watch: watched };
}

function pick<T>(validation: T | undefined): { validation?: T } {
  return validation === undefined ? {} : { validation };
}

/**
 * Begins a run.
 * @param directory default: runs/<model>, or the first of runs/<model>-2, … that is free
 * @throws UsageError for unknown names and wrong settings, where the directory holds anything, or where the run that it
 * is to begin with is not one, or none of its model
 */
export async function beginRun(request: TrainRequest, directory?: string): Promise<OpenRun> {
  const model = findModel(request.model);
  const asked = { ...request, seed: request.seed ?? 0, data: dataSetName(request.data ?? model.data.default) };
  const kind = dataSets.find(({ id }) => id === asked.data)?.kind;
  const source = request.from === undefined ? undefined : await readSource(request.from, model);
  if (source !== undefined && request.preset !== undefined) {
    throw new UsageError({
      operation: `train ${model.id} from ${source.run}`,
      expected: 'the settings of that run, and those given one by one',
      got: `the preset '${request.preset}'`,
      remedy: 'Leave the preset out.',
    });
  }
  const given = { ...source?.settings, ...request.settings };
  const settings = resolveSettings(model, given, { ...pickPreset(request), kind });
  if (directory !== undefined) await refuseUsed(directory);
  const began = source === undefined ? {} : { from: { run: source.run, sha256: source.sha256 } };
  const sameText = ['tokenizer', 'vocabulary'].every((key) => settings[key] === source?.settings[key]);
  const prepared = await prepare(model, settings, asked, began, sameText ? source?.tokenizer : undefined);
  const { config, trainer, tokenizer, watch: watched } = prepared;
  const taken = source === undefined ? undefined : await takeWeights(trainer.instance.module.variables(), source);
  const store = await RunStore.create(directory ?? (await freeRunDirectory(model.id)), config);
  if (tokenizer !== undefined) await store.writeTokenizer(tokenizer.toJson());
  if (taken !== undefined) {
    const start = { step: 0, best: false, seconds: 0 };
    await store.writeCheckpoint(await trainer.checkpoint(), await trainer.weights(), start);
  }
  const fresh = { seconds: 0, bestLoss: undefined, lastLine: undefined, watch: watched };
  return { store, config, trainer, ...fresh, ...(taken === undefined ? {} : { taken }) };
}

function pickPreset({ preset }: TrainRequest): { preset?: string } {
  return preset === undefined ? {} : { preset };
}

/**
 * Opens a run to continue it. What is asked for must be what it began with; only its end may be moved further away
 * (`epochs`, `steps`), and how often it logs and stores may change.
 * @param checkpoint `last`, `best` or `step-<n>`
 */
export async function continueRun(
  request: TrainRequest,
  directory: string,
  { checkpoint: name }: { checkpoint?: string | undefined } = {},
): Promise<OpenRun> {
  const { store, config: began } = await RunStore.open(directory);
  try {
    const model = findModel(began.model);
    const checkpoint = await store.readCheckpoint(name);
    const settings = continuedSettings(directory, model, began, request);
    const asked = {
      ...request,
      seed: began.seed,
      data: began.data.id,
      limit: began.data.limit,
      preset: began.preset,
      dataDir: request.dataDir ?? began.data.directory,
      device: request.device ?? began.device,
      threads: request.threads ?? began.threads,
    };
    const tokenizer =
      began.from === undefined || began.data.kind !== 'text' ? undefined : await readRunTokenizer(directory);
    const { config, trainer, watch: watched } = await prepare(model, settings, asked, began, tokenizer);
    checkSameData(directory, began.data, config.data);
    checkEnd(directory, began, trainer);
    if (checkpoint !== undefined) await trainer.restore(checkpoint.bytes, checkpoint.path);
    const { step } = trainer.progress;
    await store.writeConfig({ ...config, created: began.created });
    const lastLine = await store.cutMetrics(step);
    if (checkpoint !== undefined) await store.writeWeights(await trainer.weights(), step);
    const { seconds = 0, bestLoss } = checkpoint?.manifest ?? {};
    return { store, config, trainer, seconds, bestLoss, lastLine, watch: watched };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function continuedSettings(
  directory: string,
  model: ModelRecord,
  began: RunConfig,
  { model: id, settings: given, preset, from, data, limit, seed }: TrainRequest,
): Record<string, unknown> {
  const same = (name: string, before: unknown, now: unknown): void => {
    if (now === undefined || now === before) return;
    throw new UsageError({
      operation: `continue ${directory}`,
      expected: before === undefined ? `no ${name}, as it began` : `${name} ${before}, as it began`,
      got: `${now}`,
      remedy: `Leave it out, or start a new run with it (without --resume).`,
    });
  };
  same('model', began.model, id);
  same('data set', began.data.id, data === undefined ? undefined : dataSetName(data));
  same('limit', began.data.limit, limit);
  same('seed', began.seed, seed);
  same('preset', began.preset, preset);
  same('first weights', began.from?.run, from);
  const settings = resolveSettings(model, { ...began.settings, ...lengthTold(given) });
  for (const key of Object.keys(given)) {
    if (key !== 'epochs' && key !== 'steps') same(key, began.settings[key], settings[key]);
  }
  return settings;
}

/** A run may be made longer. */
function checkEnd(directory: string, began: RunConfig, trainer: Trainer): void {
  if (trainer.totalSteps >= began.totalSteps) return;
  throw new UsageError({
    operation: `continue ${directory}`,
    expected: `an end at step ${began.totalSteps} or later, where it was to end`,
    got: `an end at step ${trainer.totalSteps}`,
    remedy: 'Leave --epochs and --steps out, or make them larger to train longer.',
  });
}

/**
 * Trains to the end, or until `shouldStop` says so, storing metrics, pictures and checkpoints. The run is closed
 * afterwards, however it ends.
 */
export async function* trainRun(
  { store, config, trainer, seconds: before, bestLoss, watch: measuring }: OpenRun,
  { between, ...asked }: Pick<LoopOptions, 'shouldStop' | 'shouldLog' | 'between' | 'sampleCount'> = {},
): AsyncGenerator<RunEvent, void, undefined> {
  let start = performance.now();
  let lowest = bestLoss;
  let watched: number | undefined;
  try {
    const options = {
      logEvery: config.every.log,
      sampleEvery: config.every.samples,
      checkpointEvery: config.every.checkpoints,
      ...asked,
      between: async () => {
        const from = performance.now();
        await between?.();
        start += performance.now() - from;
      },
      ...(bestLoss === undefined ? {} : { bestLoss }),
      ...(measuring === undefined ? {} : { evaluate: () => measuring.measure() }),
      ...(config.every.evaluations === undefined ? {} : { evalEvery: config.every.evaluations }),
    };
    for await (const event of train(trainer, options)) {
      const seconds = before + (performance.now() - start) / 1000;
      const { step } = event;
      const line = metricsLine(event, seconds);
      if (line !== undefined) await store.appendMetrics(line);
      switch (event.kind) {
        case 'validation':
          if (measuring === undefined) watched = event.metrics.loss;
          break;
        case 'evaluation':
          watched = event.score;
          break;
        case 'samples':
          yield { ...event, seconds, path: await store.writeSamples(step, pictureOf(event.samples)) };
          continue;
        case 'text':
          yield { ...event, seconds, path: await store.writeSampleText(step, event.text) };
          continue;
        case 'checkpoint':
          if (event.best) lowest = watched;
          await store.writeCheckpoint(await trainer.checkpoint(), await trainer.weights(), {
            step,
            best: event.best,
            seconds,
            bestLoss: lowest,
          });
          break;
        default:
          break;
      }
      yield { ...event, seconds };
    }
  } finally {
    await store.close();
  }
}
