/** What the server and the process of a run say to each other. */
import type { ExportKind, HostError, StartRequest } from '../../train/host.js';

/** Where data sets lie and what to compute on. */
export interface Surroundings {
  readonly dataDir?: string | undefined;
  readonly device?: string | undefined;
  readonly threads?: number | undefined;
}

/** What a process can be asked; queries and answers of `explore` are JSON with tensors as in `train/json.ts`. */
export interface Calls {
  /** Begins a run. */
  begin: { readonly args: { readonly request: StartRequest }; readonly result: undefined };
  /** Opens a run to train it; `fresh`: from step 0. It is paused. */
  open: { readonly args: { readonly fresh: boolean }; readonly result: undefined };
  /** Opens a run to look at it. */
  read: { readonly args: object; readonly result: undefined };
  resume: { readonly args: object; readonly result: undefined };
  pause: { readonly args: object; readonly result: undefined };
  step: { readonly args: { readonly n: number }; readonly result: undefined };
  stop: { readonly args: object; readonly result: undefined };
  explore: { readonly args: { readonly query: unknown }; readonly result: string };
  /** Stores the model as it stands. */
  store: { readonly args: object; readonly result: undefined };
  /** `ending`: the file's name without the run's. */
  export: {
    readonly args: { readonly kind: ExportKind };
    readonly result: { readonly ending: string; readonly bytes: Uint8Array };
  };
}

export type CallName = keyof Calls;

/** From the server. */
export type Request = {
  [N in CallName]: { readonly id: number; readonly name: N; readonly args: Calls[N]['args'] };
}[CallName];

/** To the server. */
export type Message =
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: HostError }
  /** The log has grown; `memory` in bytes. */
  | { readonly kind: 'grown'; readonly memory: number };
