/**
 * State: variables live in flat arenas, so that an optimizer updates a whole network with a handful of nodes. An arena is
 * double-buffered: a run reads the current buffer and writes the spare one, and they change places when the run is
 * accepted. A rejected run (a NaN loss) therefore leaves the state as it was.
 */
import { allocate, type DType, type TypedArray } from '../core/dtype.js';
import { FormatError, ShapeError } from '../core/errors.js';
import { Variable } from '../core/leaves.js';
import { formatShape, type Shape, sizeOf } from '../core/shape.js';
import type { Backend, Value } from './backend.js';
import { defaultBackend } from './backend.js';

/** Largest arena, in elements: 64 MiB of float32. */
const maxArenaElements = 16 * 1024 * 1024;

export interface Slot {
  readonly arena: Arena;
  readonly offset: number;
}

const slots = new WeakMap<Variable, Slot>();

export class Arena {
  readonly dtype: DType;
  readonly length: number;
  readonly variables: readonly Variable[];
  readonly offsets: readonly number[];
  /** The whole arena as one variable of shape [length]; assigning to it assigns to all of its variables. */
  readonly whole: Variable;
  readonly backend: Backend;
  private value: Value;
  private spareValue: Value | undefined;

  constructor(variables: readonly Variable[], backend: Backend) {
    this.variables = variables;
    this.backend = backend;
    this.dtype = variables[0]?.dtype ?? 'float32';
    const offsets: number[] = [];
    let length = 0;
    for (const variable of variables) {
      offsets.push(length);
      length += variable.size;
    }
    this.offsets = offsets;
    this.length = length;
    const data = allocate(this.dtype, length);
    variables.forEach((variable, i) => {
      const initial = variable.initial();
      if (initial.length !== variable.size) {
        throw new ShapeError({
          operation: `initial value of ${variable.name}`,
          expected: `${variable.size} values`,
          got: `${initial.length}`,
        });
      }
      (data as Float32Array).set(initial as Float32Array, offsets[i]);
      slots.set(variable, { arena: this, offset: offsets[i]! });
    });
    this.value = backend.fromHost({ shape: [length], dtype: this.dtype, data });
    this.whole = new Variable([length], { dtype: this.dtype, trainable: false, initial: () => data });
    slots.set(this.whole, { arena: this, offset: 0 });
  }

  /** The buffer that holds the state. */
  get current(): Value {
    return this.value;
  }

  /** The buffer that the next run may write to. */
  get spare(): Value {
    this.spareValue ??= this.backend.empty({ shape: [this.length], dtype: this.dtype });
    return this.spareValue;
  }

  /** Makes what was written to the spare buffer the state. */
  swap(): void {
    [this.value, this.spareValue] = [this.spare, this.value];
  }

  async read(): Promise<TypedArray> {
    return this.backend.toHost(this.value);
  }

  write(data: TypedArray): void {
    this.value = this.backend.fromHost({ shape: [this.length], dtype: this.dtype, data });
  }
}

/**
 * Places variables in arenas, in order, a new one where the dtype changes or one is full. Variables that are placed
 * already stay where they are. Call it before the first program that uses them to say which ones belong together.
 */
export function allot(variables: readonly Variable[], backend: Backend = defaultBackend()): Arena[] {
  const arenas: Arena[] = [];
  let bucket: Variable[] = [];
  let elements = 0;
  const close = (): void => {
    if (bucket.length > 0) arenas.push(new Arena(bucket, backend));
    bucket = [];
    elements = 0;
  };
  for (const variable of new Set(variables)) {
    if (slots.has(variable)) continue;
    const first = bucket[0];
    if (first !== undefined && (first.dtype !== variable.dtype || elements + variable.size > maxArenaElements)) close();
    bucket.push(variable);
    elements += variable.size;
  }
  close();
  return arenas;
}

/** Where a variable lives; it is given an arena of its own if it has none. */
export function slotOf(variable: Variable): Slot {
  if (!slots.has(variable)) allot([variable]);
  return slots.get(variable)!;
}

/** The arenas that hold the given variables, each once, in order. */
export function arenasOf(variables: readonly Variable[]): Arena[] {
  return [...new Set(variables.map((v) => slotOf(v).arena))];
}

export interface NamedArray {
  readonly shape: Shape;
  readonly data: TypedArray;
}

/** Values of variables by name, copied to the host. */
export async function readVariables(variables: Iterable<Variable>): Promise<Map<string, NamedArray>> {
  const read = new Map<Arena, TypedArray>();
  const out = new Map<string, NamedArray>();
  for (const variable of variables) {
    const { arena, offset } = slotOf(variable);
    const data = read.get(arena) ?? (await arena.read());
    read.set(arena, data);
    out.set(variable.name, { shape: variable.shape, data: data.slice(offset, offset + variable.size) as TypedArray });
  }
  return out;
}

/**
 * Sets variables from values by name. All names and shapes are checked before anything is written.
 * @throws FormatError naming what is missing, left over or of another shape
 */
export async function writeVariables(variables: Iterable<Variable>, values: ReadonlyMap<string, NamedArray>): Promise<void> {
  const list = [...variables];
  const names = new Set(list.map((v) => v.name));
  const missing = list.filter((v) => !values.has(v.name)).map((v) => v.name);
  const extra = [...values.keys()].filter((name) => !names.has(name));
  if (missing.length > 0 || extra.length > 0) {
    const part = (label: string, items: string[]): string[] =>
      items.length === 0 ? [] : [`${label} ${items.slice(0, 5).join(', ')}${items.length > 5 ? ', …' : ''}`];
    throw new FormatError({
      operation: 'load parameters',
      expected: `the ${list.length} tensors of this model`,
      got: [...part('none for', missing), ...part('unknown', extra)].join('; '),
      remedy: 'Check that the file belongs to this model and these settings.',
    });
  }
  for (const variable of list) {
    const { shape, data } = values.get(variable.name)!;
    if (formatShape(shape) !== formatShape(variable.shape) || data.length !== sizeOf(shape)) {
      throw new FormatError({
        operation: `load ${variable.name}`,
        expected: formatShape(variable.shape),
        got: formatShape(shape),
        remedy: 'Check that the file belongs to this model and these settings.',
      });
    }
  }
  for (const arena of arenasOf(list)) {
    const data = (await arena.read()).slice() as Float32Array;
    for (const variable of list) {
      const slot = slotOf(variable);
      if (slot.arena === arena) data.set(values.get(variable.name)!.data as Float32Array, slot.offset);
    }
    arena.write(data);
  }
}
