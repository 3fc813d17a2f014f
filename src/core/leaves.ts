/**
 * Leaves of a graph: constants, inputs, fed values and variables. They have no inputs and no lowering of their own;
 * the program that is being lowered says what each one becomes. Tracing, which collects what is assigned to variables,
 * is here too.
 */
import { type DType, dtypeOf, fromNumbers, type TypedArray } from './dtype.js';
import { DTypeError, GraphError, ShapeError } from './errors.js';
import type { TensorType } from './op.js';
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from './shape.js';
import { apply, GraphNode, type HostTensor, type Op, Tensor } from './tensor.js';

function leaf<A extends { readonly type: TensorType }>(name: string): Op<A> {
  return {
    name,
    infer: (_, { type }) => [type],
    lower: () => {
      throw new GraphError({ operation: name, expected: 'a program that resolves its leaves', got: 'none' });
    },
  };
}

export interface ConstantAttrs {
  readonly type: TensorType;
  readonly data: TypedArray;
}
/** A value that is part of the graph. */
export const constantOp = leaf<ConstantAttrs>('constant');

export interface InputAttrs {
  readonly type: TensorType;
  readonly name: string;
}
/** An argument of the traced function. */
export const inputOp = leaf<InputAttrs>('input');

/** When and for whom a fed value is made. */
export interface FeedContext {
  readonly seed: number;
  /** Training step, from 1. 0 outside training. */
  readonly step: number;
  /** Index, in the whole data or sample sequence, of the item in row 0. */
  readonly firstRow: number;
}
/** Noise as plain data, so that another thread can make it too; `src/random/draw.ts` fills arrays with it. */
export interface Draw {
  readonly kind: 'normal' | 'uniform' | 'exponential' | 'integers';
  /** Where in the program: uint32. */
  readonly site: number;
  /** A seed of its own in the place of the run's. */
  readonly seed?: number | undefined;
  /** Elements of one item; undefined: all items share one draw. */
  readonly itemSize?: number | undefined;
  /** normal: mean and deviation; uniform: low end and width; integers: 0 and their number. */
  readonly offset: number;
  readonly scale: number;
}
export interface FeedAttrs {
  readonly type: TensorType;
  readonly label: string;
  /** Writes the values of this run: noise, or a schedule's number at this step. Must depend on `ctx` alone. */
  readonly fill: (out: TypedArray, ctx: FeedContext) => void;
  /** The same as plain data, where it is noise. */
  readonly draw?: Draw;
}
/** A value that the runtime makes anew for each run: noise, a learning rate. */
export const feedOp = leaf<FeedAttrs>('feed');

export interface VariableAttrs {
  readonly type: TensorType;
  readonly variable: Variable;
}
/** The value of a variable when the program starts. */
export const variableOp = leaf<VariableAttrs>('variable');

export interface VariableOptions {
  readonly dtype?: DType;
  /** Whether an optimizer may move it; false for running statistics and moments. */
  readonly trainable?: boolean;
  /** Makes the first value. Called once, when the variable is allotted. */
  readonly initial: () => TypedArray;
  readonly name?: string;
}

/** A named value that lives from run to run. As a tensor it stands for its value at the start of the program. */
export class Variable extends Tensor {
  /** Path in its module (`encoder.0.weight`), set when the module is walked. */
  name: string;
  readonly trainable: boolean;
  readonly initial: () => TypedArray;

  constructor(shape: Shape, { dtype = 'float32', trainable = true, initial, name = '' }: VariableOptions) {
    checkShape('Variable', shape);
    const attrs = { type: { shape, dtype } } as { type: TensorType; variable?: Variable };
    super(new GraphNode(variableOp as Op, [], attrs));
    attrs.variable = this;
    this.name = name;
    this.trainable = trainable;
    this.initial = initial;
  }

  /** Within a traced function: the value that the variable has after the run. The last assignment counts. */
  assign(value: Tensor): void {
    const trace = currentTrace();
    if (trace === undefined) {
      throw new GraphError({
        operation: `assign ${this.name}`,
        expected: 'a call inside a compiled function',
        got: 'a call outside',
        remedy: 'Wrap the code in compile(…).',
      });
    }
    if (!sameShape(value.shape, this.shape)) {
      throw new ShapeError({
        operation: `assign ${this.name}`,
        expected: formatShape(this.shape),
        got: formatShape(value.shape),
      });
    }
    if (value.dtype !== this.dtype) {
      throw new DTypeError({ operation: `assign ${this.name}`, expected: this.dtype, got: value.dtype });
    }
    trace.assignments.set(this, value);
  }
}

/** What a function that is being traced has assigned so far. */
export interface Trace {
  readonly assignments: Map<Variable, Tensor>;
}

const traces: Trace[] = [];

/** The innermost function that is being traced. */
export function currentTrace(): Trace | undefined {
  return traces[traces.length - 1];
}

/** Runs `fn` once, symbolically; returns its result and the assignments it made. */
export function traceCall<R>(fn: () => R): { result: R; assignments: Map<Variable, Tensor> } {
  const trace: Trace = { assignments: new Map() };
  traces.push(trace);
  try {
    return { result: fn(), assignments: trace.assignments };
  } finally {
    traces.pop();
  }
}

type Nested = number | boolean | readonly Nested[];

/**
 * A constant tensor from a number, nested lists, or a typed array with its shape.
 * Numbers become float32, booleans bool, typed arrays keep their type.
 */
export function tensor(values: Nested | TypedArray, shape?: Shape, dtype?: DType): Tensor {
  if (ArrayBuffer.isView(values)) {
    const data = values as TypedArray;
    return constant({ data, shape: shape ?? [data.length], dtype: dtype ?? dtypeOf(data) });
  }
  const found = shapeOf(values as Nested);
  const flat = (Array.isArray(values) ? values.flat(Number.POSITIVE_INFINITY) : [values]) as (number | boolean)[];
  const type = dtype ?? (typeof flat[0] === 'boolean' ? 'bool' : 'float32');
  return constant({ data: fromNumbers(type, flat), shape: shape ?? found, dtype: type });
}

function shapeOf(values: Nested): number[] {
  if (typeof values !== 'object') return [];
  const inner = values.map(shapeOf);
  const odd = inner.find((shape) => !sameShape(shape, inner[0]!));
  if (odd !== undefined) {
    throw new ShapeError({
      operation: 'tensor',
      expected: `lists of shape ${formatShape(inner[0]!)} like the first`,
      got: formatShape(odd),
      remedy: 'Nested lists must have the same length at each level.',
    });
  }
  return [values.length, ...(inner[0] ?? [])];
}

/** A constant tensor with these values. */
export function constant({ data, shape, dtype }: HostTensor): Tensor {
  checkShape('constant', shape);
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError({
      operation: 'constant',
      expected: `${sizeOf(shape)} values for shape ${formatShape(shape)}`,
      got: `${data.length}`,
    });
  }
  if (dtypeOf(data) !== dtype) {
    throw new DTypeError({ operation: 'constant', expected: `an array of ${dtype}`, got: dtypeOf(data) });
  }
  return apply(constantOp, [], { type: { shape, dtype }, data });
}

/** An argument of a traced function. */
export function input(name: string, type: TensorType): Tensor {
  return apply(inputOp, [], { name, type });
}

/** A tensor that the runtime fills before each run. `draw` says the same as `fill` where it is noise. */
export function feed(label: string, type: TensorType, fill: FeedAttrs['fill'], draw?: Draw): Tensor {
  return apply(feedOp, [], { label, type, fill, ...(draw === undefined ? {} : { draw }) });
}

/** A float32 scalar computed on the host, in float64, from the step: schedules, bias corrections. */
export function fromStep(label: string, at: (step: number) => number): Tensor {
  return feed(label, { shape: [], dtype: 'float32' }, (out, { step }) => {
    out[0] = at(step);
  });
}
