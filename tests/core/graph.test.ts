import { describe, expect, test } from 'vitest';
import { GraphError } from '../../src/core/errors.js';
import { formatGraph, topologicalOrder, verify } from '../../src/core/graph.js';
import { fromStep, input, tensor, Variable } from '../../src/core/leaves.js';
import { simplify } from '../../src/core/simplify.js';
import { apply, GraphNode, type Op, Tensor } from '../../src/core/tensor.js';
import { concat, grad } from '../../src/ops/index.js';

const x = () => input('x', { shape: [2, 3], dtype: 'float32' });

/** Changes what a node says of itself, which nothing but a fault of genera does. */
function tamper(node: GraphNode, change: Partial<GraphNode>): void {
  Object.assign(node, change);
}

describe('topologicalOrder', () => {
  test('inputs come first, each node once, whatever leads there', () => {
    const a = x();
    const b = a.exp();
    const c = a.add(b);
    const d = c.mul(b);
    expect(topologicalOrder([d, b]).map((node) => node.op.name)).toEqual(['input', 'exp', 'add', 'mul']);
  });

  test('depth is no limit', () => {
    let y = x();
    const start = y;
    for (let i = 0; i < 20_000; i++) y = y.sin();
    expect(topologicalOrder([y])).toHaveLength(20_001);
    verify([y]);
    expect(topologicalOrder([grad(y.sum(), start)]).length).toBeGreaterThan(40_000);
    expect(simplify([y])[0]!.shape).toEqual([2, 3]);
  });
});

test('formatGraph', () => {
  const w = new Variable([3, 2], { name: 'layer.weight', initial: () => new Float32Array(6) });
  const rate = fromStep('learning rate', () => 0.1);
  const y = x().matmul(w).mul(rate).slice([0, 1]);
  const z = concat([y, tensor([[1, 2]])]).sum(0, { keepDims: true });
  expect(formatGraph([z, w.mul(0.5)])).toBe(`\
%0: float32[3, 2] = variable() {layer.weight}
%1: float32[] = feed() {learning rate}
%2: float32[2, 3] = input() {x}
%3: float32[2, 2] = matmul(%2, %0)
%4: float32[2, 2] = mul(%3, %1)
%5: float32[1, 2] = slice(%4) {starts: [0, 0], sizes: [1, 2], steps: [1, 1]}
%6: float32[1, 2] = constant() {1, 2}
%7: float32[2, 2] = concat(%5, %6) {axis: 0}
%8: float32[1, 2] = sum(%7) {axes: [0], keepDims: true}
%9: float32[] = constant() {0.5}
%10: float32[3, 2] = mul(%0, %9)
return %8, %10`);
});

test('formatGraph: large constants are counted, several outputs are numbered, infinities shown', () => {
  const two: Op<{ value: number }> = {
    name: 'two',
    infer: ([t]) => [
      { shape: t!.shape, dtype: 'float32' },
      { shape: [], dtype: 'int64' },
    ],
    lower: () => [],
  };
  const node = new GraphNode(two as Op, [tensor(new Float32Array(9))], { value: Number.NEGATIVE_INFINITY });
  expect(formatGraph([new Tensor(node, 1)])).toBe(`\
%0: float32[9] = constant() {9 values}
%1: float32[9], int64[] = two(%0) {value: -Infinity}
return %1.1`);
});

describe('verify', () => {
  test('takes a sound graph', () => {
    const a = x();
    expect(() => verify([grad(a.softmax().log().sum(), a)])).not.toThrow();
  });

  test('catches a type that the op does not infer', () => {
    const y = x().exp();
    tamper(y.node, { outputTypes: [{ shape: [3, 2], dtype: 'float32' }] });
    expect(() => verify([y])).toThrow(`verify %${y.node.id} = exp: expected float32[2, 3], got float32[3, 2].`);
  });

  test('catches a dtype that the op does not infer', () => {
    const y = x().greater(0);
    tamper(y.node, { outputTypes: [{ shape: [2, 3], dtype: 'float32' }] });
    expect(() => verify([y])).toThrow('expected bool[2, 3], got float32[2, 3]');
  });

  test('catches an input whose node has changed', () => {
    const a = x();
    const y = a.exp();
    tamper(a.node, { outputTypes: [{ shape: [2], dtype: 'float32' }] });
    expect(() => verify([y])).toThrow(GraphError);
  });

  test('catches an input made after its user', () => {
    const y = x().exp();
    tamper(y.node, { inputs: [x()] });
    expect(() => verify([y])).toThrow('expected inputs made before it');
  });
});

test('a tensor names an output that its node has', () => {
  expect(() => new Tensor(x().node, 1)).toThrow('input: expected an output index it has, got 1.');
});

describe('simplify', () => {
  test('keeps types and drops what cancels', () => {
    const a = x();
    const [y, same] = simplify([a.neg().neg().exp(), a]);
    expect(formatGraph([y!])).toBe('%0: float32[2, 3] = input() {x}\n%1: float32[2, 3] = exp(%0)\nreturn %1');
    expect(same).toBe(a);
  });

  test('catches a rule that changes the type', () => {
    const wrong: Op<null> = {
      name: 'wrong',
      infer: ([t]) => [{ shape: t!.shape, dtype: 'float32' }],
      simplify: (t) => t.node.inputs[0]!.sum(),
      lower: ({ inputs }) => inputs,
    };
    expect(() => simplify([apply(wrong, [x()], null)])).toThrow(
      'simplify wrong: expected float32[2, 3], got float32[].',
    );
  });
});
