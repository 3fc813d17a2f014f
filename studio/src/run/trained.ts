/** What this browser remembers of runs without asking any host: the last one of each model, and how far it came. */
import { signal } from '@preact/signals';
import type { RunInfo } from '../../../src/train/host.js';

const key = 'genera.trained';

interface Trained {
  readonly run: string;
  readonly step: number;
  readonly totalSteps: number;
}

function load(): Readonly<Record<string, Trained>> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}');
  } catch {
    return {};
  }
}

export const trained = signal(load());

export function lastRun(model: string): string | undefined {
  return trained.peek()[model]?.run;
}

export function rememberRun({
  id,
  model,
  step,
  totalSteps,
}: Pick<RunInfo, 'id' | 'model' | 'step' | 'totalSteps'>): void {
  trained.value = { ...trained.peek(), [model]: { run: id, step, totalSteps } };
  localStorage.setItem(key, JSON.stringify(trained.peek()));
}

/**
 * Whether a run was training in this tab when it was seen last. Training in the page ends with the page; when that is
 * loaded again, it goes on.
 */
export function wasTraining(run: string): boolean {
  return sessionStorage.getItem(trainingKey(run)) !== null;
}

export function rememberTraining(run: string, training: boolean): void {
  if (training) sessionStorage.setItem(trainingKey(run), '1');
  else sessionStorage.removeItem(trainingKey(run));
}

const trainingKey = (run: string): string => `genera.training.${run}`;

export function forgetRun(id: string): void {
  rememberTraining(id, false);
  trained.value = Object.fromEntries(Object.entries(trained.peek()).filter(([, { run }]) => run !== id));
  localStorage.setItem(key, JSON.stringify(trained.peek()));
}
