/**
 * The op record: everything genera knows of an operation, in one place. A graph node holds its record, so that the
 * walks (gradient, verifying, lowering) call `node.op.*` and the core knows no operation by name.
 */
import type { DType, TypedArray } from './dtype.js';
import type { Shape } from './shape.js';
import type { Tensor } from './tensor.js';

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Op<A = unknown> {
  readonly name: string;
  /** Types of the outputs. Throws ShapeError or DTypeError where the inputs do not fit. */
  infer(inputs: readonly TensorType[], attrs: A): readonly TensorType[];
  /**
   * Vector-Jacobian product: one gradient per input, null where there is none. Written in ops, so it is differentiable
   * again. An op without it has no gradient: it stops the walk silently (integer and boolean results).
   */
  vjp?(ctx: VjpContext<A>): readonly (Tensor | null)[];
  /**
   * A cheaper tensor of the same value and type, or null. Called on single outputs just before lowering, again and
   * again until no rule applies, so a rule must make progress: fewer nodes, or smaller ones. `uses` says how many nodes
   * read a tensor: what others need as well is not worth absorbing.
   */
  simplify?(result: Tensor, uses: (t: Tensor) => number): Tensor | null;
  /** Writes the op as ONNX nodes and returns the names of its outputs. */
  lower(ctx: LowerContext<A>): readonly string[];
}

export interface VjpContext<A> {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attrs: A;
  /** Gradient of each output; undefined where none arrives. */
  readonly grads: readonly (Tensor | undefined)[];
  /** Whether input `i` leads to something that a gradient is asked for; others may be answered with null. */
  needs(i: number): boolean;
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
