/**
 * A host of training: where models are trained for somebody who watches from elsewhere. A worker in the browser and a
 * server are hosts; the Studio talks to nothing else.
 */
import * as errors from '../core/errors.js';
import { type ErrorParts, GeneraError } from '../core/errors.js';
import type { AnswerOf, QueryKind, QueryOf } from '../inference/explore-queries.js';
import type { TrainEvent } from './loop.js';

export type RunState = 'preparing' | 'running' | 'paused' | 'done' | 'stopped' | 'failed';

/** An error as it travels. `name` is that of its class: 'NonFiniteError', 'UsageError', … */
export interface HostError extends ErrorParts {
  readonly name: string;
  readonly message: string;
}

/** What happens in a run. `seconds` are those of training since it began. */
export type HostEventBody = (
  | TrainEvent
  /**
   * `step`: where it stands. Where events before told of later steps, these are undone: it went on from a checkpoint, or
   * was reset. `note`: what a user should know.
   */
  | {
      readonly kind: 'status';
      readonly state: RunState;
      readonly step?: number;
      readonly error?: HostError;
      readonly note?: string;
    }
  /** Bytes of the runtime or of a data set; `total` is 0 where it is not known. */
  | { readonly kind: 'download'; readonly loaded: number; readonly total: number }
) & { readonly seconds: number };

export interface HostEvent {
  readonly run: string;
  /** From 1, without gaps, in each run. */
  readonly number: number;
  readonly event: HostEventBody;
}

export interface RunInfo {
  readonly id: string;
  /** Id of the model. */
  readonly model: string;
  /** Id of the data set. */
  readonly data: string;
  readonly seed: number;
  /** All settings, resolved. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly step: number;
  /** 0 until it is prepared. */
  readonly totalSteps: number;
  readonly state: RunState;
  /** ISO 8601. */
  readonly created: string;
  /** Why it failed, or why it cannot be opened. */
  readonly error?: HostError;
}

export interface HostInfo {
  readonly kind: 'browser' | 'server';
  /** 'wasm', 'webgpu', 'cpu', … */
  readonly backend: string;
  readonly description: string;
  /** Bytes in use, where it can be known. */
  readonly memory?: number;
}

export interface StartRequest {
  readonly model: string;
  /** Default: the model's. */
  readonly data?: string;
  /** What differs from the defaults. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly preset?: string;
  readonly seed: number;
  /** Prepared but not begun; default false. */
  readonly paused?: boolean;
}

export type ExportKind = 'onnx' | 'safetensors' | 'zip';

export interface ExportedBytes {
  /** File name. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Errors are `GeneraError`s of the class they had where they happened. */
export interface TrainingHost {
  info(): Promise<HostInfo>;
  start(request: StartRequest): Promise<RunInfo>;
  /** Goes on where it was paused, or from its last checkpoint. */
  resume(run: string): Promise<RunInfo>;
  pause(run: string): Promise<RunInfo>;
  /** Takes n steps of a paused run. */
  step(run: string, n: number): Promise<RunInfo>;
  /** Stores its state and gives its memory back. */
  stop(run: string): Promise<RunInfo>;
  /** Back to step 0, paused. */
  reset(run: string): Promise<RunInfo>;
  remove(run: string): Promise<void>;
  runs(): Promise<RunInfo[]>;
  /** Events from number `from` on, past ones first. @returns ends the watch */
  watch(run: string, from: number, listener: (event: HostEvent) => void): () => void;
  /** Asks the model as it stands; while it trains, between two steps. */
  explore<K extends QueryKind>(run: string, query: QueryOf<K>): Promise<AnswerOf<K>>;
  export(run: string, kind: ExportKind): Promise<ExportedBytes>;
}

/** An error in the form that travels. */
export function hostError(error: unknown): HostError {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  const parts = error instanceof GeneraError ? error.parts : undefined;
  return { operation: '', expected: '', got: message, ...parts, name, message };
}

/** The error that travelled, of the class that it had. */
export function errorOf({ name, message, ...parts }: HostError): Error {
  const known = (errors as unknown as Record<string, typeof GeneraError | undefined>)[name];
  if (known === undefined) return Object.assign(new Error(message), { name });
  return new known(parts.operation === '' ? message : parts);
}
