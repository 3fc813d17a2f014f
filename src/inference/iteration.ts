/**
 * Running work in many steps. The state stays in variables, on the device: a step reads and writes it there, and only
 * the step's scalars travel.
 */
import type { GivenIteration, Iteration, IterationState, ModelInstance, SampleContext } from '../contract/index.js';
import { parseSettings } from '../contract/index.js';
import { allocate } from '../core/dtype.js';
import { UsageError } from '../core/errors.js';
import { Variable } from '../core/leaves.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import { Rng } from '../random/rng.js';
import { compile, type RunOptions } from '../runtime/program.js';
import { allot } from '../runtime/state.js';
import { batchSize, rowsOf } from './rows.js';

/** What a program of an iteration is given: [batchSize, ...] each. */
export interface IterationInputs {
  readonly labels?: HostTensor | undefined;
  readonly given?: Readonly<Record<string, HostTensor>> | undefined;
}

/** The same, inside a traced function. */
interface TracedInputs {
  readonly labels?: Tensor | undefined;
  readonly given?: IterationState | undefined;
}

/** Told after each step: the fraction done, and how to look at the state. */
export type OnStep = (fraction: number, look: () => Promise<Record<string, HostTensor>>) => void | Promise<void>;

/** An iteration, compiled for batches of the fixed size. */
export class IterationProgram {
  private readonly iteration: Iteration;
  private readonly rng: Rng;
  private readonly state = new Map<string, Variable>();
  /** Runs wait for each other, since they share the state. */
  private last: Promise<unknown> = Promise.resolve();

  /** @param name of its stream of noise */
  constructor(iteration: Iteration, name: string) {
    this.iteration = iteration;
    this.rng = new Rng({ stream: name });
  }

  /** All steps of one batch; what `finish` gives. */
  run(inputs: IterationInputs, options: RunOptions, onStep: OnStep = () => undefined): Promise<HostTensor> {
    const result = this.last.then(async () => {
      const { steps, scalars } = this.iteration;
      await this.starting.run([inputs], options);
      for (let i = 0; i < steps; i++) {
        const values = Object.entries(scalars(i)).map(([name, value]) => [name, hostScalar(value)] as const);
        await this.stepping.run([Object.fromEntries(values), inputs], { ...options, step: i + 1 });
        await onStep((i + 1) / steps, () => this.viewing.run([], options));
      }
      return this.finishing.run([inputs], options);
    });
    this.last = result.catch(() => undefined);
    return result;
  }

  private readonly starting = compile(
    (inputs: TracedInputs) => this.keep(this.iteration.start(this.contextOf('start', inputs))),
    { name: 'start' },
  );

  private readonly stepping = compile(
    (values: IterationState, inputs: TracedInputs) =>
      this.keep(this.iteration.step(this.present(), values, this.contextOf('step', inputs))),
    { name: 'step' },
  );

  private readonly viewing = compile(() => ({ ...this.iteration.views?.(this.present()) }), { name: 'views' });

  private readonly finishing = compile(
    (inputs: TracedInputs) => this.iteration.finish(this.present(), { given: inputs.given }),
    { name: 'finish' },
  );

  private contextOf(stream: string, inputs: TracedInputs): SampleContext {
    return { count: batchSize, rng: this.rng.fork(stream), ...inputs };
  }

  private present(): IterationState {
    return Object.fromEntries(this.state);
  }

  private keep(values: IterationState): undefined {
    for (const [name, value] of Object.entries(values)) {
      if (!this.state.has(name)) {
        const { shape, dtype } = value;
        const initial = () => allocate(dtype, sizeOf(shape));
        const variable = new Variable(shape, { dtype, initial, trainable: false, name: `state.${name}` });
        allot([variable]);
        this.state.set(name, variable);
      }
      this.state.get(name)!.assign(value);
    }
  }
}

function hostScalar(value: number): HostTensor {
  return { shape: [], dtype: 'float32', data: Float32Array.of(value) };
}

/** What a model can do in many steps on something given. */
export type GivenName = 'iteratedEncode' | 'iteratedDecode' | 'imageToImage' | 'inpaint';

export interface IterateOptions {
  readonly seed: number;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly onProgress?: (fraction: number) => void;
  /** Told after each step of each batch. */
  readonly onStep?: OnStep;
}

const programs = new WeakMap<GivenIteration, Map<string, IterationProgram>>();

/**
 * Work in many steps on n items given by name, [n, ...] each. Item i does not depend on the others.
 * @throws UsageError where the model cannot do that, or has no such setting
 */
export async function iterateItems(
  { capabilities }: ModelInstance,
  name: GivenName,
  { given = {}, labels }: IterationInputs,
  { seed, settings: asked = {}, onProgress = () => undefined, onStep = () => undefined }: IterateOptions,
): Promise<HostTensor> {
  const task = capabilities[name];
  if (task === undefined) {
    throw new UsageError({
      operation: name,
      expected: 'a model that can do that',
      got: 'one that cannot',
      remedy: "'genera list models' shows what each model can do.",
    });
  }
  const settings = parseSettings(name, task.settings, asked);
  const known = programs.get(task) ?? new Map<string, IterationProgram>();
  programs.set(task, known);
  const key = JSON.stringify(settings);
  const program = known.get(key) ?? new IterationProgram(task.iterate(settings), name);
  known.set(key, program);

  const count = Object.values(given)[0]?.shape[0] ?? 0;
  let shape: readonly number[] = [];
  let out = new Float32Array(0);
  for (let first = 0; first < count; first += batchSize) {
    const used = Math.min(batchSize, count - first);
    const part = (from: HostTensor): HostTensor => rowsOf(from, first, used);
    const inputs = {
      given: Object.fromEntries(Object.entries(given).map(([key_, value]) => [key_, part(value)])),
      ...(labels === undefined ? {} : { labels: part(labels) }),
    };
    const result = await program.run(inputs, { seed, firstRow: first }, (fraction, look) => {
      onProgress((first + fraction * used) / count);
      return onStep(fraction, look);
    });
    shape = result.shape.slice(1);
    if (first === 0) out = new Float32Array(count * sizeOf(shape));
    out.set((result.data as Float32Array).subarray(0, used * sizeOf(shape)), first * sizeOf(shape));
  }
  return { shape: [count, ...shape], dtype: 'float32', data: out };
}
