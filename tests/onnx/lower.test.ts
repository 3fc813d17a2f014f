import { describe, expect, test } from 'vitest';
import { input, tensor, Variable } from '../../src/core/leaves.js';
import { apply, type Op, type Tensor } from '../../src/core/tensor.js';
import { zeros } from '../../src/index.js';
import { Lowering } from '../../src/onnx/lower.js';
import { prune } from '../../src/onnx/prune.js';

/** Lowers with every leaf but constants under its op's name. */
function lower(...tensors: Tensor[]): { lowering: Lowering; names: string[] } {
  const leaves = new Set(['input', 'feed', 'variable']);
  const lowering = new Lowering((leaf) => (leaves.has(leaf.op.name) ? leaf.op.name : undefined));
  return { lowering, names: lowering.lower(tensors) };
}
const x = input('x', { shape: [2, 3], dtype: 'float32' });
const kinds = ({ nodes }: Lowering): string[] => nodes.map((node) => node.opType);

test('equal nodes are written once', () => {
  const { lowering, names } = lower(x.exp().add(x.exp()), x.exp());
  expect(kinds(lowering)).toEqual(['Exp', 'Add']);
  expect(lowering.nodes[1]!.inputs).toEqual([names[1], names[1]]);
});

test('nodes that differ in an attribute are not merged, infinities and −0 included', () => {
  const scale: Op<{ by: number }> = {
    name: 'scale',
    infer: ([t]) => [{ shape: t!.shape, dtype: 'float32' }],
    lower: ({ inputs, attrs, emit }) => [emit('LeakyRelu', inputs, { alpha: { float: attrs.by } })],
  };
  const values = [1, 2, 0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1];
  const { names } = lower(...values.map((by) => apply(scale, [x], { by })));
  expect(new Set(names).size).toBe(7);
  expect(names[0]).toBe(names[7]);
});

describe('constants', () => {
  test('equal ones are stored once, by value, shape and dtype', () => {
    const { lowering, names } = lower(tensor([1, 2]), tensor([1, 2]), tensor([[1, 2]]), tensor([1, 2], [2], 'int32'));
    expect(names[0]).toBe(names[1]);
    expect(new Set(names).size).toBe(3);
    expect(lowering.initializers.map((c) => [c.dtype, c.shape])).toEqual([
      ['float32', [2]],
      ['float32', [1, 2]],
      ['int32', [2]],
    ]);
  });

  test('0 and −0 differ', () => {
    const { names } = lower(tensor(0), tensor(-0));
    expect(names[0]).not.toBe(names[1]);
  });

  test('hold the bytes of their part of a buffer', () => {
    const { lowering } = lower(tensor(new Float32Array(Float32Array.of(1, 2, 3).buffer, 4, 1)));
    expect(lowering.initializers[0]!.raw).toEqual(new Uint8Array(Float32Array.of(2).buffer));
  });

  test('a tensor of no elements is one', () => {
    const { lowering, names } = lower(zeros([0, 3]).add(1).exp());
    expect(lowering.nodes).toEqual([]);
    expect(lowering.initializers.find(({ name }) => name === names[0])!.shape).toEqual([0, 3]);
  });
});

test('shapes and stopped gradients cost nothing where they do nothing', () => {
  expect(kinds(lower(x.reshape([2, 3]).stopGradient().transpose([0, 1]).expand([2, 3])).lowering)).toEqual([]);
});

test('a lowering goes on where it stopped', () => {
  const { lowering, names } = lower(x.exp());
  expect(lowering.lower([x.exp().sin()])).not.toEqual(names);
  expect(kinds(lowering)).toEqual(['Exp', 'Sin']);
});

test('a leaf that nobody resolves is a fault', () => {
  const variable = new Variable([1], { initial: () => new Float32Array(1) });
  expect(() => new Lowering(() => undefined).lower([variable])).toThrow(
    'variable: expected a program that resolves its leaves, got none.',
  );
});

test('prune keeps what outputs depend on', () => {
  const node = (opType: string, inputs: string[], outputs: string[]) => ({
    opType,
    inputs,
    outputs,
    attributes: {},
    domain: '',
  });
  const constant = (name: string) => ({ name, dtype: 'float32' as const, shape: [], raw: new Uint8Array(4) });
  const value = (name: string) => ({ name, dtype: 'float32' as const, shape: [] });
  const model = prune({
    name: 'test',
    opset: 17,
    nodes: [
      node('Exp', ['x'], ['a']),
      node('Add', ['a', 'c'], ['b']),
      node('Mul', ['a', 'd'], ['unused']),
      node('Split', ['b'], ['y', 'other']),
      node('Neg', ['unused'], ['unused too']),
    ],
    initializers: [constant('c'), constant('d'), constant('result')],
    inputs: [value('x'), value('never read')],
    outputs: [value('y'), value('result')],
  });
  expect(model.nodes.map(({ opType }) => opType)).toEqual(['Exp', 'Add', 'Split']);
  expect(model.initializers.map(({ name }) => name)).toEqual(['c', 'result']);
  expect(model.inputs).toHaveLength(2);
});
