/**
 * A run as it is watched: its events gathered into series and frames, and signals that say when to draw. Numbers are
 * shown at most ten times a second, pictures twice, and nothing while the tab is hidden; training goes on regardless.
 */
import { computed, signal } from '@preact/signals';
import type { HostTensor } from 'genera';
import type { HostError, HostEvent, RunInfo, RunState, TrainingHost } from '../../../src/train/host.js';
import { Frames } from './frames.js';
import { Series } from './series.js';
import { throttled } from './throttle.js';

/** Milliseconds between two drawings. */
const intervals = { numbers: 100, pictures: 500 };
/** Seconds of training for which a note is news. */
const noteLasts = 60;

export class RunView {
  readonly host: TrainingHost;
  readonly info: RunInfo;
  readonly series = new Map<string, Series>();
  readonly samples = new Frames<HostTensor>();
  readonly texts = new Frames<string>();

  readonly state = signal<RunState>('preparing');
  readonly error = signal<HostError | undefined>(undefined);
  readonly note = signal<string | undefined>(undefined);
  readonly download = signal<{ loaded: number; total: number } | undefined>(undefined);
  /** The last step that is shown. */
  readonly step = signal(0);
  readonly totalSteps = signal(0);
  readonly stepsPerSecond = signal<number | undefined>(undefined);
  readonly seconds = signal(0);
  /** Where on the timeline the page is; undefined: at the last step, and moving with it. */
  readonly position = signal<number | undefined>(undefined);
  /** Grow when there are new numbers, and new pictures. */
  readonly numbers = signal(0);
  readonly pictures = signal(0);
  /** The step that the panels show. */
  readonly shown = computed(() => this.position.value ?? this.step.value);

  #lastStep = 0;
  #lastSeconds = 0;
  #notedAt = 0;
  #pace: { step: number; seconds: number } = { step: 0, seconds: 0 };
  readonly #drawNumbers = throttled(intervals.numbers, () => {
    this.step.value = this.#lastStep;
    this.seconds.value = this.#lastSeconds;
    this.numbers.value++;
  });
  readonly #drawPictures = throttled(intervals.pictures, () => {
    this.pictures.value++;
  });
  #unwatch: () => void = () => undefined;

  constructor(host: TrainingHost, info: RunInfo) {
    this.host = host;
    this.info = info;
    this.#lastStep = info.step;
    this.step.value = info.step;
    this.totalSteps.value = info.totalSteps;
    this.state.value = info.state;
    this.error.value = info.error;
  }

  watch(): void {
    this.#unwatch();
    this.#unwatch = this.host.watch(this.info.id, 1, (event) => this.take(event));
  }

  close(): void {
    this.#unwatch();
    this.#drawNumbers.cancel();
    this.#drawPictures.cancel();
  }

  /** Forgets what came after a step: the run has gone back. */
  rewind(step: number): void {
    for (const series of this.series.values()) series.forgetFrom(step + 1);
    this.samples.forgetFrom(step + 1);
    this.texts.forgetFrom(step + 1);
    this.position.value = undefined;
    this.#lastStep = step;
    this.#drawNumbers();
    this.#drawPictures();
  }

  take({ event }: HostEvent): void {
    this.#lastSeconds = event.seconds;
    if (event.seconds > this.#notedAt + noteLasts) this.note.value = undefined;
    if (event.kind === 'status') {
      if (event.step !== undefined && event.step < this.#lastStep) this.rewind(event.step);
      this.state.value = event.state;
      this.error.value = event.error;
      this.#note(event.note, event);
      if (event.state !== 'preparing') this.download.value = undefined;
      if (event.state !== 'running') this.stepsPerSecond.value = undefined;
      // Where it stands belongs to the state: both are told at once.
      this.step.value = this.#lastStep;
      this.#drawNumbers();
      return;
    }
    if (event.kind === 'download') {
      this.download.value = { loaded: event.loaded, total: event.total };
      return;
    }
    this.totalSteps.value = event.totalSteps;
    if (event.step < this.#lastStep && event.kind === 'step') this.rewind(event.step - 1);
    this.#lastStep = event.step;
    if (event.kind === 'step') {
      this.#log('', event.step, event.metrics);
      this.#keepPace(event.step, event.seconds);
    } else if (event.kind === 'validation') this.#log('validation:', event.step, event.metrics);
    else if (event.kind === 'evaluation') this.#log('evaluation:', event.step, event.metrics);
    else if (event.kind === 'samples') this.samples.add(event.step, event.samples);
    else if (event.kind === 'text') this.texts.add(event.step, event.text);
    if (event.kind === 'samples' || event.kind === 'text') this.#drawPictures();
    this.#drawNumbers();
  }

  /** A note stays while it is news: what it tells of is followed by other states within moments. */
  #note(note: string | undefined, { state, seconds }: { state: RunState; seconds: number }): void {
    if (note !== undefined || state === 'preparing') this.note.value = note;
    if (note !== undefined) this.#notedAt = seconds;
  }

  /** A metric as the panels show it now. */
  valueOf(name: string): number | undefined {
    return this.series.get(name)?.at(this.position.value);
  }

  #log(prefix: string, step: number, metrics: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(metrics)) {
      const key = prefix + name;
      const series = this.series.get(key) ?? new Series();
      this.series.set(key, series);
      series.add(step, value);
    }
  }

  #keepPace(step: number, seconds: number): void {
    const { step: from, seconds: since } = this.#pace;
    if (step < from) this.#pace = { step, seconds };
    if (seconds - since < 0.5) return;
    this.stepsPerSecond.value = (step - from) / (seconds - since);
    this.#pace = { step, seconds };
  }
}
