/** What an op's lowering writes to, and the types it sees. */
import type { DType, TypedArray } from './dtype.js';
import type { Shape } from './shape.js';

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

export type AttributeValue = number | string | readonly number[] | { readonly float: number };

/** What `lower` writes to. ONNX attributes: integers are numbers, floats are `{ float: x }`. */
export interface LowerContext<A> {
  /** ONNX value names of the inputs. */
  readonly inputs: readonly string[];
  readonly types: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  readonly attrs: A;
  /** Adds an ONNX node with one output and returns the output's name. An empty input name means "left out". */
  emit(opType: string, inputs: readonly string[], attributes?: Readonly<Record<string, AttributeValue>>): string;
  /** The same for a node with several outputs. */
  emitMany(
    opType: string,
    inputs: readonly string[],
    outputs: number,
    attributes?: Readonly<Record<string, AttributeValue>>,
  ): string[];
  /** A constant; equal ones are stored once. */
  constant(data: TypedArray, shape: Shape): string;
  /** A constant int64 vector: axes, shapes, starts, … */
  ints(values: readonly number[]): string;
  /** A constant float32 scalar. */
  scalar(value: number): string;
}
