/** Walks over the graph below some tensors: order, verifier, readable text. */
import { GraphError } from './errors.js';
import { constantOp, feedOp, inputOp, type Variable, variableOp } from './leaves.js';
import type { TensorType } from './op.js';
import { formatShape, sameShape } from './shape.js';
import type { GraphNode, Tensor } from './tensor.js';

/** All nodes that `tensors` depend on, inputs before users. Iterative, so depth is no limit. */
export function topologicalOrder(tensors: Iterable<Tensor>): GraphNode[] {
  const seen = new Set<GraphNode>();
  const stack: GraphNode[] = [];
  const visit = (node: GraphNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    stack.push(node);
  };
  for (const t of tensors) visit(t.node);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) for (const t of node.inputs) visit(t.node);
  return [...seen].sort((a, b) => a.id - b.id);
}

/**
 * Checks the rules of the intermediate form: inputs come before users, stored types are what the op infers, every
 * tensor names an output that its node has.
 * @throws GraphError naming the node
 */
export function verify(tensors: Iterable<Tensor>): void {
  for (const node of topologicalOrder(tensors)) {
    for (const t of node.inputs) {
      if (t.node.id >= node.id) fault(node, 'inputs made before it', `input node ${t.node.id}`);
      if (!sameType(t, t.node.outputTypes[t.index])) fault(node, 'inputs with the type of their node', t.toString());
    }
    const inferred = node.op.infer(node.inputs, node.attrs);
    if (
      inferred.length !== node.outputTypes.length ||
      !inferred.every((type, i) => sameType(type, node.outputTypes[i]))
    ) {
      fault(node, inferred.map(formatType).join(', '), node.outputTypes.map(formatType).join(', '));
    }
  }
}

function sameType(a: TensorType, b: TensorType | undefined): boolean {
  return b !== undefined && a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

function fault(node: GraphNode, expected: string, got: string): never {
  throw new GraphError({ operation: `verify %${node.id} = ${node.op.name}`, expected, got });
}

export function formatType({ dtype, shape }: TensorType): string {
  return `${dtype}${formatShape(shape)}`;
}

/**
 * The graph as text, one node a line, numbered from %0 in topological order:
 * `%2: float32[2, 3] = matmul(%0, %1)`.
 */
export function formatGraph(tensors: readonly Tensor[]): string {
  const numbers = new Map<GraphNode, number>();
  const nameOf = (t: Tensor): string => {
    const n = `%${numbers.get(t.node)}`;
    return t.node.outputTypes.length === 1 ? n : `${n}.${t.index}`;
  };
  const lines = topologicalOrder(tensors).map((node, i) => {
    numbers.set(node, i);
    const types = node.outputTypes.map(formatType).join(', ');
    return `%${i}: ${types} = ${node.op.name}(${node.inputs.map(nameOf).join(', ')})${formatAttrs(node)}`;
  });
  return `${lines.join('\n')}\nreturn ${tensors.map(nameOf).join(', ')}`;
}

function formatAttrs(node: GraphNode): string {
  const attrs = (node.attrs ?? {}) as Record<string, unknown>;
  switch (node.op as unknown) {
    case constantOp: {
      const data = attrs['data'] as ArrayLike<number | bigint>;
      return data.length <= 8 ? ` {${Array.from(data).join(', ')}}` : ` {${data.length} values}`;
    }
    case inputOp:
      return ` {${attrs['name']}}`;
    case feedOp:
      return ` {${attrs['label']}}`;
    case variableOp:
      return ` {${(attrs['variable'] as Variable).name}}`;
    default: {
      const entries = Object.entries(attrs).filter(([, v]) => v !== undefined);
      return entries.length === 0 ? '' : ` {${entries.map(([k, v]) => `${k}: ${formatValue(v)}`).join(', ')}}`;
    }
  }
}

function formatValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([k, v]) => `${k}: ${formatValue(v)}`)
    .join(', ')}}`;
}
