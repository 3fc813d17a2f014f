/** `genera train`: trains a model into a run directory. */
import type { Command } from 'commander';
import {
  beginRun,
  continueRun,
  newestRun,
  type OpenRun,
  type RunEvent,
  readJsonObject,
  type TrainRequest,
  trainRun,
  UsageError,
} from '../node/index.js';
import { type Context, counted, duration, type Io, note, print, programName, rounded, table } from './io.js';
import {
  collectSetting,
  type DataOptions,
  type DeviceOptions,
  dataAccess,
  integer,
  type JsonOption,
  nameList,
  parseValue,
  withDataDir,
  withDevice,
  withJson,
} from './options.js';
import { Meter } from './progress.js';

interface TrainOptions extends JsonOption, DeviceOptions, DataOptions {
  readonly data?: string;
  readonly limit?: number;
  readonly epochs?: unknown;
  readonly steps?: unknown;
  readonly batchSize?: unknown;
  readonly learningRate?: unknown;
  readonly seed?: number;
  readonly out?: string;
  readonly preset?: string;
  readonly from?: string;
  readonly set?: Readonly<Record<string, unknown>>;
  readonly config?: string;
  readonly resume?: boolean;
  readonly checkpoint?: string;
  readonly logEvery?: number;
  readonly sampleEvery?: number;
  readonly checkpointEvery?: number;
  readonly evalEvery?: number;
  readonly evalMetrics?: readonly string[];
  readonly evalSamples?: number;
}

const afterHelp = `
Settings are taken from the flags, then --set, then --config, then --preset, then the model's defaults;
'genera list models MODEL' shows them all.

--resume continues the run --out, or the newest of this model in runs/. A run keeps the settings, data and seed it began
with; only --epochs or --steps may be larger than they were, to train longer. What it has after any step does not depend
on how often it was stopped, killed and resumed.

Ctrl-C stores a checkpoint and stops; a second one quits at once.

Examples:
  genera train vae
  genera train vae --data mnist --data-dir ~/data --epochs 10 --seed 1 --out runs/mnist
  genera train vae --preset tiny --set latent=8 --set binarize=false
  genera train vae --resume --epochs 20
  genera train bert --from runs/bert --data reviews.jsonl:text:stars --set task=classify --steps 500`;

export function addTrain(program: Command, context: Context): void {
  const command = program
    .command('train')
    .summary('train a model')
    .description('Trains a model into a run directory.')
    .argument('<model>', "a model of 'genera list models'")
    .option('--data <id>', "a data set of 'genera list datasets' (default: the model's)");
  withDataDir(command)
    .option(
      '--limit <n>',
      'only the first N training items; of a generated set also more',
      integer('--limit', { least: 1 }),
    )
    .option('--epochs <n>', 'passes over the data', parseValue)
    .option('--steps <n>', 'training steps, in the place of epochs', parseValue)
    .option('--batch-size <n>', 'items in a step', parseValue)
    .option('--learning-rate <x>', "the optimizer's rate", parseValue)
    .option('--seed <n>', 'seed of initial values, order and noise (default: 0)', integer('--seed'))
    .option('--out <run>', 'run directory (default: runs/MODEL, then runs/MODEL-2, …)')
    .option('--preset <name>', "named settings of the model, such as 'tiny'")
    .option('--from <run>', 'begin with the weights of another run of the model, its settings and its tokenizer')
    .option('--set <key=value...>', "settings of the model; 'genera list models MODEL' shows them", collectSetting)
    .option('--config <file>', 'JSON file with settings')
    .option('--resume', 'continue a run')
    .option('--checkpoint <name>', 'with --resume: continue from last (the default), best or step-N')
    .option('--log-every <n>', 'steps between logged steps (default: 10)', integer('--log-every', { least: 1 }))
    .option(
      '--sample-every <n>',
      'steps between sample pictures; 0: only at the end (default: one epoch, at most 50 pictures)',
      integer('--sample-every'),
    )
    .option(
      '--checkpoint-every <n>',
      'steps between checkpoints; 0: only at the end (default: one epoch, at most 50 times)',
      integer('--checkpoint-every'),
    )
    .option(
      '--eval-every <n>',
      'steps between measurements on the validation split, by which the best checkpoint is then chosen; 0: only at the end',
      integer('--eval-every'),
    )
    .option(
      '--eval-metrics <a,b>',
      'with --eval-every: which metrics; the first chooses (default: fid of images, sliced_wasserstein of points, else a likelihood)',
      nameList,
    )
    .option(
      '--eval-samples <n>',
      'with --eval-every: items and samples (default: 1,000)',
      integer('--eval-samples', { least: 1 }),
    );
  withDevice(command);
  withJson(command)
    .addHelpText('after', afterHelp)
    .action((model: string, options: TrainOptions) => trainCommand(model, options, context));
}

async function trainCommand(model: string, options: TrainOptions, context: Context): Promise<void> {
  const { io } = context;
  const { data, limit, seed, out, preset, resume = false, checkpoint, device, threads, json } = options;
  if (checkpoint !== undefined && !resume) {
    throw new UsageError({
      operation: '--checkpoint',
      expected: '--resume with it',
      got: 'a new run',
      remedy: 'Add --resume.',
    });
  }
  const request: TrainRequest = {
    ...dataAccess(context, options.dataDir),
    model,
    settings: await givenSettings(options),
    preset,
    from: options.from,
    data,
    limit,
    seed,
    device,
    threads,
    logEvery: options.logEvery,
    sampleEvery: options.sampleEvery,
    checkpointEvery: options.checkpointEvery,
    evalEvery: options.evalEvery,
    evalMetrics: options.evalMetrics,
    evalSamples: options.evalSamples,
  };
  const run = resume
    ? await continueRun(request, out ?? (await newestRun(model)), { checkpoint })
    : await beginRun(request, out);
  const { directory } = run.store;
  introduce(io, run);
  const from = run.trainer.progress.step;
  const end = await follow(run, io);
  const again = `${programName(io)} train ${model} --resume --out ${directory}`;
  if (end.signal !== undefined) {
    note(io, `stopped at step ${end.step}, which is stored; continue with: ${again}`);
    context.status = end.signal === 'SIGINT' ? 130 : 143;
    return;
  }
  if (end.step === from) note(io, `it was complete already; train longer with: ${again} --epochs N`);
  const { step, epoch, seconds, train = {}, validation, evaluation, samples } = end;
  print(
    io,
    { run: directory, model, step, epoch, seconds, train, validation, evaluation, samples },
    {
      json,
      text: summary(io, directory, end),
    },
  );
}

/** Settings that are given, the nearer one counting: flags, --set, --config. */
async function givenSettings(options: TrainOptions): Promise<Record<string, unknown>> {
  const { epochs, steps, batchSize, learningRate, set = {}, config } = options;
  if (epochs !== undefined && steps !== undefined) {
    throw new UsageError({
      operation: 'genera train',
      expected: '--epochs or --steps',
      got: 'both',
      remedy: 'Leave one out.',
    });
  }
  const settings: Record<string, unknown> = { ...(config === undefined ? {} : await readJsonObject(config)), ...set };
  if (epochs !== undefined) delete settings.steps;
  const flags = Object.entries({ epochs, steps, batchSize, learningRate }).filter(([, value]) => value !== undefined);
  return { ...settings, ...Object.fromEntries(flags) };
}

function introduce(io: Io, { store, config, trainer, taken }: OpenRun): void {
  const { id, limit } = config.data;
  const items = limit === undefined ? '' : `, ${counted(limit, 'item')}`;
  const from = trainer.progress.step === 0 ? '' : `, from step ${trainer.progress.step.toLocaleString('en-US')}`;
  note(
    io,
    `training ${config.model} on ${id}${items}: ${counted(config.totalSteps, 'step')}, ` +
      `seed ${config.seed}, ${config.device}${from}, into ${store.directory}`,
  );
  if (taken === undefined) return;
  const all = taken.taken.length + taken.anew.length;
  const anew = taken.anew.length === 0 ? '' : `; anew: ${taken.anew.join(', ')}`;
  note(io, `it begins with ${taken.taken.length} of ${all} tensors of ${taken.run}${anew}`);
}

/** How a run ended. */
interface End {
  readonly step: number;
  readonly epoch: number;
  readonly seconds: number;
  readonly train?: Readonly<Record<string, number>>;
  readonly validation?: Readonly<Record<string, number>>;
  readonly evaluation?: Readonly<Record<string, number>>;
  /** Path of the last sample picture. */
  readonly samples?: string;
  readonly signal?: 'SIGINT' | 'SIGTERM';
}

/** Trains, showing what happens, until the end or a signal. */
async function follow(run: OpenRun, io: Io): Promise<End> {
  const { step, epoch } = run.trainer.progress;
  let end: End = { step, epoch, seconds: run.seconds, ...(run.lastLine?.train ? { train: run.lastLine.train } : {}) };
  let signal: End['signal'];
  const onSignal = (name: 'SIGINT' | 'SIGTERM'): void => {
    if (signal !== undefined) io.exit(name === 'SIGINT' ? 130 : 143);
    signal = name;
    meter.say('stopping after this step; once more to quit at once');
  };
  const meter = new Meter(io);
  io.on('SIGINT', onSignal);
  io.on('SIGTERM', onSignal);
  try {
    for await (const event of trainRun(run, { shouldStop: () => signal !== undefined })) {
      end = {
        ...end,
        step: event.step,
        epoch: event.epoch,
        seconds: Number(event.seconds.toFixed(3)),
        ...newsOf(event),
      };
      if (event.kind === 'step') meter.show(event.step / event.totalSteps, statusOf(event, run, end));
      if (event.kind === 'stopped' && signal !== undefined) end = { ...end, signal };
    }
  } finally {
    meter.stop();
    io.off('SIGINT', onSignal);
    io.off('SIGTERM', onSignal);
  }
  return end;
}

function newsOf(event: RunEvent): Partial<End> {
  switch (event.kind) {
    case 'step':
      return { train: event.metrics };
    case 'validation':
      return { validation: event.metrics };
    case 'evaluation':
      return { evaluation: event.metrics };
    case 'samples':
    case 'text':
      return event.path === undefined ? {} : { samples: event.path };
    default:
      return {};
  }
}

function statusOf(
  event: RunEvent & { kind: 'step' },
  { trainer }: OpenRun,
  { validation, evaluation = {} }: End,
): string {
  const { step, totalSteps, epoch, metrics, itemsPerSecond } = event;
  const left = ((totalSteps - step) * trainer.itemsPerStep) / itemsPerSecond;
  return [
    `step ${step}/${totalSteps}`,
    `epoch ${epoch.toFixed(1)}`,
    ...losses(metrics, ''),
    ...losses(validation ?? {}, 'validation '),
    ...figures(evaluation),
    `${Math.round(itemsPerSecond).toLocaleString('en-US')} items/s`,
    `${duration(left)} left`,
  ].join('  ');
}

/** The loss of each phase: `loss`, or `critic.loss` and `generator.loss`. */
function losses(metrics: Readonly<Record<string, number>>, prefix: string): string[] {
  return Object.entries(metrics).flatMap(([name, value]) =>
    name === 'loss' || name.endsWith('.loss') ? [`${prefix}${name} ${rounded(value)}`] : [],
  );
}

/** Metrics of the last evaluation. */
function figures(metrics: Readonly<Record<string, number>>): string[] {
  return Object.entries(metrics).map(([name, value]) => `${name} ${rounded(value)}`);
}

function summary(
  io: Io,
  directory: string,
  { step, seconds, train = {}, validation = {}, evaluation = {}, samples }: End,
): string {
  const results = [...losses(train, ''), ...losses(validation, 'validation '), ...figures(evaluation)].join(', ');
  const genera = programName(io);
  return table([
    ['trained', `${counted(step, 'step')} in ${duration(seconds)}${results === '' ? '' : `: ${results}`}`],
    ['run', directory],
    ...(samples === undefined ? [] : [['samples', samples]]),
    ['next', `${genera} sample ${directory}`],
    ['', `${genera} eval ${directory}`],
    ['', `${genera} export ${directory}`],
  ]);
}
