/**
 * Lowering: from genera's graph to ONNX nodes. Each op writes itself through `op.lower`; leaves become what the program
 * says. Equal constants and equal nodes are written once.
 */
import type { TypedArray } from '../core/dtype.js';
import { allocate, dtypeOf } from '../core/dtype.js';
import { topologicalOrder } from '../core/graph.js';
import { type ConstantAttrs, constantOp } from '../core/leaves.js';
import type { AttributeValue, LowerContext } from '../core/op.js';
import { type Shape, sizeOf } from '../core/shape.js';
import type { GraphNode, Tensor } from '../core/tensor.js';
import type { OnnxNode, OnnxTensor } from './proto.js';

/** The operator set that genera writes: the newest one that also the older checkers and runtimes read. */
export const opset = 17;

export class Lowering {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  private readonly known = new Map<string, string[]>();
  private readonly names = new Map<GraphNode, readonly string[]>();
  private readonly resolve: (leaf: GraphNode) => string | undefined;
  private count = 0;

  /** @param resolve names the ONNX value of a leaf; undefined for nodes that lower themselves and for constants */
  constructor(resolve: (leaf: GraphNode) => string | undefined) {
    this.resolve = resolve;
  }

  /** Writes everything that `tensors` depend on and returns their names. */
  lower(tensors: readonly Tensor[]): string[] {
    for (const node of topologicalOrder(tensors)) if (!this.names.has(node)) this.names.set(node, this.lowerNode(node));
    return tensors.map((t) => this.nameOf(t));
  }

  private nameOf(t: Tensor): string {
    return this.names.get(t.node)?.[t.index] as string;
  }

  private lowerNode(node: GraphNode): readonly string[] {
    const resolved = this.resolve(node);
    if (resolved !== undefined) return [resolved];
    if ((node.op as unknown) === constantOp) {
      const { data, type } = node.attrs as ConstantAttrs;
      return [this.constant(data, type.shape)];
    }
    // A tensor of no elements is a constant. (ONNX Runtime drops an Expand that makes one, as if it did nothing.)
    if (node.outputTypes.every(({ shape }) => sizeOf(shape) === 0)) {
      return node.outputTypes.map(({ dtype, shape }) => this.constant(allocate(dtype, 0), shape));
    }
    const ctx: LowerContext<unknown> = {
      inputs: node.inputs.map((t) => this.nameOf(t)),
      types: node.inputs,
      outputs: node.outputTypes,
      attrs: node.attrs,
      emit: (opType, inputs, attributes) => this.emit(opType, inputs, 1, attributes)[0] as string,
      emitMany: (opType, inputs, outputs, attributes) => this.emit(opType, inputs, outputs, attributes),
      constant: (data, shape) => this.constant(data, shape),
      ints: (values) => this.ints(values),
      scalar: (value) => this.constant(Float32Array.of(value), []),
    };
    return node.op.lower(ctx);
  }

  emit(
    opType: string,
    inputs: readonly string[],
    outputs = 1,
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string[] {
    const key = `${opType}(${inputs.join()})${outputs}${JSON.stringify(attributes, exactNumber)}`;
    const present = this.known.get(key);
    if (present !== undefined) return present;
    const names = Array.from({ length: outputs }, () => `%${this.count++}`);
    const [domain, name] = opType.includes(':') ? (opType.split(':') as [string, string]) : ['', opType];
    this.nodes.push({ opType: name, inputs, outputs: names, attributes, domain });
    this.known.set(key, names);
    return names;
  }

  /** The same value under a name of its own. */
  copy(value: string, name = `%${this.count++}`): string {
    this.nodes.push({ opType: 'Identity', inputs: [value], outputs: [name], attributes: {}, domain: '' });
    return name;
  }

  /** A constant under a given name: a weight. */
  initializer(name: string, data: TypedArray, shape: Shape): string {
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.push({ name, dtype: dtypeOf(data), shape, raw });
    return name;
  }

  ints(values: readonly number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  constant(data: TypedArray, shape: Shape): string {
    const dtype = dtypeOf(data);
    // Small constants are shared by value; large ones are met once as a node and not compared.
    const key = data.length <= 64 ? `${dtype}[${shape.join()}]:${exact(data)}` : undefined;
    const present = key === undefined ? undefined : this.known.get(key)?.[0];
    if (present !== undefined) return present;
    const name = `%${this.count++}`;
    this.initializer(name, data, shape);
    if (key !== undefined) this.known.set(key, [name]);
    return name;
  }
}

/** JSON has no infinities, no NaN and no −0, and would write them as other values. */
function exactNumber(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !(Number.isFinite(value) && !Object.is(value, -0)) ? `${exact([value])}!` : value;
}

/** Text that differs wherever the values do, −0 and 0 included. */
function exact(data: TypedArray | readonly number[]): string {
  return Array.from(data as ArrayLike<number | bigint>, (v) => (Object.is(v, -0) ? '-0' : String(v))).join();
}
