/** A model's page in the hands of a tour: it plays, opens tabs and moves sliders as a person does. */
import { effect } from '@preact/signals';
import { currentSession, type Session } from '../run/session.js';
import { found } from './waiting.js';

export class Lab {
  readonly #signal: AbortSignal;

  /** @param signal ends whatever waits */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** The run is prepared and at its beginning. */
  async fresh(): Promise<void> {
    const session = await this.#session();
    await this.#until(() => session.run.value !== undefined && session.run.value.state.value !== 'preparing');
    if (session.run.peek()!.step.peek() > 0) await session.reset();
  }

  async play(): Promise<void> {
    const session = await this.#session();
    const state = session.run.peek()?.state.peek();
    if (state !== 'done' && session.player.peek()?.playing.peek() !== true) await session.toggle();
  }

  async pause(): Promise<void> {
    await (await this.#session()).player.peek()?.pause();
  }

  /** Waits until so many steps are done. */
  async reached(step: number): Promise<void> {
    const session = await this.#session();
    await this.#until(() => (session.run.value?.step.value ?? 0) >= step);
  }

  /** Looks at a step of the past, or, without one, at the latest. */
  async look(step?: number): Promise<void> {
    const run = (await this.#session()).run.peek();
    if (run !== undefined) run.position.value = step;
  }

  /** Opens the tab of that title. */
  async tab(title: string): Promise<void> {
    const tab = await this.#found<HTMLButtonElement>('[role=tab]', (element) => element.textContent?.trim() === title);
    tab.click();
  }

  /** Moves the slider of that name in the pictures. */
  async slide(name: string, value: number): Promise<void> {
    const slider = await this.#found<HTMLElement>(
      '.stage .slider',
      (element) => element.querySelector('label')?.textContent === name,
    );
    const input = slider.querySelector('input')!;
    input.value = String(value);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }

  async #session(): Promise<Session> {
    await this.#until(() => currentSession.value !== undefined);
    return currentSession.peek()!;
  }

  /** Resolves when something that signals tell is so. */
  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = effect(() => {
        if (holds()) resolve();
      });
      this.#signal.addEventListener('abort', () => {
        end();
        reject(this.#signal.reason);
      });
    });
  }

  #found<E extends Element>(selector: string, fits: (element: E) => boolean): Promise<E> {
    return found(selector, fits, this.#signal);
  }
}
