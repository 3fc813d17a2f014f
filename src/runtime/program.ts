/**
 * Programs: functions on tensors, traced once per input signature, lowered to one ONNX graph, and run by a backend.
 * Arguments become graph inputs, variables become slices of their arenas, assignments become new arenas, and fed values
 * (noise, schedules) are filled before each run.
 */
import { dtypeOf } from '../core/dtype.js';
import { DTypeError, ShapeError } from '../core/errors.js';
import { formatGraph, formatType, verify } from '../core/graph.js';
import { type FeedAttrs, type FeedContext, input, traceCall } from '../core/leaves.js';
import type { TensorType } from '../core/op.js';
import { sizeOf } from '../core/shape.js';
import { standardTarget } from '../core/target.js';
import { type HostTensor, setEvaluator, type Tensor } from '../core/tensor.js';
import { leavesOf, mapTree, type Replace, type Tree } from '../core/tree.js';
import { workOf } from '../core/work.js';
import { type Backend, defaultBackend, type Session, type Value } from './backend.js';
import { FedValue } from './fed-value.js';
import { type Linked, link } from './link.js';
import { LazySession, releaseWith } from './sessions.js';
import { inTurn } from './turn.js';

export type TensorTree = Tree<Tensor> | undefined;
export type ToHost<T> = Replace<T, Tensor, HostTensor>;

export interface RunOptions extends Partial<FeedContext> {
  /** Looks at the results; where it answers false, the assignments of this run are dropped. */
  readonly accept?: (results: readonly HostTensor[]) => boolean;
}

export interface CompileOptions {
  readonly name?: string;
  readonly backend?: Backend;
}

export interface Program<A extends readonly unknown[], R> {
  /** Runs the function on host tensors. `options` say what noise and schedules are made for. */
  run(args: { [K in keyof A]: ToHost<A[K]> }, options?: RunOptions): Promise<ToHost<R>>;
  /** The traced graph for arguments of these types, as text. */
  text(args: { [K in keyof A]: Replace<A[K], Tensor, TensorType> }): string;
  /** Builds the session ahead of the first run. */
  prepare(args: { [K in keyof A]: Replace<A[K], Tensor, TensorType> }): Promise<void>;
}

/** Turns a function on tensors, or lists and records of them, into a program. Its result is of the same kind. */
export function compile<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  { name = fn.name || 'program', backend }: CompileOptions = {},
): Program<A, R> {
  const caches = new WeakMap<Backend, Map<string, Compiled>>();
  const compiledFor = (args: unknown): Compiled => {
    const types = args as Tree<TensorType>;
    const executor = backend ?? defaultBackend();
    const cache = caches.get(executor) ?? new Map<string, Compiled>();
    caches.set(executor, cache);
    const key = JSON.stringify(mapTree(types, (t) => formatType(t)));
    let compiled = cache.get(key);
    if (compiled === undefined) {
      compiled = new Compiled(name, fn as unknown as TracedFunction, types, executor);
      cache.set(key, compiled);
    }
    return compiled;
  };
  return {
    run: async (args, options = {}) => compiledFor(args).run(args as Tree<HostTensor>, options) as Promise<ToHost<R>>,
    text: (args) => compiledFor(args).text(),
    prepare: async (args) => compiledFor(args).prepare(),
  };
}

type TracedFunction = (...args: readonly TensorTree[]) => TensorTree;

/** A function traced for one input signature. */
class Compiled {
  private readonly name: string;
  private readonly backend: Backend;
  private readonly inputs: readonly Tensor[];
  private readonly result: TensorTree;
  private readonly graph: readonly Tensor[];
  private readonly session: LazySession;
  private readonly link: () => Promise<Linked>;
  private readonly feeds = new Map<FeedAttrs, FedValue>();
  private work: number | undefined;

  constructor(name: string, fn: TracedFunction, types: Tree<TensorType>, backend: Backend) {
    this.name = name;
    this.backend = backend;
    const inputs: Tensor[] = [];
    const args = mapTree(types, ({ shape, dtype }) => {
      const t = input(`in${inputs.length}`, { shape, dtype });
      inputs.push(t);
      return t;
    });
    this.inputs = inputs;
    const { result, assignments } = traceCall(() => fn(...(args as readonly TensorTree[])));
    this.result = result;
    const results = result === undefined ? [] : leavesOf<Tensor>(result);
    this.graph = [...results, ...assignments.values()];
    verify(this.graph);
    let linked: Promise<Linked> | undefined;
    this.link = () => {
      linked ??= Promise.resolve(backend.target?.() ?? standardTarget).then((target) =>
        link(name, inputs, results, assignments, target),
      );
      return linked;
    };
    this.session = new LazySession(backend);
    releaseWith(this, this.session);
  }

  text(): string {
    return formatGraph(this.graph);
  }

  async prepare(): Promise<void> {
    if (this.graph.length === 0) return;
    await this.use(await this.link(), async () => undefined);
  }

  release(): Promise<void> {
    return this.session.release();
  }

  private use<R>({ model, updates }: Linked, fn: (session: Session) => Promise<R>): Promise<R> {
    this.work ??= workOf(this.graph);
    return this.session.use(model, { resident: updates.map(({ name }) => name), work: this.work }, fn);
  }

  private fed(attrs: FeedAttrs): FedValue {
    const present = this.feeds.get(attrs) ?? new FedValue(attrs, this.backend.ahead);
    this.feeds.set(attrs, present);
    return present;
  }

  run(args: Tree<HostTensor>, { seed = 0, step = 0, firstRow = 0, accept }: RunOptions): Promise<unknown> {
    // ONNX Runtime does not take a graph of nothing.
    if (this.graph.length === 0) return Promise.resolve(this.result);
    return inTurn(async () => {
      const linked = await this.link();
      return this.use(linked, async (session) => {
        const { backend } = this;
        const feeds: Record<string, Value> = {};
        leavesOf(args).forEach((host, i) => {
          const t = this.inputs[i]!;
          if (host.data.length !== sizeOf(host.shape)) {
            throw new ShapeError({
              operation: `${this.name}, argument ${i}`,
              expected: `${sizeOf(host.shape)} values for ${formatType(t)}`,
              got: `${host.data.length}`,
            });
          }
          if (dtypeOf(host.data) !== host.dtype) {
            throw new DTypeError({
              operation: `${this.name}, argument ${i}`,
              expected: `an array of ${host.dtype}`,
              got: dtypeOf(host.data),
            });
          }
          if (linked.inputs[i] !== undefined) feeds[linked.inputs[i]] = backend.fromHost(host);
        });
        for (const { name, attrs } of linked.feeds) {
          feeds[name] = backend.fromHost({ ...attrs.type, data: this.fed(attrs).at({ seed, step, firstRow }) });
        }
        for (const { name, arena } of linked.arenas) feeds[name] = arena.current;

        const fetches: Record<string, Value> = {};
        const values = linked.results.map(({ name, type }) => {
          fetches[name] ??= backend.empty(type);
          return fetches[name];
        });
        for (const { name, arena } of linked.updates) fetches[name] = arena.spare;
        await session.run(feeds, fetches);

        const hosts: HostTensor[] = [];
        for (const value of values) {
          hosts.push({ shape: value.shape, dtype: value.dtype, data: await backend.toHost(value) });
        }
        if (accept === undefined || accept(hosts)) for (const { arena } of linked.updates) arena.swap();
        let i = 0;
        return this.result === undefined ? undefined : mapTree(this.result, () => hosts[i++]!);
      });
    });
  }
}

setEvaluator(async (tensors) => {
  const program = new Compiled('evaluate', () => tensors, [], defaultBackend());
  try {
    return (await program.run([], {})) as HostTensor[];
  } finally {
    await program.release();
  }
});
