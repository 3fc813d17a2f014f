/** What the page and the worker of a run say to each other. */
import type { AnswerOf, QueryKind, QueryOf } from '../inference/explore-queries.js';
import type { ExportedBytes, ExportKind, HostError, HostEvent, RunInfo, StartRequest } from '../train/host.js';
import type { WebDataOptions } from './data.js';
import type { DeviceOptions } from './devices.js';

/** How runs are trained here. */
export interface RunOptions
  extends Pick<DeviceOptions, 'threads' | 'files' | 'allowSoftware'>,
    Pick<WebDataOptions, 'dataFiles'> {
  /** 'auto' (default), 'wasm' or 'webgpu'. */
  readonly device?: string | undefined;
}

export interface OpenRequest {
  /** A new run, or the name of one that is stored. */
  readonly run: StartRequest | string;
  readonly options: RunOptions;
  /** What a user should know of why it is opened. */
  readonly note?: string | undefined;
}

/** What a worker does when it is asked. */
export interface RunMethods {
  /** First of all, once. A new run is answered as soon as it has a name; it is then made ready. */
  open(request: OpenRequest): Promise<RunInfo>;
  /** Waits until it is ready. */
  ready(): Promise<{ readonly info: RunInfo; readonly backend: string; readonly description: string }>;
  play(): Promise<RunInfo>;
  pause(): Promise<RunInfo>;
  step(n: number): Promise<RunInfo>;
  reset(): Promise<RunInfo>;
  stop(): Promise<RunInfo>;
  explore<K extends QueryKind>(query: QueryOf<K>): Promise<AnswerOf<K>>;
  export(kind: ExportKind): Promise<ExportedBytes>;
}

export interface Call {
  readonly id: number;
  readonly method: keyof RunMethods;
  readonly args: readonly unknown[];
}

export type Told =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: HostError }
  | { readonly kind: 'event'; readonly event: HostEvent; readonly info: RunInfo }
  /** The GPU is gone; nothing more will come. */
  | { readonly kind: 'lost'; readonly reason: string };
