/**
 * Answers of a model while it trains: the same question again and again, the answers kept by step, so that the pictures
 * made of them move with the timeline as everything else does.
 */
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { AnswerOf, QueryKind, QueryOf } from '../../../src/inference/explore-queries.js';
import { HostFailure } from '../host/failure.js';
import { Frames } from './frames.js';
import type { RunView } from './run-view.js';

export interface Answers<K extends QueryKind> {
  /** At the step that is shown. */
  readonly shown: ReadonlySignal<{ readonly step: number; readonly value: AnswerOf<K> } | undefined>;
  /** Why there is none. */
  readonly refusal: ReadonlySignal<string | undefined>;
}

/** Least milliseconds between two questions, and how much longer than its answer took one waits: training comes first. */
const rest = { least: 1000, times: 5 };

/** @param query undefined: nothing is asked */
export function useAnswers<K extends QueryKind>(run: RunView, query: QueryOf<K> | undefined): Answers<K> {
  const key = JSON.stringify(query);
  const { frames, drawn, refusal, shown } = useMemo(() => {
    const kept = new Frames<AnswerOf<K>>(40);
    const tick = signal(0);
    return {
      frames: kept,
      drawn: tick,
      refusal: signal<string | undefined>(undefined),
      shown: computed(() => (tick.value >= 0 ? kept.at(run.position.value) : undefined)),
    };
  }, [run, key]);

  useEffect(() => {
    if (query === undefined) return;
    let open = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asked = -1;
    const ask = async (): Promise<void> => {
      timer = undefined;
      const step = run.step.peek();
      let wait = rest.least;
      const idle = run.state.peek() === 'preparing' || step === asked || document.hidden;
      if (!idle) {
        const began = performance.now();
        try {
          const value = await run.host.explore(run.info.id, query);
          if (!open) return;
          asked = step;
          frames.add(run.step.peek(), value);
          refusal.value = undefined;
          drawn.value++;
        } catch (error) {
          if (!open) return;
          refusal.value = error instanceof Error ? error.message : String(error);
          if (isFinal(error)) return;
        }
        wait = Math.max(rest.least, rest.times * (performance.now() - began));
      }
      timer = setTimeout(ask, wait);
    };
    void ask();
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
