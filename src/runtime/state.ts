/**
 * State: variables live in flat arenas, so that an optimizer updates a whole network with a handful of nodes. An arena is
 * double-buffered: a run reads the current buffer and writes the spare one, and they change places when the run is
 * accepted. A rejected run (a NaN loss) therefore leaves the state as it was.
 */
import { allocate, bytesPerElement, type DType, dtypeOf, type TypedArray } from '../core/dtype.js';
import { DTypeError, FormatError, ShapeError, UsageError } from '../core/errors.js';
import { Variable } from '../core/leaves.js';
import { formatShape, type Shape, sizeOf } from '../core/shape.js';
import type { Backend, Value } from './backend.js';
import { defaultBackend } from './backend.js';
import { inTurn } from './turn.js';

/** Largest arena: 64 MiB. A larger variable has an arena of its own. */
const maxArenaBytes = 64 * 2 ** 20;

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
      if (dtypeOf(initial) !== this.dtype) {
        throw new DTypeError({
          operation: `initial value of ${variable.name}`,
          expected: this.dtype,
          got: dtypeOf(initial),
        });
      }
      (data as Float32Array).set(initial as Float32Array, offsets[i]);
    });
    this.value = backend.fromHost({ shape: [length], dtype: this.dtype, data });
    const initial = (): TypedArray => allocate(this.dtype, length);
    this.whole = new Variable([length], { dtype: this.dtype, trainable: false, initial });
    slots.set(this.whole, { arena: this, offset: 0 });
    // Last, so that a variable whose first value cannot be made is not placed.
    variables.forEach((variable, i) => {
      slots.set(variable, { arena: this, offset: offsets[i]! });
    });
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

  /** Exchanges the contents of two arenas of one layout, without copying: for a look through averaged weights. */
  exchange(other: Arena): void {
    [this.value, other.value] = [other.value, this.value];
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
  let bytes = 0;
  const close = (): void => {
    if (bucket.length > 0) arenas.push(new Arena(bucket, backend));
    bucket = [];
    bytes = 0;
  };
  for (const variable of new Set(variables)) {
    if (slots.has(variable)) continue;
    const first = bucket[0];
    const more = variable.size * bytesPerElement[variable.dtype];
    if (first !== undefined && (first.dtype !== variable.dtype || bytes + more > maxArenaBytes)) close();
    bucket.push(variable);
    bytes += more;
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

/** A named part of a variable, such as one parameter's share of the moments that an optimizer keeps for an arena. */
export interface StateView {
  readonly name: string;
  readonly shape: Shape;
  readonly variable: Variable;
  /** First element within the variable. */
  readonly start: number;
}

/** A variable under its own name. */
export function viewOf(variable: Variable, name = variable.name): StateView {
  return { name, shape: variable.shape, variable, start: 0 };
}

/** The parts of a variable that mirrors an arena, named after the arena's variables: `exp_avg.encoder.0.weight`. */
export function mirrorViews(mirror: Variable, arena: Arena, prefix: string): StateView[] {
  return arena.variables.map((variable, i) => ({
    name: `${prefix}.${variable.name}`,
    shape: variable.shape,
    variable: mirror,
    start: arena.offsets[i]!,
  }));
}

function checkNames(operation: string, views: readonly StateView[]): void {
  const names = new Set<string>();
  for (const { name } of views) {
    if (names.has(name)) {
      const remedy = 'Give each variable a name of its own.';
      throw new UsageError({ operation, expected: 'distinct names', got: `'${name}' twice`, remedy });
    }
    names.add(name);
  }
}

/**
 * Values by name, copied to the host, all as they are after the runs asked for so far.
 * @throws UsageError where two have one name
 */
export async function readState(views: readonly StateView[]): Promise<Map<string, NamedArray>> {
  checkNames('read parameters', views);
  return inTurn(async () => {
    const read = new Map<Arena, TypedArray>();
    const out = new Map<string, NamedArray>();
    for (const { name, shape, variable, start } of views) {
      const { arena, offset } = slotOf(variable);
      const data = read.get(arena) ?? (await arena.read());
      read.set(arena, data);
      out.set(name, { shape, data: data.slice(offset + start, offset + start + sizeOf(shape)) as TypedArray });
    }
    return out;
  });
}

/**
 * Sets values by name. All names and shapes are checked before anything is written.
 * @throws FormatError naming what is missing, left over or of another shape
 * @throws UsageError where two have one name
 */
export async function writeState(views: readonly StateView[], values: ReadonlyMap<string, NamedArray>): Promise<void> {
  checkNames('load parameters', views);
  const names = new Set(views.map((v) => v.name));
  const missing = views.filter((v) => !values.has(v.name)).map((v) => v.name);
  const extra = [...values.keys()].filter((name) => !names.has(name));
  const remedy = 'Check that the file belongs to this model and these settings.';
  if (missing.length > 0 || extra.length > 0) {
    const part = (label: string, items: string[]): string[] =>
      items.length === 0 ? [] : [`${label} ${items.slice(0, 5).join(', ')}${items.length > 5 ? ', …' : ''}`];
    const got = [...part('none for', missing), ...part('unknown', extra)].join('; ');
    throw new FormatError({
      operation: 'load parameters',
      expected: `the ${views.length} tensors of this model`,
      got,
      remedy,
    });
  }
  for (const { name, shape, variable } of views) {
    const value = values.get(name)!;
    const expected = `${variable.dtype}${formatShape(shape)}`;
    const got = `${dtypeOf(value.data)}${formatShape(value.shape)}`;
    if (got !== expected) throw new FormatError({ operation: `load ${name}`, expected, got, remedy });
    const [size, found] = [sizeOf(shape), value.data.length];
    if (found !== size) {
      throw new FormatError({ operation: `load ${name}`, expected: `${size} values`, got: `${found}`, remedy });
    }
  }
  return inTurn(async () => {
    const changed = new Map<Arena, Float32Array>();
    for (const { name, variable, start } of views) {
      const { arena, offset } = slotOf(variable);
      const data = changed.get(arena) ?? ((await arena.read()).slice() as Float32Array);
      changed.set(arena, data);
      data.set(values.get(name)!.data as Float32Array, offset + start);
    }
    for (const [arena, data] of changed) arena.write(data);
  });
}

/** Values of variables by name, copied to the host. */
export function readVariables(variables: Iterable<Variable>): Promise<Map<string, NamedArray>> {
  return readState([...variables].map((v) => viewOf(v)));
}

/** Sets variables from values by name; see `writeState`. */
export function writeVariables(variables: Iterable<Variable>, values: ReadonlyMap<string, NamedArray>): Promise<void> {
  return writeState(
    [...variables].map((v) => viewOf(v)),
    values,
  );
}
