/**
 * Exporting a function as a self-contained ONNX file: its variables become initializers under their own names, its
 * noise becomes an input, and the first axis of inputs and outputs is open, so that it runs at any batch size.
 */
import { allocate } from '../core/dtype.js';
import { topologicalOrder } from '../core/graph.js';
import {
  type FeedAttrs,
  feedOp,
  type InputAttrs,
  input,
  inputOp,
  traceCall,
  type VariableAttrs,
  variableOp,
} from '../core/leaves.js';
import type { TensorType } from '../core/op.js';
import { sizeOf } from '../core/shape.js';
import { simplify } from '../core/simplify.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import { Lowering, opset } from '../onnx/lower.js';
import { encodeModel, type OnnxValue } from '../onnx/proto.js';
import { prune } from '../onnx/prune.js';
import { type Backend, defaultBackend, type Value } from './backend.js';
import { compile } from './program.js';
import { readState, viewOf } from './state.js';

export type NamedTensors = Readonly<Record<string, Tensor>>;

export interface ExportOptions {
  readonly name: string;
  /** Types of the arguments by name, with 1 in the place of the batch size. */
  readonly inputs: Readonly<Record<string, TensorType>>;
  /** @param batch the batch size to trace for; results must have it as their first axis */
  readonly fn: (inputs: NamedTensors, batch: number) => NamedTensors;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly backend?: Backend;
}

export interface Exported {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it runs at any batch size; else at 1 only. */
  readonly openBatch: boolean;
}

/** Writes the function as ONNX; with an open batch size where a trial run at another size gives the same results. */
export async function exportOnnx(options: ExportOptions): Promise<Exported> {
  const open = await build(options, 2, true);
  if (await runsAt(open, options, 3)) return { bytes: open, openBatch: true };
  return { bytes: await build(options, 1, false), openBatch: false };
}

async function build(options: ExportOptions, batch: number, open: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const { name, inputs, fn, metadata } = options;
  const { result } = traceCall(() => fn(symbols(inputs, batch), batch));
  const results = Object.entries(result);
  const leaves = topologicalOrder(results.map(([, t]) => t));
  const variables = leaves
    .filter((node) => (node.op as unknown) === variableOp)
    .map((node) => (node.attrs as VariableAttrs).variable);
  const values = await readState(variables.map((v) => viewOf(v)));

  const opened = (shape: readonly number[]): (number | string)[] => (open ? ['batch', ...shape.slice(1)] : [...shape]);
  const graphInputs: OnnxValue[] = [];
  let noises = 0;
  const lowering: Lowering = new Lowering((leaf) => {
    switch (leaf.op as unknown) {
      case variableOp: {
        const { variable } = leaf.attrs as VariableAttrs;
        return lowering.initializer(variable.name, values.get(variable.name)!.data, variable.shape);
      }
      case inputOp: {
        const { name: inputName, type } = leaf.attrs as InputAttrs;
        graphInputs.push({ name: inputName, dtype: type.dtype, shape: opened(type.shape) });
        return inputName;
      }
      case feedOp: {
        const { type } = leaf.attrs as FeedAttrs;
        const noise = noises++ === 0 ? 'noise' : `noise_${noises}`;
        graphInputs.push({ name: noise, dtype: type.dtype, shape: opened(type.shape) });
        return noise;
      }
      default:
        return undefined;
    }
  });
  const names = lowering.lower(simplify(results.map(([, t]) => t)));
  const outputs = results.map(([outputName, t], i): OnnxValue => {
    lowering.copy(names[i]!, outputName);
    return { name: outputName, dtype: t.dtype, shape: opened(t.shape) };
  });
  const { nodes, initializers } = lowering;
  const model = prune({ name, opset, nodes, initializers, inputs: graphInputs, outputs });
  return encodeModel(metadata === undefined ? model : { ...model, metadata });
}

function symbols(inputs: Readonly<Record<string, TensorType>>, batch: number): NamedTensors {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype }]) => [
      name,
      input(name, { shape: [batch, ...shape.slice(1)], dtype }),
    ]),
  );
}

/** Whether the file, run at another batch size, gives what the function gives when traced for that size. */
async function runsAt(bytes: Uint8Array, options: ExportOptions, batch: number): Promise<boolean> {
  const { inputs, fn, backend = defaultBackend() } = options;
  const sampleInputs: Record<string, HostTensor> = {};
  for (const [name, { shape, dtype }] of Object.entries(inputs)) {
    const data = allocate(dtype, batch * sizeOf(shape.slice(1)));
    if (data instanceof Float32Array) for (let i = 0; i < data.length; i++) data[i] = ((i * 37) % 101) / 101;
    sampleInputs[name] = { shape: [batch, ...shape.slice(1)], dtype, data };
  }
  // Noise is taken from the trace, so that both sides see the same.
  const { result } = traceCall(() => fn(symbols(inputs, batch), batch));
  const noises = topologicalOrder(Object.values(result)).filter((node) => (node.op as unknown) === feedOp);
  const feeds: Record<string, Value> = {};
  noises.forEach((node, i) => {
    const { type, fill } = node.attrs as FeedAttrs;
    const data = allocate(type.dtype, sizeOf(type.shape));
    fill(data, { seed: 0, step: 0, firstRow: 0 });
    feeds[i === 0 ? 'noise' : `noise_${i + 1}`] = backend.fromHost({ ...type, data });
  });
  for (const [name, host] of Object.entries(sampleInputs)) feeds[name] = backend.fromHost(host);
  const fetches: Record<string, Value> = Object.fromEntries(
    Object.entries(result).map(([name, t]) => [name, backend.empty({ shape: t.shape, dtype: t.dtype })]),
  );
  const expected = await compile((args: NamedTensors) => fn(args, batch), { backend }).run([sampleInputs]);
  try {
    const session = await backend.createSession(bytes);
    await session.run(feeds, fetches).finally(() => session.release());
  } catch {
    return false;
  }
  for (const [name, host] of Object.entries(expected)) {
    const got = await backend.toHost(fetches[name]!);
    if (got.length !== host.data.length) return false;
    for (let i = 0; i < got.length; i++) {
      if (!(Math.abs(Number(got[i]) - Number(host.data[i])) <= 1e-5 * (1 + Math.abs(Number(host.data[i])))))
        return false;
    }
  }
  return true;
}
