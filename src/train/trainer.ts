/**
 * A training run in memory: takes steps, validates, draws samples, and turns all of its state into bytes and back.
 * It writes no files and prints nothing; whoever drives it does. The state after step n depends on the settings, the
 * data and the seed alone, so a run that is restored at any step continues bit for bit.
 */
import type { ModelInstance, ModelRecord, TrainingSettings } from '../contract/index.js';
import { FormatError, NonFiniteError } from '../core/errors.js';
import type { Variable } from '../core/leaves.js';
import type { DataSet } from '../data/data-set.js';
import { dataSpecOf, instantiate } from '../inference/instance.js';
import { Rng } from '../random/rng.js';
import { defaultBackend } from '../runtime/backend.js';
import { decodeSafetensors, encodeSafetensors } from '../runtime/safetensors.js';
import { allot, type NamedArray, readState, type StateView, slotOf, viewOf, writeState } from '../runtime/state.js';
import { TrainingBatches } from './batches.js';
import { PhaseStep, type StepMetrics } from './step.js';
import { meanLosses } from './validation.js';

const checkpointFormat = 1;

export interface TrainerOptions {
  readonly model: ModelRecord;
  /** Resolved settings, see `resolveSettings`. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly data: DataSet;
  /** Held-out items whose loss is watched. */
  readonly validation?: DataSet;
  readonly seed: number;
}

/** Where a run stands. */
export interface Progress {
  /** Steps done. */
  readonly step: number;
  readonly totalSteps: number;
  /** Passes over the data, with the fraction of the present one. */
  readonly epoch: number;
}

export class Trainer {
  readonly model: ModelRecord;
  readonly instance: ModelInstance;
  readonly seed: number;
  readonly totalSteps: number;
  /** Steps of one pass over the data. */
  readonly stepsPerEpoch: number;
  /** Items of one batch: the setting, or the whole data set where that is smaller. */
  readonly batchSize: number;
  private readonly settings: TrainingSettings;
  private readonly validationData: DataSet | undefined;
  /** What is trained on. */
  readonly data: DataSet;
  private readonly batches: TrainingBatches;
  private readonly phases: readonly PhaseStep[];
  private done = 0;

  constructor({ model, settings, data, validation, seed }: TrainerOptions) {
    this.model = model;
    this.seed = seed;
    this.settings = settings as TrainingSettings;
    this.validationData = validation;
    this.data = data;
    this.batchSize = Math.min(this.settings.batchSize, data.count);
    const { streams = false } = model.data;
    const { ahead } = defaultBackend();
    this.batches = new TrainingBatches(data, { batchSize: this.batchSize, seed, dropLast: true, streams }, ahead);
    const probe = instantiate(model, settings, dataSpecOf(data), { seed, totalSteps: 1 });
    const batchesPerStep = this.settings.accumulate * probe.phases.reduce((n, p) => n + (p.repeats ?? 1), 0);
    const fitted = probe.fitting !== undefined;
    this.stepsPerEpoch = fitted ? 1 : Math.max(1, Math.floor(this.batches.stepsPerEpoch / batchesPerStep));
    this.totalSteps = fitted
      ? 1
      : this.settings.steps || Math.max(1, Math.round(this.settings.epochs * this.stepsPerEpoch));
    this.instance = instantiate(model, settings, dataSpecOf(data), { seed, totalSteps: this.totalSteps });
    const rng = new Rng({ stream: 'train' });
    const { ema, accumulate } = this.settings;
    this.phases = this.instance.phases.map((phase) => new PhaseStep(phase, { rng, ema, accumulate }));
    const moved = new Set<Variable>(this.instance.phases.flatMap((p) => p.parameters));
    allot(this.instance.module.variables().filter((v) => !moved.has(v)));
  }

  /** Steps between measurements on the validation items. */
  get validateEvery(): number {
    return this.settings.validateEvery || this.stepsPerEpoch;
  }

  get progress(): Progress {
    return { step: this.done, totalSteps: this.totalSteps, epoch: this.done / this.stepsPerEpoch };
  }

  get itemsPerStep(): number {
    if (this.instance.fitting !== undefined) return this.data.count;
    return this.batchSize * this.settings.accumulate * this.batchesOfPhases;
  }

  private get batchesOfPhases(): number {
    return this.instance.phases.reduce((n, p) => n + (p.repeats ?? 1), 0);
  }

  /**
   * One step: every phase, as often as it repeats. With one phase the metrics have their own names, with several they
   * are `phase.name`.
   * A model that is fitted has one step, which sees all data.
   * @throws NonFiniteError where a loss or gradient is NaN or infinite; the state is then that of the step before
   */
  async step(): Promise<StepMetrics> {
    const { fitting } = this.instance;
    if (fitting !== undefined) {
      const fitted = await fitting.fit(this.data, { seed: this.seed });
      this.done++;
      return fitted;
    }
    const { accumulate } = this.settings;
    let batch = this.done * this.batchesOfPhases * accumulate;
    const metrics: Record<string, number> = {};
    for (const phase of this.phases) {
      const repeats = phase.phase.repeats ?? 1;
      for (let r = 0; r < repeats; r++) {
        const batches = Array.from({ length: accumulate }, () => this.batches.at(batch++));
        const result = await phase.run(batches, this.seed, this.done * repeats + r + 1);
        if (result === undefined) throw this.nonFinite(phase.phase.name);
        for (const [name, value] of Object.entries(result)) {
          metrics[this.phases.length === 1 ? name : `${phase.phase.name}.${name}`] = value;
        }
      }
    }
    this.done++;
    return metrics;
  }

  private nonFinite(phase: string): NonFiniteError {
    return new NonFiniteError({
      operation: `step ${this.done + 1}, phase ${phase}`,
      expected: 'a finite loss and gradient',
      got: 'NaN or infinity',
      remedy: `The state of step ${this.done} is kept. Try a third of the learning rate, or gradient clipping.`,
    });
  }

  /** Mean losses over the validation items, with the averaged weights where they are kept; undefined without items. */
  async validate(): Promise<StepMetrics | undefined> {
    const { validationData } = this;
    if (validationData === undefined) return undefined;
    return this.withAverages(() => meanLosses(this.instance, validationData, { seed: this.seed }));
  }

  /** Runs `fn` while the averaged weights are in the place of the trained ones. */
  async withAverages<R>(fn: () => Promise<R>): Promise<R> {
    const exchange = (): void => {
      for (const { arenas, averages } of this.phases) {
        for (const [i, average] of averages.entries()) arenas[i]!.exchange(slotOf(average).arena);
      }
    };
    exchange();
    try {
      return await fn();
    } finally {
      exchange();
    }
  }

  /** The model alone, averaged where averages are kept, by parameter name. */
  weights(): Promise<Map<string, NamedArray>> {
    const state = this.instance.module.variables().map((v) => viewOf(v));
    return this.withAverages(async () => new Map([...(await readState(state)), ...this.fitted()]));
  }

  /** Everything that the next step depends on, as bytes. */
  async checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    return encodeSafetensors(new Map([...(await readState(this.views())), ...this.fitted()]), {
      format: `genera-checkpoint-${checkpointFormat}`,
      model: this.model.id,
      step: String(this.done),
    });
  }

  /**
   * Continues from a checkpoint of this model, these settings and this data.
   * @throws FormatError where the bytes are damaged, or of another model or a newer version
   */
  async restore(bytes: Uint8Array, source: string): Promise<void> {
    const { tensors, metadata } = decodeSafetensors(bytes, source);
    const expected = `genera-checkpoint-${checkpointFormat}`;
    const step = Number(metadata['step']);
    if (metadata['format'] !== expected || metadata['model'] !== this.model.id || !Number.isSafeInteger(step)) {
      throw new FormatError({
        operation: `read ${source}`,
        expected: `a checkpoint of ${this.model.id} (${expected})`,
        got: `${metadata['format'] ?? 'no format'} of ${metadata['model'] ?? 'no model'}`,
        remedy: 'Use the version of genera that wrote it, or start a new run.',
      });
    }
    const { fitting } = this.instance;
    if (fitting === undefined) await writeState(this.views(), tensors);
    else fitting.restore(tensors);
    this.done = step;
  }

  private fitted(): ReadonlyMap<string, NamedArray> {
    return this.instance.fitting?.state() ?? new Map();
  }

  private views(): StateView[] {
    return [
      ...this.instance.module.variables().map((v) => viewOf(v)),
      ...this.phases.flatMap((phase) => phase.views()),
    ];
  }
}
