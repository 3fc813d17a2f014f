/** Every basic op against PyTorch: value, gradient, second derivative; and the gradient against finite differences. */
import { describe, expect, test } from 'vitest';
import type { HostTensor } from '../../../src/node/index.js';
import * as activations from '../../../src/ops/activations.js';
import * as arithmetic from '../../../src/ops/arithmetic.js';
import * as broadcast from '../../../src/ops/broadcast.js';
import * as gradient from '../../../src/ops/gradient.js';
import * as indexing from '../../../src/ops/indexing.js';
import * as joining from '../../../src/ops/joining.js';
import * as linalg from '../../../src/ops/linalg.js';
import * as math from '../../../src/ops/math.js';
import * as movement from '../../../src/ops/movement.js';
import * as reduce from '../../../src/ops/reduce.js';
import * as softmax from '../../../src/ops/softmax.js';
import { isFloat, type OpCase, type OpResults, programOf, type Row, readCases } from './harness.js';
import { table } from './table.js';

const cases = readCases('basic-ops.json');
const rows: Row[] = Object.entries(table).flatMap(([name, fn]) => {
  const found = cases.get(name);
  return found === undefined ? [] : [{ fn, case: found }];
});

/** Rows share programs, so that few sessions are built; each program runs when the first of its tests asks. */
const rowsPerProgram = 50;
const programs = Array.from({ length: Math.ceil(rows.length / rowsPerProgram) }, (_, i) => {
  const part = rows.slice(i * rowsPerProgram, (i + 1) * rowsPerProgram);
  let program: ReturnType<typeof programOf> | undefined;
  let results: Promise<OpResults[]> | undefined;
  let shifted: Promise<OpResults[][]> | undefined;
  const run = (inputs: HostTensor[][]): Promise<OpResults[]> => {
    program ??= programOf(part);
    return program(inputs);
  };
  return {
    results: () => {
      results ??= run(part.map((row) => row.case.inputs));
      return results;
    },
    /** The same at inputs a little above and a little below. */
    shifted: () => {
      shifted ??= Promise.all([1, -1].map((side) => run(part.map((row) => row.case.inputs.map(shift(side))))));
      return shifted;
    },
  };
});

/** Moves the elements of a float input by different amounts of about 1/100, up or down. */
const shift =
  (side: number) =>
  (t: HostTensor, position: number): HostTensor =>
    isFloat(t)
      ? {
          ...t,
          data: Float32Array.from(t.data as Float32Array, (v, i) => v + side * 0.01 * Math.cos(3 * position + i)),
        }
      : t;

/** rtol: of each element; atol: of the largest element of the tensor, or of 1. */
interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}
const tight: Tolerance = { rtol: 2e-6, atol: 3e-7 };
const first: Tolerance = { rtol: 1e-5, atol: 1e-6 };
const second: Tolerance = { rtol: 3e-5, atol: 3e-6 };
/**
 * In these rows there are small elements beside large ones, and each must be right by itself. Not so the gradients far
 * out, which are made of values near ±1, and what is made of ONNX Runtime's Sigmoid: it is right to 1e-7, and 0 below −18.
 */
const steep = /small|extremes|large|tails/;
const exactValues = (name: string): boolean => steep.test(name) || /^(?!sigmoid|silu).*far out/.test(name);

function expectClose(got: HostTensor, want: HostTensor, { rtol, atol }: Tolerance): void {
  expect(got.shape).toEqual(want.shape);
  expect(got.dtype).toBe(want.dtype);
  expect(got.data.length).toBe(want.data.length);
  if (want.dtype !== 'float32') {
    expect(got.data).toEqual(want.data);
    return;
  }
  const [found, wanted] = [Array.from(got.data, Number), Array.from(want.data, Number)];
  const largest = Math.max(1, ...wanted.filter(Number.isFinite).map(Math.abs));
  const wrong = wanted.flatMap((w, i) => {
    const v = found[i]!;
    const equal = Object.is(v, w) || v === w || Math.abs(v - w) <= rtol * Math.abs(w) + atol * largest;
    return equal ? [] : [`element ${i}: got ${v}, want ${w}`];
  });
  expect(wrong).toEqual([]);
}

function expectAllClose(got: HostTensor[], want: HostTensor[], tolerance: Tolerance): void {
  expect(got.length).toBe(want.length);
  for (const [i, t] of want.entries()) expectClose(got[i]!, t, tolerance);
}

const dot = (a: HostTensor[], b: HostTensor[]): { sum: number; size: number } => {
  let [sum, size] = [0, 0];
  for (const [k, t] of a.entries()) {
    for (const [i, v] of Array.from(t.data as ArrayLike<number | bigint>, Number).entries()) {
      const term = v * Number(b[k]!.data[i]);
      sum += term;
      size += Math.abs(term);
    }
  }
  return { sum, size };
};

/** (L(x + δ) − L(x − δ)) against ⟨∂L/∂x, 2δ⟩. */
function expectDifferences(c: OpCase, grads: HostTensor[], above: OpResults, below: OpResults): void {
  const [high, low] = [dot(above.outputs, c.cotangents!), dot(below.outputs, c.cotangents!)];
  const floats = c.inputs.map((t, i) => ({ t, i })).filter(({ t }) => isFloat(t));
  const moved = floats.map(({ t, i }) => {
    const [up, down] = [shift(1)(t, i).data, shift(-1)(t, i).data];
    return { ...t, data: Float32Array.from(up as Float32Array, (v, j) => v - Number(down[j])) };
  });
  const predicted = dot(grads, moved);
  const noise = 4e-7 * (high.size + low.size);
  expect(Math.abs(high.sum - low.sum - predicted.sum)).toBeLessThanOrEqual(3e-3 * predicted.size + noise);
}

test('each row has a stored case, and each stored case a row', () => {
  expect(Object.keys(table).filter((name) => !cases.has(name))).toEqual([]);
  expect([...cases.keys()].filter((name) => !(name in table))).toEqual([]);
});

test('each op has a row', () => {
  const files = [
    activations,
    arithmetic,
    broadcast,
    gradient,
    indexing,
    joining,
    linalg,
    math,
    movement,
    reduce,
    softmax,
  ];
  const functions = files.flatMap((file) => Object.entries(file).filter(([, value]) => typeof value === 'function'));
  const rowed = new Set(Object.keys(table).map((name) => name.split(' ')[0]));
  const helpers = new Set(['unary', 'isFrom', 'liftExpansion']);
  expect(functions.map(([name]) => name).filter((name) => !rowed.has(name) && !helpers.has(name))).toEqual([]);
});

describe('against PyTorch', () => {
  rows.forEach(({ case: c }, index) => {
    test(c.name, async () => {
      const program = programs[Math.floor(index / rowsPerProgram)]!;
      const got = (await program.results())[index % rowsPerProgram]!;
      const each = (exact: boolean, t: Tolerance): Tolerance => (exact ? { rtol: t.rtol, atol: 1e-40 } : t);
      expectAllClose(got.outputs, c.outputs, each(exactValues(c.name), tight));
      if (c.grads !== undefined) expectAllClose(got.grads, c.grads, each(steep.test(c.name), first));
      if (c.second !== undefined) expectAllClose(got.second, c.second, each(steep.test(c.name), second));
      if (c.differences !== true) return;
      const [above, below] = (await program.shifted()).map((results) => results[index % rowsPerProgram]!);
      expectDifferences(c, got.grads, above!, below!);
    });
  });
});
