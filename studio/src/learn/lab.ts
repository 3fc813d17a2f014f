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
    const session = await this.#prepared();
    if (session.run.peek()!.step.peek() > 0) await session.reset();
  }

  async play(): Promise<void> {
    const session = await this.#prepared();
    const state = session.run.peek()?.state.peek();
    if (state !== 'done' && session.player.peek()?.playing.peek() !== true) await session.toggle();
  }

  /** Opens the tab of that title. */
  async tab(title: string): Promise<void> {
    const tab = await this.#found<HTMLButtonElement>('[role=tab]', (element) => element.textContent?.trim() === title);
    tab.click();
    await this.#found('[role=tab][aria-selected=true]', (element) => element === tab);
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

  /** The page's session, once it has a run that can be asked. */
  async #prepared(): Promise<Session> {
    await this.#until(() => {
      const run = currentSession.value?.run.value;
      return run !== undefined && run.state.value !== 'preparing';
    });
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
