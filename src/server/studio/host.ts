/** The runs of a folder: what there are, and what happens with them. The server's `TrainingHost`. */
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.js';
import { findDataSet } from '../../data/registry.js';
import { tokenizerKinds } from '../../data/text.js';
import { findModel } from '../../models/index.js';
import { readTextIfThere, removeDirectory } from '../../node/files.js';
import { readRunConfig } from '../../node/run-config.js';
import { defaultBackend } from '../../runtime/backend.js';
import {
  type ExportKind,
  errorOf,
  type HostInfo,
  hostError,
  type RunInfo,
  type StartRequest,
} from '../../train/host.js';
import type { RunConfig } from '../../train/run-format.js';
import type { Surroundings } from './messages.js';
import { Readers } from './readers.js';
import { RunEvents } from './run-events.js';
import { RunLink } from './run-link.js';
import { expectRun, reserveRun, runNames, runPath, unknownRun } from './run-names.js';

export class StudioHost {
  private readonly directory: string;
  private readonly surroundings: Surroundings;
  /** Processes that train, or hold a run that is paused or done. */
  private readonly trainers = new Map<string, RunLink>();
  private readonly readers: Readers;
  private readonly seen = new Map<string, RunEvents>();
  /** What is done to a run waits for what was done before. */
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(directory: string, surroundings: Surroundings) {
    this.directory = directory;
    this.surroundings = surroundings;
    this.readers = new Readers(surroundings);
  }

  info(): HostInfo {
    const { id, description } = defaultBackend();
    const processes = [...this.trainers.values()].reduce((sum, { memory }) => sum + memory, 0);
    return { kind: 'server', backend: id, description, memory: process.memoryUsage.rss() + processes };
  }

  /** All runs of the folder, the newest first; one that cannot be read says why. */
  async runs(): Promise<RunInfo[]> {
    const found: RunInfo[] = [];
    for (const id of await runNames(this.directory)) {
      const info = await this.describe(id);
      if (info !== undefined) found.push(info);
    }
    return found.sort((a, b) => b.created.localeCompare(a.created));
  }

  /** @throws UsageError, DataError, … for what cannot be trained */
  async start(request: StartRequest): Promise<RunInfo> {
    checkStart(request);
    const id = await reserveRun(this.directory, findModel(request.model).id);
    return this.inTurn(id, async () => {
      const link = this.attach(id);
      try {
        await link.call('begin', { request });
      } catch (error) {
        this.trainers.delete(id);
        await link.dismiss();
        await rmdir(this.pathOf(id)).catch(() => undefined); // only where it is empty
        throw error;
      }
      return this.infoOf(id);
    });
  }

  /** Goes on where it was paused, or from its last checkpoint. A run that is done stays so. */
  resume(id: string): Promise<RunInfo> {
    return this.act(id, async (info) => {
      if (info.state === 'done') return;
      await (await this.opened(id)).call('resume', {});
    });
  }

  async pause(id: string): Promise<RunInfo> {
    await this.halt(id);
    return this.act(id, async (info) => {
      if (info.state === 'running') throw await this.foreign(id, 'pause');
    });
  }

  step(id: string, n: number): Promise<RunInfo> {
    return this.act(id, async (info) => {
      if (info.state === 'done') return;
      await (await this.opened(id)).call('step', { n });
    });
  }

  /** Stores its state and gives its memory back. */
  async stop(id: string): Promise<RunInfo> {
    await this.halt(id);
    return this.act(id, async (info) => {
      if (this.trainers.has(id)) await this.endTrainer(id);
      else if (info.state === 'running') throw await this.foreign(id, 'stop');
      await this.readers.end(this.pathOf(id));
    });
  }

  /** Back to step 0, paused. */
  async reset(id: string): Promise<RunInfo> {
    await this.halt(id);
    return this.act(id, async () => {
      await this.endTrainer(id, { store: false });
      await this.open(id, true);
    });
  }

  async remove(id: string): Promise<void> {
    await this.halt(id);
    return this.inTurn(id, async () => {
      await this.infoOf(id);
      await this.endTrainer(id, { store: false });
      await this.readers.end(this.pathOf(id));
      const pid = await this.eventsOf(id).trainer();
      if (pid !== undefined) throw await this.foreign(id, 'remove');
      await removeDirectory(this.pathOf(id));
      this.seen.get(id)?.close();
      this.seen.delete(id);
    });
  }

  /** @throws HttpError 404 where there is no such run */
  async events(id: string): Promise<RunEvents> {
    await expectRun(this.directory, id);
    await this.settle(id);
    return this.eventsOf(id);
  }

  /** Lets the events of a run say so where its process has died unseen: in another server, or before this one began. */
  async settle(id: string): Promise<void> {
    await this.describe(id);
  }

  /** @param query JSON with tensors as in `train/json.ts`, as is the answer */
  async explore(id: string, query: unknown): Promise<string> {
    await expectRun(this.directory, id);
    try {
      const answer = await this.trainers.get(id)?.call('explore', { query });
      if (answer !== undefined) return answer;
    } catch (error) {
      if (this.trainers.has(id)) throw error;
    }
    // It is not trained, or has just come to its end.
    return this.readers.ask(this.pathOf(id), (link) => link.call('explore', { query }));
  }

  /** The run as it stands. */
  async export(id: string, kind: ExportKind): Promise<{ name: string; bytes: Uint8Array }> {
    await expectRun(this.directory, id);
    await this.trainers
      .get(id)
      ?.call('store', {})
      .catch((error: unknown) => {
        if (this.trainers.has(id)) throw error; // else it has come to its end, and stored all
      });
    const { ending, bytes } = await this.readers.ask(this.pathOf(id), (link) => link.call('export', { kind }));
    return { name: `${id}${ending}`, bytes };
  }

  /** Stores and ends everything. */
  async close(): Promise<void> {
    await Promise.allSettled(this.turns.values());
    await Promise.allSettled([...[...this.trainers.keys()].map((id) => this.endTrainer(id)), this.readers.endAll()]);
    for (const events of this.seen.values()) {
      await events.refresh().catch(() => undefined); // so that who watches hears the end
      events.close();
    }
  }

  /** Does something to a run and tells how it stands then. */
  private act(id: string, work: (info: RunInfo) => Promise<void>): Promise<RunInfo> {
    return this.inTurn(id, async () => {
      const info = await this.infoOf(id);
      if (info.error !== undefined && info.model === '') throw errorOf(info.error);
      await work(info);
      return this.infoOf(id);
    });
  }

  /** Pauses what this server trains, at once: also steps that are being taken. */
  private async halt(id: string): Promise<void> {
    await this.trainers
      .get(id)
      ?.call('pause', {})
      .catch(() => undefined);
  }

  private inTurn<R>(id: string, work: () => Promise<R>): Promise<R> {
    const result = (this.turns.get(id) ?? Promise.resolve()).then(work);
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.turns.set(id, settled);
    void settled.then(() => this.turns.get(id) === settled && this.turns.delete(id));
    return result;
  }

  /** The process that trains a run, begun where there is none. */
  private async opened(id: string): Promise<RunLink> {
    return this.trainers.get(id) ?? this.open(id, false);
  }

  private async open(id: string, fresh: boolean): Promise<RunLink> {
    await this.readers.end(this.pathOf(id));
    const link = this.attach(id);
    try {
      await link.call('open', { fresh });
    } catch (error) {
      this.trainers.delete(id);
      await link.dismiss();
      throw error;
    }
    return link;
  }

  /** A process for a run, and what happens when it ends by itself. */
  private attach(id: string): RunLink {
    const events = this.eventsOf(id);
    const link = new RunLink(this.pathOf(id), this.surroundings, () => void events.refresh().catch(() => undefined));
    this.trainers.set(id, link);
    void link.ended.then(async (fault) => {
      if (fault !== undefined) {
        await events.settle({ kind: 'status', state: 'failed', error: hostError(fault), seconds: 0 });
      }
      if (this.trainers.get(id) === link) this.trainers.delete(id);
    });
    return link;
  }

  private async endTrainer(id: string, { store = true } = {}): Promise<void> {
    const link = this.trainers.get(id);
    if (link === undefined) return;
    try {
      if (store) await link.call('stop', {});
    } finally {
      await link.dismiss();
      await this.eventsOf(id).settle({ kind: 'status', state: 'stopped', seconds: 0 });
      this.trainers.delete(id);
    }
  }

  private async infoOf(id: string): Promise<RunInfo> {
    await expectRun(this.directory, id);
    const info = await this.describe(id);
    if (info === undefined) throw unknownRun(id);
    return info;
  }

  /** undefined for a folder that holds no run. */
  private async describe(id: string): Promise<RunInfo | undefined> {
    let config: RunConfig | undefined;
    try {
      config = await readRunConfig(join(this.pathOf(id), 'config.json'));
    } catch (error) {
      return { ...blank(id), error: hostError(error) };
    }
    if (config === undefined) return undefined;
    const { model, data, seed, settings, totalSteps, created } = config;
    const events = this.eventsOf(id);
    const told = { id, model, data: data.id, seed, settings, totalSteps, created };
    try {
      return { ...told, ...(await this.standing(id, events, totalSteps)) };
    } catch (error) {
      return { ...told, step: 0, state: 'failed', error: hostError(error) };
    }
  }

  /** Where it stands: what is trained at its last event, what is not at its last checkpoint. */
  private async standing(
    id: string,
    events: RunEvents,
    totalSteps: number,
  ): Promise<Pick<RunInfo, 'state' | 'step' | 'error'>> {
    await events.refresh();
    const trained = this.trainers.has(id);
    if (!trained && (await events.trainer()) !== undefined) {
      return { state: (events.isActive && events.status?.state) || 'running', step: events.step };
    }
    if (!trained) {
      const note = 'its process had ended; it goes on from its last checkpoint';
      await events.settle({ kind: 'status', state: 'stopped', note, seconds: 0 });
    }
    const step = trained ? events.step : await storedStep(this.pathOf(id));
    if (!trained && step >= totalSteps) return { state: 'done', step };
    const { state = 'stopped', error } = events.status ?? {};
    return { state, step, ...(error === undefined ? {} : { error }) };
  }

  private eventsOf(id: string): RunEvents {
    const events = this.seen.get(id) ?? new RunEvents(id, this.pathOf(id));
    this.seen.set(id, events);
    return events;
  }

  private pathOf(id: string): string {
    return runPath(this.directory, id);
  }

  private async foreign(id: string, operation: string): Promise<UsageError> {
    const pid = await this.eventsOf(id).trainer();
    return new UsageError({
      operation: `${operation} ${id}`,
      expected: 'a run that this server trains',
      got: pid === undefined ? 'one that nobody trains' : `one that process ${pid} trains`,
      remedy: 'Stop it where it was started, with Ctrl-C; then it can be resumed here.',
    });
  }
}

/** The step of the last checkpoint; 0 where there is none. */
async function storedStep(directory: string): Promise<number> {
  const name = await readTextIfThere(join(directory, 'checkpoints', 'last'));
  return Number(/^step-(\d+)/.exec(name ?? '')?.[1] ?? 0);
}

function blank(id: string): RunInfo {
  return { id, model: '', data: '', seed: 0, settings: {}, step: 0, totalSteps: 0, state: 'failed', created: '' };
}

/** Whoever talks to the server may train on the data that genera knows, and not read files through it. */
function checkStart({ data, settings }: StartRequest): void {
  if (data !== undefined) findDataSet(data);
  const { tokenizer } = settings;
  if (tokenizer === undefined || tokenizerKinds.some((kind) => kind === tokenizer)) return;
  throw new UsageError({
    operation: 'start',
    expected: `a tokenizer out of ${tokenizerKinds.join(', ')}`,
    got: JSON.stringify(tokenizer),
    remedy: 'Files of your own are for the command line: genera train.',
  });
}
