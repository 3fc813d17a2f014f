/** Reads stored cases and computes value, gradients and second derivatives of many rows in one program. */
import { readFileSync } from 'node:fs';
import type { DType } from '../../../src/core/dtype.js';
import { fromNumbers } from '../../../src/core/dtype.js';
import { compile, grad, type HostTensor, Tensor } from '../../../src/node/index.js';
import type { OpFunction } from './table.js';

/** The results of one row. The gradients are those of L = Σ cotangent·output. */
export interface OpResults {
  outputs: HostTensor[];
  /** ∂L by each float32 input. */
  grads: HostTensor[];
  /** ∂S by each cotangent and each float32 input, S = Σ grads². */
  second: HostTensor[];
}

export interface OpCase extends Partial<OpResults> {
  readonly name: string;
  readonly inputs: HostTensor[];
  readonly outputs: HostTensor[];
  readonly cotangents?: HostTensor[];
  /** Whether finite differences make sense at these inputs. */
  readonly differences?: boolean;
}

interface StoredTensor {
  readonly shape: number[];
  readonly dtype: DType;
  readonly data: (number | string)[];
}

/** Reads tests/fixtures/<file>. */
export function readCases(file: string): Map<string, OpCase> {
  const text = readFileSync(new URL(`../../fixtures/${file}`, import.meta.url), 'utf8');
  const stored = JSON.parse(text, (_, value) => (isStored(value) ? toHost(value) : value)) as Record<string, OpCase>;
  return new Map(Object.entries(stored).map(([name, c]) => [name, { ...c, name }]));
}

function isStored(value: unknown): value is StoredTensor {
  return typeof value === 'object' && value !== null && 'dtype' in value && Array.isArray((value as StoredTensor).data);
}

function toHost({ shape, dtype, data }: StoredTensor): HostTensor {
  return { shape, dtype, data: fromNumbers(dtype, data.map(Number)) };
}

export const isFloat = (t: { dtype: DType }): boolean => t.dtype === 'float32';

/** The graph of one row: outputs, gradients, second derivatives, as far as the case has them stored. */
export function resultsOf(fn: OpFunction, { name, grads, second }: OpCase, inputs: Tensor[], cotangents: Tensor[]) {
  const trace = (): { outputs: Tensor[]; grads: Tensor[]; second: Tensor[] } => {
    const result = fn(...inputs);
    const outputs = result instanceof Tensor ? [result] : result;
    if (grads === undefined) return { outputs, grads: [], second: [] };
    const leaves = inputs.filter(isFloat);
    const loss = outputs.map((y, i) => y.mul(cotangents[i]!).sum()).reduce((a, b) => a.add(b));
    const first = grad(loss, leaves);
    if (second === undefined) return { outputs, grads: first, second: [] };
    const square = first.map((t) => t.square().sum()).reduce((a, b) => a.add(b));
    return { outputs, grads: first, second: grad(square, [...cotangents, ...leaves]) };
  };
  try {
    return trace();
  } catch (cause) {
    throw new Error(`row '${name}'`, { cause });
  }
}

export interface Row {
  readonly fn: OpFunction;
  readonly case: OpCase;
}

/** One program for all of `rows`: give it the inputs of each, get the results of each. */
export function programOf(rows: readonly Row[]) {
  const program = compile((inputs: Tensor[][], cotangents: Tensor[][]) =>
    rows.map(({ fn, case: c }, i) => resultsOf(fn, c, inputs[i]!, cotangents[i]!)),
  );
  const cotangents = rows.map((row) => row.case.cotangents ?? []);
  return (inputs: HostTensor[][]): Promise<OpResults[]> =>
    program.run([inputs, cotangents]) as unknown as Promise<OpResults[]>;
}
