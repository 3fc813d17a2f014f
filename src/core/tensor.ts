/**
 * Symbolic tensors. A tensor is an output of a node in a lazy graph; nothing is computed until a program runs or
 * `await tensor.data()` asks for it. The fluent methods (`x.matmul(w).relu()`) are added by `src/ops`.
 */
import type { DType, TypedArray } from './dtype.js';
import { GraphError } from './errors.js';
import type { LowerContext, TensorType } from './op.js';
import { formatShape, type Shape, sizeOf } from './shape.js';
import type { Target } from './target.js';

/**
 * The op record: everything genera knows of an operation, in one place. A graph node holds its record, so that the
 * walks (gradient, verifying, simplifying, lowering) call `node.op.*` and the core knows no operation by name.
 */
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
   * again until no rule applies, so a rule must make progress: fewer nodes, smaller ones, or faster ones.
   */
  simplify?(result: Tensor, ctx: SimplifyContext): Tensor | null;
  /** Writes the op as ONNX nodes and returns the names of its outputs. */
  lower(ctx: LowerContext<A>): readonly string[];
}

export interface SimplifyContext {
  /** How many nodes read a tensor: what others need as well is not worth absorbing. */
  uses(t: Tensor): number;
  /** What will run the graph. */
  readonly target: Target;
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

let nodeCount = 0;

/** One application of an op. Nodes are immutable and refer to their inputs only, so unused ones vanish by themselves. */
export class GraphNode {
  /** Creation order, which is a topological order. */
  readonly id: number = nodeCount++;
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly attrs: unknown;
  readonly outputTypes: readonly TensorType[];

  constructor(op: Op, inputs: readonly Tensor[], attrs: unknown) {
    this.op = op;
    this.inputs = inputs;
    this.attrs = attrs;
    this.outputTypes = op.infer(inputs, attrs);
  }
}

export class Tensor implements TensorType {
  readonly node: GraphNode;
  /** Which output of the node this is. */
  readonly index: number;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(node: GraphNode, index = 0) {
    const type = node.outputTypes[index];
    if (type === undefined) {
      throw new GraphError({ operation: node.op.name, expected: 'an output index it has', got: String(index) });
    }
    this.node = node;
    this.index = index;
    this.shape = type.shape;
    this.dtype = type.dtype;
  }

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** Computes the values, row-major. Many tensors at once: `evaluate([a, b])`. */
  async data(): Promise<TypedArray> {
    const [host] = await evaluator([this]);
    return (host as HostTensor).data;
  }

  /** The value of a one-element tensor. */
  async item(): Promise<number> {
    if (this.size !== 1) {
      throw new GraphError({ operation: 'item', expected: 'a tensor of one element', got: formatShape(this.shape) });
    }
    return Number((await this.data())[0]);
  }

  toString(): string {
    return `Tensor(${this.dtype}${formatShape(this.shape)} from ${this.node.op.name})`;
  }
}

/** Values on the host, row-major. */
export interface HostTensor extends TensorType {
  readonly data: TypedArray;
}

/** Applies an op; the building block of everything in `src/ops`. */
export function apply<A>(op: Op<A>, inputs: readonly Tensor[], attrs: A): Tensor {
  return new Tensor(new GraphNode(op as Op, inputs, attrs));
}

/** Applies an op with several outputs. */
export function applyMany<A>(op: Op<A>, inputs: readonly Tensor[], attrs: A): Tensor[] {
  const node = new GraphNode(op as Op, inputs, attrs);
  return node.outputTypes.map((_, i) => new Tensor(node, i));
}

type Evaluator = (tensors: readonly Tensor[]) => Promise<HostTensor[]>;

let evaluator: Evaluator = () => {
  throw new GraphError({
    operation: 'data',
    expected: 'a runtime to compute with',
    got: 'none',
    remedy: "Import 'genera/node' in Node, or call useDevice of 'genera/web' in the browser, first.",
  });
};

/** Set once by the runtime. */
export function setEvaluator(evaluate: Evaluator): void {
  evaluator = evaluate;
}

/** Computes several tensors in one run. */
export function evaluate(tensors: readonly Tensor[]): Promise<HostTensor[]> {
  return evaluator(tensors);
}
