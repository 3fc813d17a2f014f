/**
 * Answers of a model while it trains: the same question again and again, the answers kept by step, so that the pictures
 * made of them move with the timeline as everything else does.
 */
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { AnswerOf, QueryKind, QueryOf } from '../../../src/inference/explore-queries.js';
import { HostFailure } from '../host/failure.js';
import { Frames } from './frames.js';
import type { RunView } from './run-view.js';

export type Explore = <K extends QueryKind>(query: QueryOf<K>) => Promise<AnswerOf<K>>;

export interface Answers<T> {
  /** At the step that is shown. */
  readonly shown: ReadonlySignal<{ readonly step: number; readonly value: T } | undefined>;
  /** Why there is none. */
  readonly refusal: ReadonlySignal<string | undefined>;
}

/** Milliseconds between two questions: some times what the answer took, since training comes first, within bounds. */
const rest = { least: 1000, most: 4000, times: 3 };
/** Milliseconds between two looks whether there is something new to ask about. */
const glance = 150;
const kept = 40;

/**
 * @param key names the question: with another one everything begins anew
 * @param ask asks it
 */
export function useAnswers<T>(run: RunView, key: string, ask: (explore: Explore) => Promise<T>): Answers<T> {
  // What was shown before stays until the answer to another question is there.
  const before = useRef<{ readonly step: number; readonly value: T } | undefined>(undefined);
  const { frames, drawn, refusal, shown } = useMemo(() => {
    const answers = new Frames<T>(kept);
    const tick = signal(0);
    return {
      frames: answers,
      drawn: tick,
      refusal: signal<string | undefined>(undefined),
      shown: computed(() => {
        if (tick.value > 0) before.current = answers.at(run.position.value);
        return before.current;
      }),
    };
  }, [run, key]);

  useEffect(() => {
    let open = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asked = -1;
    const explore: Explore = (query) => run.host.explore(run.info.id, query);
    const look = async (): Promise<void> => {
      let wait = glance;
      const step = run.step.peek();
      if (run.state.peek() !== 'preparing' && step !== asked && !document.hidden) {
        const began = performance.now();
        asked = step;
        try {
          const value = await ask(explore);
          if (!open) return;
          frames.add(run.step.peek(), value);
          refusal.value = undefined;
          drawn.value++;
        } catch (error) {
          if (!open) return;
          refusal.value = error instanceof Error ? error.message : String(error);
          if (isFinal(error)) return;
        }
        const moving = run.state.peek() === 'running';
        wait = moving ? Math.min(rest.most, Math.max(rest.least, rest.times * (performance.now() - began))) : glance;
      }
      timer = setTimeout(look, wait);
    };
    void look();
    return () => {
      open = false;
      clearTimeout(timer);
    };
  }, [run, key]);

  return { shown, refusal };
}

/** What a model cannot answer now it cannot later. */
function isFinal(error: unknown): boolean {
  const name = error instanceof HostFailure ? error.error?.name : (error as Error | undefined)?.name;
  return name === 'UsageError';
}
