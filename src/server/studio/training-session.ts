/** A run that is trained in this process, and can be paused, asked and stopped between two steps. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.js';
import type { DataSet } from '../../data/data-set.js';
import { explore } from '../../inference/explore.js';
import type { Query } from '../../inference/explore-queries.js';
import { onDisk } from '../../node/files.js';
import { readRunConfig } from '../../node/run-config.js';
import { loadSplit } from '../../node/run-data.js';
import { RunStore } from '../../node/run-store.js';
import { beginRun, continueRun, type OpenRun, type TrainRequest, trainRun } from '../../node/training.js';
import { type HostEventBody, hostError, type RunState, type StartRequest } from '../../train/host.js';
import type { Trainer } from '../../train/trainer.js';
import { deriveEvents } from './derived-events.js';
import { LogReader, LogWriter, lineOf } from './event-log.js';
import type { Surroundings } from './messages.js';

/** Samples in a picture. */
const sampleCount = 64;

/** How often a run that is watched tells something. Samples that take many steps are drawn once an epoch. */
function pace({ totalSteps, stepsPerEpoch, instance }: Trainer): { log: number; samples: number; checkpoints: number } {
  const { iterate, language } = instance.capabilities;
  const pictures = language === undefined ? 60 : 20;
  return {
    log: Math.ceil(totalSteps / 2000),
    samples: iterate === undefined ? Math.ceil(totalSteps / pictures) : stepsPerEpoch,
    checkpoints: Math.min(stepsPerEpoch, Math.max(100, Math.ceil(totalSteps / 20))),
  };
}

export class TrainingSession {
  private readonly run: OpenRun;
  private readonly log: LogWriter;
  private readonly surroundings: Surroundings;
  private readonly grown: () => void;
  /** Resolves when no step will come any more, and all is stored. */
  readonly ended: Promise<void>;
  private state: RunState = 'preparing';
  private seconds: number;
  /** Steps that may be taken before the next pause. */
  private allowed: number;
  private stopping = false;
  private over = false;
  private readonly questions: (() => Promise<void>)[] = [];
  private wake: () => void = () => undefined;
  /** Held-out items, once somebody has asked about them. */
  private held: DataSet | undefined;
  private answering: Promise<void> = Promise.resolve();
  private readonly turnWaiters: (() => void)[] = [];

  private constructor(
    run: OpenRun,
    log: LogWriter,
    { surroundings, grown, paused }: { surroundings: Surroundings; grown: () => void; paused: boolean },
  ) {
    this.run = run;
    this.log = log;
    this.surroundings = surroundings;
    this.grown = grown;
    this.seconds = run.seconds;
    this.allowed = paused ? 0 : Infinity;
    this.ended = this.train();
  }

  /** Begins a run in an empty directory. @throws what `beginRun` throws */
  static async begin(
    request: StartRequest,
    directory: string,
    surroundings: Surroundings,
    grown: () => void,
  ): Promise<TrainingSession> {
    const { model, data, settings, preset, seed, paused = false } = request;
    // Its log lies in the directory of the run, which must be empty before it begins.
    const early = [lineOf({ kind: 'status', state: 'preparing', seconds: 0 })];
    const asked: TrainRequest = {
      ...surroundings,
      model,
      data,
      settings,
      preset,
      seed,
      pace,
      onProgress: ({ received, total = 0 }) =>
        early.push(lineOf({ kind: 'download', loaded: received, total, seconds: 0 })),
    };
    const run = await beginRun(asked, directory);
    const log = await LogWriter.open(directory);
    await log.append(...early);
    const session = new TrainingSession(run, log, { surroundings, grown, paused });
    await session.reach(() => session.state !== 'preparing');
    return session;
  }

  /**
   * Opens a run, paused: at its last checkpoint, or, `fresh`, at step 0, with nothing left of what was trained.
   * @throws what `continueRun` throws
   */
  static async open(
    directory: string,
    { fresh, surroundings, grown }: { fresh: boolean; surroundings: Surroundings; grown: () => void },
  ): Promise<TrainingSession> {
    const config = await readRunConfig(join(directory, 'config.json'));
    // What `genera train` did in the meantime gets the numbers that it had as long as it was not in the log.
    const known = new LogReader(directory);
    await known.refresh();
    const derived = config === undefined ? [] : await deriveEvents(directory, config, known.summary.step);
    const lines: string[] = [];
    for (const event of derived) lines.push(lineOf(await event.read()));
    if (fresh) await empty(directory);
    const run = await continueRun({ ...surroundings, model: config?.model ?? '', settings: {} }, directory);
    const log = await LogWriter.open(directory);
    await log.append(...lines);
    const session = new TrainingSession(run, log, { surroundings, grown, paused: true });
    await session.reach(() => session.state !== 'preparing');
    return session;
  }

  /** Resolves when it runs, or is over. */
  async resume(): Promise<void> {
    this.allowed = Infinity;
    await this.reach(() => this.state === 'running' || this.allowed <= 0);
  }

  /** Resolves when it pauses, or is over. */
  async pause(): Promise<void> {
    this.allowed = 0;
    await this.reach(() => this.state === 'paused');
  }

  /** Takes n steps; resolves when it pauses again, or is over. */
  async step(n: number): Promise<void> {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new UsageError({ operation: 'step', expected: 'a whole number of steps, at least 1', got: `${n}` });
    }
    if (this.state !== 'paused') {
      throw new UsageError({ operation: 'step', expected: 'a paused run', got: `one that is ${this.state}` });
    }
    this.allowed = n;
    await this.reach(() => this.state === 'paused' && this.allowed <= 0);
  }

  /** Stores the state and ends. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.ended;
  }

  explore(query: Query): Promise<unknown> {
    const { trainer, config } = this.run;
    return this.ask(async () => {
      this.held ??= await loadSplit({ config, ...tokenizerOf(trainer) }, 'validation', this.surroundings);
      const data = this.held;
      return trainer.withAverages(() => explore({ instance: trainer.instance, data }, query));
    });
  }

  /** Stores the model as it stands; where it is over that has been done. */
  store(): Promise<void> {
    const { store, trainer } = this.run;
    return this.ask(async () => {
      if (!this.over) await store.writeWeights(await trainer.weights(), trainer.progress.step);
    });
  }

  /** Does something between two steps, or at once where there are none to come. */
  private ask<R>(work: () => Promise<R>): Promise<R> {
    return new Promise<R>((done, fail) => {
      this.questions.push(() => work().then(done, fail));
      if (this.over) void this.answer();
      else this.wake();
    });
  }

  /** Answers what has been asked so far, one question after the other. */
  private answer(): Promise<void> {
    this.answering = this.answering.then(async () => {
      for (let next = this.questions.shift(); next !== undefined; next = this.questions.shift()) await next();
    });
    return this.answering;
  }

  /** Resolves when, between two steps, something is so, or there are no more steps. */
  private async reach(reached: () => boolean): Promise<void> {
    this.wake();
    while (!reached() && !this.over) await new Promise<void>((done) => this.turnWaiters.push(done));
  }

  private tellTurn(): void {
    for (const done of this.turnWaiters.splice(0)) done();
  }

  private async train(): Promise<void> {
    try {
      await this.hold();
      if (this.stopping) {
        await this.tell('stopped');
        await this.run.store.close();
      } else await this.takeSteps();
    } catch (error) {
      await this.tell('failed', error).catch(() => undefined); // a disk that is full cannot take this word either
    }
    this.over = true;
    this.tellTurn();
    await this.answer();
    await this.log.close();
  }

  private async takeSteps(): Promise<void> {
    const options = {
      between: (): Promise<void> => {
        this.allowed--;
        return this.hold();
      },
      shouldStop: (): boolean => this.stopping,
      shouldLog: (): boolean => this.allowed < Infinity, // who counts steps wants to see each
      sampleCount,
    };
    for await (const { path: _, ...event } of trainRun(this.run, options)) {
      this.seconds = event.seconds;
      await this.append(event);
      if (event.kind === 'checkpoint') await this.log.sync();
      // Said while the run is still locked, so that nobody else says it.
      if (event.kind === 'done' || event.kind === 'stopped') await this.tell(event.kind);
    }
  }

  /** Between two steps: answers questions, and waits while no step is allowed. */
  private async hold(): Promise<void> {
    for (;;) {
      await this.answer();
      if (this.stopping) return;
      if (this.allowed > 0) {
        if (this.state !== 'running') await this.tell('running');
        this.tellTurn();
        return;
      }
      if (this.state !== 'paused') await this.tell('paused');
      this.tellTurn();
      await new Promise<void>((done) => {
        this.wake = done;
        if (this.stopping || this.allowed > 0 || this.questions.length > 0) done();
      });
    }
  }

  private async tell(state: RunState, error?: unknown): Promise<void> {
    this.state = state;
    const told = error === undefined ? {} : { error: hostError(error) };
    const { step } = this.run.trainer.progress;
    await this.append({ kind: 'status', state, step, ...told, seconds: this.seconds });
  }

  private async append(event: HostEventBody): Promise<void> {
    await this.log.append(lineOf(event));
    this.grown();
  }
}

function tokenizerOf({ data: { text } }: Trainer) {
  return text === undefined ? {} : { tokenizer: text.tokenizer };
}

/** Removes what training has made of a run, under its lock. */
async function empty(directory: string): Promise<void> {
  const { store } = await RunStore.open(directory);
  try {
    for (const name of ['metrics.jsonl', 'samples', 'checkpoints', 'onnx', join('model', 'model.safetensors')]) {
      const path = join(directory, name);
      await onDisk(`remove ${path}`, () => rm(path, { recursive: true, force: true }));
    }
  } finally {
    await store.close();
  }
}
