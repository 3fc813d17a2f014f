/** Leaves out the nodes and constants of a model that none of its outputs depends on. */
import type { OnnxModel } from './proto.js';

export function prune(model: OnnxModel): OnnxModel {
  const needed = new Set(model.outputs.map((output) => output.name));
  // Users come after what they use, so one walk from the end finds everything.
  const nodes = model.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((name) => needed.has(name))) return false;
    for (const name of inputs) needed.add(name);
    return true;
  });
  return {
    ...model,
    nodes: nodes.reverse(),
    initializers: model.initializers.filter(({ name }) => needed.has(name)),
  };
}
