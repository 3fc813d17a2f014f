/**
 * Linking: decides what the leaves of a traced graph become in ONNX. Arguments, noise and arenas become inputs; a
 * variable becomes a slice of its arena; assignments become new arenas.
 */
import { GraphError } from '../core/errors.js';
import { type FeedAttrs, feedOp, inputOp, type Variable, type VariableAttrs, variableOp } from '../core/leaves.js';
import type { TensorType } from '../core/op.js';
import { simplify } from '../core/simplify.js';
import type { Target } from '../core/target.js';
import type { GraphNode, Tensor } from '../core/tensor.js';
import { Lowering, opset } from '../onnx/lower.js';
import { encodeModel, type OnnxValue } from '../onnx/proto.js';
import { prune } from '../onnx/prune.js';
import { type Arena, slotOf } from './state.js';

export interface Linked {
  readonly model: Uint8Array<ArrayBuffer>;
  /** ONNX name of each argument; undefined for one that the function does not use. */
  readonly inputs: readonly (string | undefined)[];
  readonly feeds: readonly { name: string; attrs: FeedAttrs }[];
  readonly arenas: readonly { name: string; arena: Arena }[];
  readonly updates: readonly { name: string; arena: Arena }[];
  readonly results: readonly { name: string; type: TensorType }[];
}

export function link(
  name: string,
  inputs: readonly Tensor[],
  results: readonly Tensor[],
  assignments: ReadonlyMap<Variable, Tensor>,
  target: Target,
): Linked {
  const graphInputs: OnnxValue[] = [];
  const feeds: { name: string; attrs: FeedAttrs }[] = [];
  const arenas = new Map<Arena, string>();
  const inputNames = new Map<GraphNode, string>();

  const arenaInput = (arena: Arena): string => {
    const present = arenas.get(arena);
    if (present !== undefined) return present;
    const arenaName = `arena${arenas.size}`;
    arenas.set(arena, arenaName);
    graphInputs.push({ name: arenaName, dtype: arena.dtype, shape: [arena.length] });
    return arenaName;
  };
  const variableValue = (variable: Variable): string => {
    const { arena, offset } = slotOf(variable);
    const flat = arenaInput(arena);
    if (variable === arena.whole) return flat;
    const part = cut(flat, offset, offset + variable.size, arena);
    return variable.rank === 1 ? part : lowering.emit('Reshape', [part, lowering.ints(variable.shape)])[0]!;
  };
  const cut = (flat: string, start: number, end: number, arena: Arena): string =>
    start === 0 && end === arena.length
      ? flat
      : lowering.emit('Slice', [flat, lowering.ints([start]), lowering.ints([end]), lowering.ints([0])])[0]!;

  const lowering: Lowering = new Lowering((leaf) => {
    switch (leaf.op as unknown) {
      case variableOp:
        return variableValue((leaf.attrs as VariableAttrs).variable);
      case feedOp: {
        const attrs = leaf.attrs as FeedAttrs;
        const feedName = `feed${feeds.length}`;
        feeds.push({ name: feedName, attrs });
        graphInputs.push({ name: feedName, ...attrs.type });
        return feedName;
      }
      case inputOp: {
        const position = inputs.findIndex((t) => t.node === leaf);
        if (position === -1) {
          throw new GraphError({
            operation: name,
            expected: 'tensors whose values are known',
            got: 'one that depends on an argument of a function that is being traced',
            remedy: 'Return the tensor from that function instead of reading it inside.',
          });
        }
        const inputName = `in${position}`;
        inputNames.set(leaf, inputName);
        graphInputs.push({ name: inputName, ...leaf.outputTypes[0]! });
        return inputName;
      }
      default:
        return undefined;
    }
  });

  // Everything is lowered in one walk, so that nodes come in the order in which they were traced.
  const assigned = [...assignments];
  const names = lowering.lower(simplify([...results, ...assigned.map(([, value]) => value)], target));
  const changesOf = new Map<Arena, { variable: Variable; value: string }[]>();
  assigned.forEach(([variable], i) => {
    const { arena } = slotOf(variable);
    changesOf.set(arena, [...(changesOf.get(arena) ?? []), { variable, value: names[results.length + i]! }]);
  });
  const updates = [...changesOf].map(([arena, changes]) => {
    const whole = changes.find(({ variable }) => variable === arena.whole);
    if (whole !== undefined) {
      if (changes.length > 1) {
        throw new GraphError({ operation: name, expected: 'an arena or its variables assigned', got: 'both' });
      }
      return { arena, name: whole.value };
    }
    const pieces: string[] = [];
    let end = 0;
    for (const { variable, value } of changes.toSorted(
      (a, b) => slotOf(a.variable).offset - slotOf(b.variable).offset,
    )) {
      const { offset } = slotOf(variable);
      if (offset > end) pieces.push(cut(arenaInput(arena), end, offset, arena));
      pieces.push(variable.rank === 1 ? value : lowering.emit('Reshape', [value, lowering.ints([variable.size])])[0]!);
      end = offset + variable.size;
    }
    if (end < arena.length) pieces.push(cut(arenaInput(arena), end, arena.length, arena));
    return { arena, name: pieces.length === 1 ? pieces[0]! : lowering.emit('Concat', pieces, 1, { axis: 0 })[0]! };
  });

  // An output needs a name that no input, constant or other output has.
  const taken = new Set([...graphInputs.map((v) => v.name), ...lowering.initializers.map((c) => c.name)]);
  const own = (value: string): string => {
    const free = taken.has(value) ? lowering.copy(value) : value;
    taken.add(free);
    return free;
  };
  const outputs = new Map<string, OnnxValue>();
  const resultOutputs = results.map((t, i) => {
    const value = names[i]!;
    const outputName = outputs.has(value) ? value : own(value);
    outputs.set(outputName, { name: outputName, dtype: t.dtype, shape: t.shape });
    return { name: outputName, type: { shape: t.shape, dtype: t.dtype } };
  });
  const updateOutputs = updates.map(({ arena, name: value }) => {
    const outputName = own(value);
    outputs.set(outputName, { name: outputName, dtype: arena.dtype, shape: [arena.length] });
    return { arena, name: outputName };
  });
  const { nodes, initializers } = lowering;
  const graphOutputs = [...outputs.values()];
  const model = encodeModel(prune({ name, opset, nodes, initializers, inputs: graphInputs, outputs: graphOutputs }));
  return {
    model,
    inputs: inputs.map((t) => inputNames.get(t.node)),
    feeds,
    arenas: [...arenas].map(([arena, arenaName]) => ({ arena, name: arenaName })),
    updates: updateOutputs,
    results: resultOutputs,
  };
}
