/** The layer contract: PyTorch's state_dict loads by name, and values, gradients and state afterwards are PyTorch's. */
import { describe, expect, test } from 'vitest';
import type { HostTensor, Tensor } from '../../../src/core/tensor.js';
import type { Context } from '../../../src/nn/module.js';
import { compile, grad, readVariables, writeVariables } from '../../../src/node/index.js';
import { Rng } from '../../../src/random/rng.js';
import { type Case, caseNames, caseOf } from './fixture.js';
import { type Subject, table } from './table.js';

type Named<T> = Record<string, T>;

/** Loads the case's weights into the layer: this fails unless names, shapes and dtypes are PyTorch's. */
async function load(name: string): Promise<{ subject: Subject; expected: Case }> {
  const expected = caseOf(name);
  const subject = table[name]!(new Rng());
  await writeVariables(subject.module.variables(), new Map(Object.entries(expected.state)));
  return { subject, expected };
}

/** Outputs, and gradients of Σ outputs·cotangents by the names of the float inputs and the parameters. */
async function run({ module, call }: Subject, inputs: Named<HostTensor>, cotangents: HostTensor[], context: Context) {
  const program = compile((x: Named<Tensor>, cots: readonly Tensor[]) => {
    const outputs = call(x, context);
    const loss = outputs.map((y, i) => y.mul(cots[i]!).sum()).reduce((a, b) => a.add(b));
    const wanted = Object.entries(x).filter(([, t]) => t.dtype === 'float32') as [string, Tensor][];
    wanted.push(...[...module.namedVariables()].filter(([, variable]) => variable.trainable));
    const gradients = grad(
      loss,
      wanted.map(([, t]) => t),
    );
    return { outputs, gradients: Object.fromEntries(wanted.map(([name], i) => [name, gradients[i]!])) };
  });
  const result = await program.run([inputs, cotangents]);
  return result as unknown as { outputs: HostTensor[]; gradients: Named<HostTensor> };
}

/** Equal to float error, relative to the tensor's size. */
function expectClose(
  label: string,
  actual: HostTensor,
  expected: { shape: readonly number[]; data: ArrayLike<number | bigint> },
) {
  expect(actual.shape, label).toEqual(expected.shape);
  const reference = Array.from(expected.data, Number);
  const scale = Math.max(1, ...reference.map(Math.abs));
  const error = Math.max(0, ...reference.map((v, i) => Math.abs(Number(actual.data[i]) - v)));
  expect(error / scale, `${label}: largest error`).toBeLessThan(2e-5);
}

function expectOutputs(actual: HostTensor[], expected: HostTensor[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, y] of expected.entries()) expectClose(`output ${i}`, actual[i]!, y);
}

function expectAll(label: string, actual: Named<HostTensor>, expected: Named<HostTensor>) {
  expect(Object.keys(actual).sort(), label).toEqual(Object.keys(expected).sort());
  for (const [name, t] of Object.entries(expected)) expectClose(`${label} ${name}`, actual[name]!, t);
}

async function expectState({ module }: Subject, after: Named<HostTensor>) {
  const state = await readVariables(module.variables());
  for (const [name, t] of Object.entries(after)) {
    expectClose(`state ${name}`, { ...state.get(name)!, dtype: t.dtype }, t);
  }
}

test('the table has every case of the fixture', () => {
  expect(Object.keys(table).sort()).toEqual(caseNames.toSorted());
});

describe('equals PyTorch', () => {
  const still = Object.keys(table).filter((name) => caseOf(name).after === undefined);
  const training = Object.keys(table).filter((name) => caseOf(name).after !== undefined);

  test.each(still)('%s', async (name) => {
    const { subject, expected } = await load(name);
    const { outputs, gradients } = await run(subject, expected.inputs, expected.cotangents, {});
    expectOutputs(outputs, expected.outputs);
    expectAll('gradient', gradients, expected.gradients);
  });

  test.each(training)('%s: all calls in one program', async (name) => {
    const { subject, expected } = await load(name);
    const { outputs, gradients } = await run(subject, expected.inputs, expected.cotangents, { train: true });
    expectOutputs(outputs, expected.outputs);
    expectAll('gradient', gradients, expected.gradients);
    await expectState(subject, expected.after!);
  });

  test.each(training)('%s: a run for each call', async (name) => {
    const { subject, expected } = await load(name);
    const sums: Named<HostTensor> = {};
    for (const [i, [inputName, x]] of [...Object.entries(expected.inputs).entries()]) {
      const step = await run(subject, { [inputName]: x }, [expected.cotangents[i]!], { train: true });
      expectClose(`output ${i}`, step.outputs[0]!, expected.outputs[i]!);
      for (const [key, t] of Object.entries(step.gradients)) {
        const present = sums[key]?.data as Float32Array | undefined;
        sums[key] = { ...t, data: (t.data as Float32Array).map((v, j) => v + (present?.[j] ?? 0)) };
      }
    }
    expectAll('gradient', sums, expected.gradients);
    await expectState(subject, expected.after!);
  });
});
