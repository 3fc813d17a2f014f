/**
 * The training loop as a stream of events. The loop decides when things are due; whoever listens writes files, draws
 * bars or pictures. A listener that has finished handling an event asks for the next one, so nothing runs ahead of what
 * is stored.
 */
import { NonFiniteError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';
import { writeText } from '../inference/generation.js';
import { drawSamples } from '../inference/sampling.js';
import type { StepMetrics } from './step.js';
import type { Progress, Trainer } from './trainer.js';

export type TrainEvent =
  /** After each step that is logged; metrics are those of the step. */
  | ({ readonly kind: 'step'; readonly metrics: StepMetrics; readonly itemsPerSecond: number } & Progress)
  /** After an epoch, or at the end: mean losses on the held-out items. */
  | ({ readonly kind: 'validation'; readonly metrics: StepMetrics } & Progress)
  /** The model was measured; `best`: it never was better in the first of the metrics. */
  | ({ readonly kind: 'evaluation'; readonly best: boolean } & Measured & Progress)
  /** Fixed-seed samples, to watch them improve. */
  | ({ readonly kind: 'samples'; readonly samples: HostTensor } & Progress)
  /** What a language model writes, at a fixed seed. */
  | ({ readonly kind: 'text'; readonly text: string } & Progress)
  /** The state should be stored now; `best`: it has the lowest score so far, or validation loss where none is measured. */
  | ({ readonly kind: 'checkpoint'; readonly best: boolean } & Progress)
  /** Training stopped before its end because it was asked to. */
  | ({ readonly kind: 'stopped' } & Progress)
  | ({ readonly kind: 'done'; readonly metrics: StepMetrics } & Progress);

/** Tokens of a text that is written to watch a language model improve. */
const sampleTokens = 200;

/** Metrics of the model as it stands. */
export interface Measured {
  readonly metrics: Readonly<Record<string, number>>;
  /** What the best checkpoint is chosen by: lower is better. */
  readonly score: number;
}

export interface LoopOptions {
  /** Steps between logged steps. */
  readonly logEvery?: number;
  /** Asked after each step: true logs it though it is not due. */
  readonly shouldLog?: () => boolean;
  /** Steps between samples; default: once an epoch. 0: only at the end. */
  readonly sampleEvery?: number;
  /** Steps between checkpoints; default: once an epoch. 0: only at the end. */
  readonly checkpointEvery?: number;
  /** Measures the model; then the best checkpoint is chosen by its score, and no more by the validation loss. */
  readonly evaluate?: () => Promise<Measured>;
  /** Steps between evaluations; 0: only at the end. Default: once an epoch. */
  readonly evalEvery?: number;
  /** Samples in a picture; default 100. */
  readonly sampleCount?: number;
  /** Lowest score, or validation loss, before this part of the run. */
  readonly bestLoss?: number;
  /** Awaited between two steps: a pause, questions to the model. Its time does not count as training. */
  readonly between?: () => Promise<void>;
  /** Asked between two steps: true stops the run with a checkpoint. */
  readonly shouldStop?: () => boolean;
}

/**
 * Trains to the end.
 * @throws NonFiniteError after a checkpoint event for the last finite state
 */
export async function* train(trainer: Trainer, options: LoopOptions = {}): AsyncGenerator<TrainEvent, void, undefined> {
  const { stepsPerEpoch, totalSteps } = trainer;
  const { logEvery = 10, sampleEvery = stepsPerEpoch, checkpointEvery = stepsPerEpoch, sampleCount = 100 } = options;
  const { between, shouldLog, shouldStop = () => false, evaluate, evalEvery = stepsPerEpoch } = options;
  const { sample, iterate } = trainer.instance.capabilities;
  const canSample = sample !== undefined || iterate !== undefined;
  let best = options.bestLoss ?? Infinity;
  let metrics: StepMetrics = {};
  let clock = performance.now();
  let counted = trainer.progress.step;

  while (trainer.progress.step < totalSteps) {
    try {
      metrics = await trainer.step();
    } catch (error) {
      if (error instanceof NonFiniteError) yield { kind: 'checkpoint', best: false, ...trainer.progress };
      throw error;
    }
    const { step } = trainer.progress;
    const last = step === totalSteps;
    const due = (every: number): boolean => last || (every > 0 && step % every === 0);
    if (due(logEvery) || shouldLog?.() === true) {
      const seconds = (performance.now() - clock) / 1000;
      const itemsPerSecond = ((step - counted) * trainer.itemsPerStep) / seconds;
      yield { kind: 'step', metrics, itemsPerSecond, ...trainer.progress };
      counted = step;
      clock = performance.now();
    }
    const pause = performance.now();
    let improved = false;
    if (due(trainer.validateEvery)) {
      const losses = await trainer.validate();
      const loss = losses?.['loss'];
      if (losses !== undefined) yield { kind: 'validation', metrics: losses, ...trainer.progress };
      improved = evaluate === undefined && loss !== undefined && loss < best;
      if (improved) best = loss!;
    }
    if (evaluate !== undefined && due(evalEvery)) {
      const measured = await trainer.withAverages(evaluate);
      improved = measured.score < best;
      if (improved) best = measured.score;
      yield { kind: 'evaluation', best: improved, ...measured, ...trainer.progress };
    }
    if (due(sampleEvery) && canSample) {
      const samples = await trainer.withAverages(() =>
        drawSamples(trainer.instance, { count: sampleCount, seed: trainer.seed }),
      );
      yield { kind: 'samples', samples, ...trainer.progress };
    }
    const { text } = trainer.data;
    if (due(sampleEvery) && text !== undefined && trainer.instance.capabilities.language !== undefined) {
      const written = await trainer.withAverages(() =>
        writeText(trainer.instance, text.tokenizer, '', { maxNewTokens: sampleTokens, seed: trainer.seed }),
      );
      yield { kind: 'text', text: written, ...trainer.progress };
    }
    const stored = due(checkpointEvery) || improved;
    if (stored) yield { kind: 'checkpoint', best: improved, ...trainer.progress };
    if (!last) await between?.();
    if (!last && shouldStop()) {
      if (!stored) yield { kind: 'checkpoint', best: false, ...trainer.progress };
      yield { kind: 'stopped', ...trainer.progress };
      return;
    }
    clock += performance.now() - pause; // the pace is that of the steps alone
  }
  yield { kind: 'done', metrics, ...trainer.progress };
}
