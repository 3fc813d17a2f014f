/**
 * One run in its worker: trains, pauses, answers questions between two steps, stores its state now and then, and tells
 * what happens.
 */
import type { ModelRecord } from '../contract/index.js';
import { resolveSettings } from '../contract/index.js';
import { NonFiniteError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';
import { findDataSet } from '../data/registry.js';
import { explore } from '../inference/explore.js';
import type { AnswerOf, QueryKind, QueryOf } from '../inference/explore-queries.js';
import { writeText } from '../inference/generation.js';
import { drawSamples } from '../inference/sampling.js';
import { findModel } from '../models/index.js';
import {
  type ExportedBytes,
  type ExportKind,
  type HostError,
  type HostEventBody,
  hostError,
  type RunInfo,
  type RunState,
  type StartRequest,
} from '../train/host.js';
import { train } from '../train/loop.js';
import { Trainer } from '../train/trainer.js';
import { LostDeviceError } from './backend.js';
import { breathe } from './breathe.js';
import { loadTrainingData, type TrainingData, type WebDataOptions } from './data.js';
import type { EventLog } from './event-log.js';
import { exportRun } from './files.js';
import type { RunDatabase, RunRecord } from './store.js';
import { Turns } from './turns.js';

/** Samples of a picture, tokens of a text, and how many times in a run. */
const shown = { samples: 64, tokens: 200, times: 60 } as const;
/** Steps that are told of in a run, at most. */
const told = 2000;
/** Seconds between two saves, at least; and the shares of the time that saving and drawing may take. */
const autosave = { every: 5, share: 0.05 } as const;
const drawingShare = 0.2;

type Untimed<E> = E extends unknown ? Omit<E, 'seconds'> : never;
type Picture =
  | { readonly kind: 'samples'; readonly samples: HostTensor }
  | { readonly kind: 'text'; readonly text: string };

/** The record of a run that has not begun. @throws UsageError for unknown names and wrong settings */
export function newRun({ model: id, data: named, settings: given, preset, seed }: StartRequest): Omit<RunRecord, 'id'> {
  const model = findModel(id);
  const { id: data, kind } = findDataSet(named ?? model.data.default);
  const settings = resolveSettings(model, given, { ...(preset === undefined ? {} : { preset }), kind });
  return {
    model: model.id,
    data,
    seed,
    settings,
    ...(preset === undefined ? {} : { preset }),
    step: 0,
    totalSteps: 0,
    state: 'preparing',
    created: new Date().toISOString(),
    seconds: 0,
    saved: 0,
  };
}

export class Run {
  readonly #store: RunDatabase;
  readonly #log: EventLog;
  readonly #model: ModelRecord;
  /** Whoever uses the model has the turn: training gives it away between two steps. */
  readonly #turns = new Turns();
  #record: RunRecord;
  #data!: TrainingData;
  #trainer!: Trainer;
  /** Training goes on up to this step. */
  #until = 0;
  #ending = false;
  #driving: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  /** Called when it rests or ends. */
  #resting: (() => void)[] = [];
  #savedAt = performance.now();
  /** Seconds that saving took the last time. */
  #savingTook = 0;
  /** When the next picture may be drawn, and the step of the last one. */
  #drawAfter = 0;
  #drawnAt: number | undefined;
  /** When the time was counted last. */
  #clock = 0;

  constructor(record: RunRecord, store: RunDatabase, log: EventLog) {
    this.#record = record;
    this.#store = store;
    this.#log = log;
    this.#model = findModel(record.model);
  }

  get info(): RunInfo {
    const { preset: _, seconds: __, saved: ___, ...info } = this.#record;
    return info;
  }

  /** Makes it ready by `fn`, whose failure is told. */
  async preparing(fn: () => Promise<void>): Promise<void> {
    await this.#enter('preparing');
    try {
      await fn();
    } catch (error) {
      await this.#fail(error);
      throw error;
    }
  }

  download(loaded: number, total: number): void {
    this.#emit({ kind: 'download', loaded, total });
  }

  /** Loads the data and the last checkpoint; the backend must be ready. Afterwards it is paused. */
  async prepare(options: WebDataOptions, note?: string): Promise<void> {
    const { id, data, settings, saved } = this.#record;
    this.#data = await loadTrainingData(data, settings, options);
    this.#trainer = this.#fresh();
    const checkpoint = saved === 0 ? undefined : await this.#store.checkpoint(id);
    if (checkpoint !== undefined) await this.#trainer.restore(checkpoint, `run ${id}`);
    const { step, totalSteps } = this.#trainer.progress;
    this.#record = { ...this.#record, step, totalSteps };
    this.#until = step;
    await this.#enter(step >= totalSteps ? 'done' : 'paused', note === undefined ? {} : { note });
  }

  #fresh(): Trainer {
    const { train: items, validation } = this.#data;
    const held = validation === undefined ? {} : { validation };
    const { settings, seed } = this.#record;
    return new Trainer({ model: this.#model, settings, data: items, ...held, seed });
  }

  /** Trains to the end, or `steps` further. Does not wait. */
  play(steps = Infinity): void {
    const { step, totalSteps } = this.#trainer.progress;
    if (step >= totalSteps) return;
    this.#until = step + steps;
    this.#wake();
    this.#driving ??= this.#drive().finally(() => {
      this.#driving = undefined;
      this.#rest();
    });
  }

  /** Takes n steps, and waits for them. */
  async step(n: number): Promise<void> {
    if (this.#trainer.progress.step >= this.#trainer.progress.totalSteps) return;
    const rested = this.#rested();
    this.play(n);
    await rested;
  }

  async pause(): Promise<void> {
    if (this.#driving === undefined || !this.#due) return;
    const rested = this.#rested();
    this.#until = 0;
    await rested;
  }

  /** Back to step 0, paused. */
  async reset(): Promise<void> {
    await this.#end();
    this.#trainer = this.#fresh();
    this.#until = 0;
    this.#drawAfter = 0;
    this.#drawnAt = undefined;
    const { error: _, ...record } = this.#record;
    this.#record = { ...record, step: 0, saved: 0, seconds: 0, state: 'paused' };
    await this.#store.clear(this.#record);
    this.#emit({ kind: 'status', state: 'paused', step: 0 });
    await this.#log.flush();
  }

  /** Ends it, with its state stored. */
  async stop(): Promise<void> {
    await this.#end();
    await this.#save();
    const { state } = this.#record;
    if (state === 'paused' || state === 'running') await this.#enter('stopped');
    await this.#log.flush();
  }

  explore<K extends QueryKind>(query: QueryOf<K>): Promise<AnswerOf<K>> {
    return this.#turns.use(async () => {
      const { instance } = this.#trainer;
      const data = await this.#data.heldOut();
      return this.#trainer.withAverages(() => explore({ instance, data }, query));
    });
  }

  export(kind: ExportKind): Promise<ExportedBytes> {
    return this.#turns.use(() =>
      exportRun(
        {
          record: this.#record,
          trainer: this.#trainer,
          validation: this.#data.validation,
          events: async () => {
            await this.#log.flush();
            return this.#store.events(this.#record.id, 1);
          },
        },
        kind,
      ),
    );
  }

  /** Training from here on, with its pauses. */
  async #drive(): Promise<void> {
    let end = await this.#turns.take();
    try {
      await this.#enter('running');
      this.#savedAt = performance.now();
      await this.#draw();
      const events = train(this.#trainer, {
        logEvery: Math.ceil(this.#trainer.totalSteps / told),
        sampleEvery: 0, // drawn between the steps, as time allows
        checkpointEvery: 0,
        sampleCount: shown.samples,
        shouldStop: () => this.#ending,
        between: async () => {
          this.#tick();
          await this.#draw();
          await this.#autosave();
          await breathe();
          do {
            end();
            if (!this.#due) await this.#wait();
            end = await this.#turns.take(); // whoever asked meanwhile was first
          } while (!this.#due);
          this.#clock = performance.now();
        },
      });
      this.#clock = performance.now();
      for await (const event of events) {
        this.#tick();
        if (event.kind !== 'checkpoint' && event.kind !== 'stopped') this.#emit(event);
      }
      if (this.#ending) return;
      await this.#save();
      await this.#enter('done');
    } catch (error) {
      await this.#fail(error);
    } finally {
      end();
    }
  }

  /** Whether there is something to do. */
  get #due(): boolean {
    return this.#ending || this.#trainer.progress.step < this.#until;
  }

  /** Rests until there is something to do. Where that lasts, what the model has come to is drawn. */
  async #wait(): Promise<void> {
    await this.#turns.use(() => this.#save());
    await this.#enter('paused');
    this.#rest();
    while (!this.#due) {
      const { step } = this.#trainer.progress;
      // The first picture waits for training, since nobody knows yet how long it takes.
      const drawn = this.#drawnAt === undefined || this.#drawnAt === step;
      await new Promise<void>((resolve) => {
        const timer = drawn ? undefined : setTimeout(resolve, this.#drawAfter - performance.now());
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (!drawn && !this.#due) await this.#turns.use(() => this.#drawNow());
    }
    if (!this.#ending) await this.#enter('running');
  }

  #rested(): Promise<void> {
    return new Promise((resolve) => this.#resting.push(resolve));
  }

  #rest(): void {
    for (const tell of this.#resting.splice(0)) tell();
  }

  async #end(): Promise<void> {
    this.#ending = true;
    this.#wake();
    await this.#driving;
    this.#ending = false;
  }

  /** The last finite state is kept where the numbers became infinite. */
  async #fail(error: unknown): Promise<void> {
    if (error instanceof LostDeviceError) return; // another worker goes on
    try {
      if (error instanceof NonFiniteError) await this.#save();
      await this.#enter('failed', { error: hostError(error) });
    } catch {
      // The store is full, which is told all the same.
    }
  }

  /** Counts the time since the last look at the clock as training. */
  #tick(): void {
    const now = performance.now();
    const { step, totalSteps } = this.#trainer.progress;
    this.#record = { ...this.#record, step, totalSteps, seconds: this.#record.seconds + (now - this.#clock) / 1000 };
    this.#clock = now;
  }

  /** Draws some times in a run, unless that takes too much of the time. */
  async #draw(): Promise<void> {
    const { step, totalSteps } = this.#trainer.progress;
    if (step % Math.ceil(totalSteps / shown.times) !== 0 || performance.now() < this.#drawAfter) return;
    await this.#drawNow();
  }

  /** A picture of a fixed seed, or a text. */
  async #drawNow(): Promise<void> {
    const { step } = this.#trainer.progress;
    const start = performance.now();
    const picture = await this.#trainer.withAverages(() => this.#picture(step));
    const now = performance.now();
    this.#drawAfter = now + (now - start) / drawingShare;
    if (picture === undefined) return;
    this.#drawnAt = step;
    this.#emit({ ...picture, ...this.#trainer.progress });
  }

  async #picture(step: number): Promise<Picture | undefined> {
    const { instance, seed, data } = this.#trainer;
    const { sample, iterate, language } = instance.capabilities;
    // What takes many steps is not drawn before anything has been learnt.
    if (sample !== undefined || (iterate !== undefined && step > 0)) {
      return { kind: 'samples', samples: await drawSamples(instance, { count: shown.samples, seed }) };
    }
    if (language === undefined || data.text === undefined || step === 0) return undefined;
    const { tokenizer } = data.text;
    return { kind: 'text', text: await writeText(instance, tokenizer, '', { maxNewTokens: shown.tokens, seed }) };
  }

  async #autosave(): Promise<void> {
    const since = (performance.now() - this.#savedAt) / 1000;
    if (since > Math.max(autosave.every, this.#savingTook / autosave.share)) await this.#save();
  }

  async #save(): Promise<void> {
    const { step } = this.#trainer.progress;
    if (step === 0 || step === this.#record.saved) return;
    const start = performance.now();
    const record = { ...this.#record, step, saved: step };
    await this.#store.save(record, await this.#trainer.checkpoint());
    this.#record = { ...this.#record, saved: step };
    this.#savedAt = performance.now();
    this.#savingTook = (this.#savedAt - start) / 1000;
    this.#emit({ kind: 'checkpoint', best: false, ...this.#trainer.progress });
  }

  /** Tells and stores a change of its state. */
  async #enter(state: RunState, more: { readonly error?: HostError; readonly note?: string } = {}): Promise<void> {
    const { error: _, ...record } = this.#record;
    this.#record = { ...record, state, ...(more.error === undefined ? {} : { error: more.error }) };
    this.#emit({ kind: 'status', state, step: record.step, ...more });
    await this.#store.save(this.#record);
    await this.#log.flush();
  }

  #emit(event: Untimed<HostEventBody>): void {
    this.#log.add({ ...event, seconds: this.#record.seconds });
  }
}
