/** Playing a run: at full speed, or slowly, step by step, so that it can be followed. */
import { computed, signal } from '@preact/signals';
import { notifyError } from '../shell/notices.js';
import type { RunView } from './run-view.js';

/** Steps per second; Infinity: as fast as it goes. */
export const speeds = [1, 4, 16, Number.POSITIVE_INFINITY] as const;
export type Speed = (typeof speeds)[number];

export const speed = signal<Speed>(Number.POSITIVE_INFINITY);

export class Player {
  readonly run: RunView;
  readonly #slow = signal(false);
  /** Whether it shall train once it is prepared: a run is prepared for questions, too. */
  readonly #wanted = signal(false);
  /** Whether it moves by itself. */
  readonly playing = computed(() => {
    const state = this.run.state.value;
    return this.#slow.value || state === 'running' || (state === 'preparing' && this.#wanted.value);
  });

  constructor(run: RunView) {
    this.run = run;
  }

  /** It has been started, and trains as soon as it is prepared. */
  begun(): void {
    this.#wanted.value = true;
  }

  async play(): Promise<void> {
    this.#wanted.value = true;
    const { host, info } = this.run;
    this.run.position.value = undefined;
    try {
      if (speed.peek() === Number.POSITIVE_INFINITY) await host.resume(info.id);
      else await this.#stepSlowly();
    } catch (error) {
      notifyError('run', error);
    }
  }

  async pause(): Promise<void> {
    this.#slow.value = false;
    this.#wanted.value = false;
    const { host, info, state } = this.run;
    try {
      if (state.peek() === 'running' || state.peek() === 'preparing') await host.pause(info.id);
    } catch (error) {
      notifyError('run', error);
    }
  }

  /** Takes n steps and stands still. */
  async step(n: number): Promise<void> {
    await this.pause();
    this.run.position.value = undefined;
    try {
      await this.run.host.step(this.run.info.id, n);
    } catch (error) {
      notifyError('run', error);
    }
  }

  /** Another speed, taken up at once. */
  async changeSpeed(next: Speed): Promise<void> {
    const moving = this.playing.peek();
    if (moving) await this.pause();
    speed.value = next;
    if (moving) await this.play();
  }

  async #stepSlowly(): Promise<void> {
    this.#slow.value = true;
    const { host, info, step, totalSteps } = this.run;
    const ended = (): boolean => totalSteps.peek() > 0 && step.peek() >= totalSteps.peek();
    while (this.#slow.peek() && !ended()) {
      const began = performance.now();
      await host.step(info.id, 1);
      const rest = 1000 / speed.peek() - (performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest)));
    }
    this.#slow.value = false;
  }
}
