/**
 * Reverse-mode differentiation: walks the graph from the outputs to the tensors asked for and composes the ops'
 * vector-Jacobian products. The result is an ordinary graph, so it can be differentiated again.
 */
import { DTypeError, ShapeError } from './errors.js';
import { topologicalOrder } from './graph.js';
import { formatShape, sameShape } from './shape.js';
import { type GraphNode, Tensor } from './tensor.js';

/**
 * @param outputs differentiated tensors
 * @param cotangents ∂L/∂output for each, of its shape
 * @param wrt tensors to differentiate with respect to
 * @param add sums two gradients of one tensor (an op, which the core does not know)
 * @returns ∂L/∂t for each t of `wrt`; undefined where L does not depend on t
 */
export function gradientWalk(
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  wrt: readonly Tensor[],
  add: (a: Tensor, b: Tensor) => Tensor,
): (Tensor | undefined)[] {
  const order = topologicalOrder(outputs);
  // A node matters if it is, or depends on, something asked for.
  const asked = new Set<GraphNode>(wrt.map((t) => t.node));
  const matters = new Set<GraphNode>();
  for (const node of order) if (asked.has(node) || node.inputs.some((t) => matters.has(t.node))) matters.add(node);

  const grads = new Map<GraphNode, (Tensor | undefined)[]>();
  const accumulate = (t: Tensor, grad: Tensor): void => {
    const slots = grads.get(t.node) ?? new Array<Tensor | undefined>(t.node.outputTypes.length).fill(undefined);
    const present = slots[t.index];
    slots[t.index] = present === undefined ? grad : add(present, grad);
    grads.set(t.node, slots);
  };
  outputs.forEach((t, i) => {
    const cotangent = cotangents[i] as Tensor;
    checkGradient('gradient', t, cotangent);
    accumulate(t, cotangent);
  });

  for (const node of order.toReversed()) {
    const slots = grads.get(node);
    if (slots === undefined || !matters.has(node) || node.op.vjp === undefined) continue;
    const needs = (i: number): boolean => {
      const t = node.inputs[i];
      return t !== undefined && matters.has(t.node) && t.dtype === 'float32';
    };
    if (!node.inputs.some((_, i) => needs(i))) continue;
    const outputsOf = node.outputTypes.map((_, i) => new Tensor(node, i));
    const inputGrads = node.op.vjp({ inputs: node.inputs, outputs: outputsOf, attrs: node.attrs, grads: slots, needs });
    node.inputs.forEach((t, i) => {
      const grad = inputGrads[i];
      if (grad === null || grad === undefined || !needs(i)) return;
      checkGradient(`gradient of ${node.op.name}, input ${i}`, t, grad);
      accumulate(t, grad);
    });
  }
  return wrt.map((t) => grads.get(t.node)?.[t.index]);
}

function checkGradient(operation: string, t: Tensor, grad: Tensor): void {
  if (!sameShape(t.shape, grad.shape)) {
    throw new ShapeError({ operation, expected: formatShape(t.shape), got: formatShape(grad.shape) });
  }
  if (grad.dtype !== 'float32') throw new DTypeError({ operation, expected: 'float32', got: grad.dtype });
}
