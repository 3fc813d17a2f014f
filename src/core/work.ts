/** What a graph costs, roughly: enough to tell programs that threads speed up from those that they hold up. */
import { topologicalOrder } from './graph.js';
import { sizeOf } from './shape.js';
import type { GraphNode, Tensor } from './tensor.js';

/** Elements that are computed, those of products and convolutions once for each multiplication that they take. */
export function workOf(tensors: Iterable<Tensor>): number {
  return topologicalOrder(tensors).reduce((sum, node) => {
    const elements = node.outputTypes.reduce((n, { shape }) => n + sizeOf(shape), 0);
    return sum + elements * depthOf(node);
  }, 0);
}

/** Multiplications that an element takes. */
function depthOf({ op, inputs: [first, second] }: GraphNode): number {
  switch (op.name) {
    case 'matmul':
      return first!.shape.at(-1) ?? 1;
    case 'convolution': // of x and w [O, I, …]
      return second!.size / Math.max(1, second!.shape[0]!);
    case 'convolutionInput': // of a gradient and w
    case 'convolutionWeight': // of x and a gradient [B, O, …]
      return second!.size / Math.max(1, second!.shape[1]!);
    default:
      return 1;
  }
}
