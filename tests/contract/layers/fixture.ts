/** Reads nn.json, which `tests/fixtures/nn.py` writes: PyTorch's layers on given weights and inputs. */
import { readFileSync } from 'node:fs';
import type { DType, TypedArray } from '../../../src/core/dtype.js';
import type { HostTensor } from '../../../src/core/tensor.js';

type Encoded = [dtype: DType, shape: number[], base64: string];
type EncodedCase = {
  [K in keyof Case]: Case[K] extends HostTensor[] ? Encoded[] : Record<string, Encoded>;
};

export interface Case {
  /** The state_dict before the first call. */
  state: Record<string, HostTensor>;
  inputs: Record<string, HostTensor>;
  outputs: HostTensor[];
  /** ∂L/∂output, of each output. */
  cotangents: HostTensor[];
  /** ∂L/∂t by the names of the inputs and the parameters. */
  gradients: Record<string, HostTensor>;
  /** The state_dict after all calls, where the layer was training. */
  after?: Record<string, HostTensor>;
}

const encoded = JSON.parse(readFileSync(new URL('../../fixtures/nn.json', import.meta.url), 'utf8')) as Record<
  string,
  EncodedCase
>;

export const caseNames = Object.keys(encoded);

export function caseOf(name: string): Case {
  const { state, inputs, outputs, cotangents, gradients, after } = encoded[name]!;
  return {
    state: decodeAll(state),
    inputs: decodeAll(inputs),
    outputs: outputs.map(decode),
    cotangents: cotangents.map(decode),
    gradients: decodeAll(gradients),
    ...(after === undefined ? {} : { after: decodeAll(after as Record<string, Encoded>) }),
  };
}

function decodeAll(tensors: Record<string, Encoded>): Record<string, HostTensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, decode(t)]));
}

function decode([dtype, shape, base64]: Encoded): HostTensor {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return { dtype, shape, data: arrayOf(dtype, bytes) };
}

function arrayOf(dtype: DType, bytes: Uint8Array<ArrayBuffer>): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(bytes.buffer);
    case 'int64':
      return new BigInt64Array(bytes.buffer);
    default:
      return bytes;
  }
}
