/** What happens on a model's page: the choice of settings, and the run that came of it. */

import { dataSets } from 'virtual:models';
import { computed, type Signal, signal } from '@preact/signals';
import type { RunInfo } from '../../../src/train/host.js';
import { host, hostInfo } from '../host/hosts.js';
import { type Choice, defaultChoice, pruned, randomSeed, resolvedValues } from '../settings/choice.js';
import type { ModelDescription } from '../settings/describe.js';
import { equalValues } from '../settings/values.js';
import { dismiss, notify, notifyError } from '../shell/notices.js';
import { Player, speed } from './player.js';
import { RunView } from './run-view.js';
import { lastRun, rememberRun, rememberTraining, wasTraining } from './trained.js';

/** The session of the page that is shown, for the header and the keys. */
export const currentSession = signal<Session | undefined>(undefined);

/** Whether new runs keep the seed. */
export const seedLocked = signal(true);

export class Session {
  readonly model: ModelDescription;
  readonly choice: Signal<Choice>;
  readonly run = signal<RunView | undefined>(undefined);
  readonly player = computed(() => (this.run.value === undefined ? undefined : new Player(this.run.value)));
  readonly starting = signal(false);
  readonly values = computed(() => resolvedValues(this.model, dataSets, this.choice.value));
  /** Whether the settings are no longer those of the run. */
  readonly changed = computed(() => {
    const info = this.run.value?.info;
    return info !== undefined && this.#differs(info);
  });

  constructor(model: ModelDescription) {
    this.model = model;
    this.choice = signal(defaultChoice(model));
  }

  change(part: Partial<Choice>): void {
    this.choice.value = pruned(this.model, dataSets, { ...this.choice.peek(), ...part });
  }

  set(key: string, value: unknown): void {
    this.change({ settings: { ...this.choice.peek().settings, [key]: value } });
  }

  /**
   * Takes up a run: the one named, or the last one of this model in this browser.
   * @param onlyLike only where it has the settings that are chosen
   */
  async takeUp(named: string | undefined, { onlyLike = false } = {}): Promise<void> {
    const id = named ?? lastRun(this.model.id);
    if (id === undefined) return;
    try {
      const found = (await (await host()).runs()).find((info) => info.id === id);
      if (found === undefined || found.model !== this.model.id) {
        if (named !== undefined) throw new Error(`There is no run “${named}” of ${this.model.title} here.`);
        return;
      }
      const differs = this.#differs(found);
      if (differs && onlyLike) return;
      const goesOn = hostInfo.peek()?.kind === 'browser' && found.state === 'stopped' && wasTraining(id);
      await this.#show(found);
      if (goesOn) void this.player.peek()?.play();
      if (!differs) return;
      const known = ([key]: [string, unknown]): boolean => this.model.fields.some((field) => field.key === key);
      const settings = Object.fromEntries(Object.entries(found.settings).filter(known));
      this.choice.value = pruned(this.model, dataSets, { data: found.data, seed: found.seed, settings, paused: false });
    } catch (error) {
      notifyError('run', error);
    }
  }

  /** A new run with the present settings. */
  async start({ paused = false } = {}): Promise<void> {
    if (this.starting.peek()) return;
    this.starting.value = true;
    dismiss('run');
    try {
      const { data, preset, seed, settings } = this.choice.peek();
      const slow = speed.peek() !== Number.POSITIVE_INFINITY;
      const before = this.run.peek();
      const info = await (await host()).start({
        model: this.model.id,
        data,
        ...(preset === undefined ? {} : { preset }),
        settings,
        seed,
        paused: paused || slow,
      });
      // What was stopped for a new run should not go on beside it.
      if (before !== undefined && before.state.peek() === 'running') await before.host.stop(before.info.id);
      await this.#show(info);
      if (paused) return;
      if (slow) void this.player.peek()?.play();
      else this.player.peek()?.begun();
    } catch (error) {
      notifyError('run', error);
    } finally {
      this.starting.value = false;
    }
  }

  /** Play or pause, whichever it is not. */
  async toggle(): Promise<void> {
    const player = this.player.peek();
    if (player === undefined) return this.start();
    if (player.playing.peek()) return player.pause();
    if (this.run.peek()!.state.peek() === 'done') {
      notify({
        key: 'run',
        tone: 'info',
        text: 'This run is finished. Reset it to train again, or change a setting for a new one.',
        actions: [{ label: 'Reset', run: () => void this.reset() }],
      });
      return;
    }
    return player.play();
  }

  async step(n: number): Promise<void> {
    if (this.player.peek() === undefined) await this.start({ paused: true });
    await this.player.peek()?.step(n);
  }

  /** Back to the beginning, with what has been changed. */
  async reset(): Promise<void> {
    if (!seedLocked.peek()) this.change({ seed: randomSeed() });
    const run = this.run.peek();
    if (run === undefined) return;
    if (this.changed.peek()) return this.start({ paused: true });
    await this.player.peek()?.pause();
    try {
      await run.host.reset(run.info.id);
      run.rewind(0);
    } catch (error) {
      notifyError('run', error);
    }
  }

  #differs({ data, seed, settings }: RunInfo): boolean {
    const choice = this.choice.value;
    const wanted = this.values.value;
    return (
      data !== choice.data ||
      seed !== choice.seed ||
      this.model.fields.some(({ key }) => key in settings && !equalValues(settings[key], wanted[key]))
    );
  }

  close(): void {
    this.#remember();
    this.run.peek()?.close();
  }

  /** How far it came, for the map. */
  #remember(): void {
    const run = this.run.peek();
    if (run !== undefined) rememberRun({ ...run.info, step: run.step.peek(), totalSteps: run.totalSteps.peek() });
  }

  async #show(info: RunInfo): Promise<void> {
    this.run.peek()?.close();
    const view = new RunView(await host(), info);
    this.run.value = view;
    view.state.subscribe((state) => {
      this.#remember();
      if (state !== 'preparing') rememberTraining(info.id, state === 'running');
    });
    view.watch();
  }
}
