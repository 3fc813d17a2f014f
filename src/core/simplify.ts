/**
 * The simplification walk: rewrites a graph by the rules that its ops bring along (`op.simplify`) until none applies.
 * It runs just before lowering, never while a graph is built: there, a tensor that was skipped over could not be
 * differentiated with respect to.
 */
import { GraphError } from './errors.js';
import { formatType, topologicalOrder } from './graph.js';
import { standardTarget, type Target } from './target.js';
import { GraphNode, type SimplifyContext, Tensor } from './tensor.js';

const maxRounds = 10;

/** Tensors of the same values and types from a graph that the target runs in less time. */
export function simplify(tensors: readonly Tensor[], target: Target = standardTarget): Tensor[] {
  let current = [...tensors];
  for (let round = 0; round < maxRounds; round++) {
    const next = rewrite(current, target);
    if (next.every((t, i) => t === current[i])) return next;
    current = next;
  }
  return current;
}

function rewrite(tensors: readonly Tensor[], target: Target): Tensor[] {
  const rewritten = new Map<GraphNode, (index: number) => Tensor>();
  const original = new Map<GraphNode, GraphNode>();
  const mapped = (t: Tensor): Tensor => {
    const replacement = rewritten.get(t.node)!(t.index);
    // Variables and other tensors that were not touched keep their identity.
    return replacement.node === t.node && replacement.index === t.index ? t : replacement;
  };
  const order = topologicalOrder(tensors);
  const counts = new Map<GraphNode, number>();
  for (const t of [...order.flatMap((node) => node.inputs), ...tensors])
    counts.set(t.node, (counts.get(t.node) ?? 0) + 1);
  // New nodes stand for old ones; what was made in this round has the one reader it was made for.
  const ctx: SimplifyContext = { uses: (t) => counts.get(original.get(t.node) ?? t.node) ?? 1, target };
  for (const node of order) {
    const inputs = node.inputs.map(mapped);
    const same = inputs.every((t, i) => t === node.inputs[i]);
    const present = same ? node : new GraphNode(node.op, inputs, node.attrs);
    original.set(present, node);
    const simpler = present.outputTypes.length === 1 ? node.op.simplify?.(new Tensor(present), ctx) : undefined;
    if (simpler === undefined || simpler === null) {
      rewritten.set(node, (index) => new Tensor(present, index));
      continue;
    }
    if (formatType(simpler) !== formatType(node.outputTypes[0]!)) {
      throw new GraphError({
        operation: `simplify ${node.op.name}`,
        expected: formatType(node.outputTypes[0]!),
        got: formatType(simpler),
      });
    }
    original.set(simpler.node, node);
    rewritten.set(node, () => simpler);
  }
  return tensors.map(mapped);
}
