/**
 * ONNX Runtime in Node on a GPU. With WebGPU, the state stays in buffers of the GPU between runs: a session leaves its
 * resident outputs there, and the next run is given them as they are. ONNX Runtime offers JavaScript no such memory for
 * CUDA, so there each run takes the state along.
 */
import { type InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { DType, TypedArray } from '../core/dtype.js';
import { BackendError } from '../core/errors.js';
import type { TensorType } from '../core/op.js';
import type { HostTensor } from '../core/tensor.js';
import { opset } from '../onnx/lower.js';
import { encodeModel } from '../onnx/proto.js';
import type { Backend, Session, SessionOptions, Value } from '../runtime/backend.js';
import { aheadThread } from './ahead.js';
import { buildSession, fault, zeros } from './sessions.js';

/** A value whose memory is exchanged when a run has made a new one. */
class DeviceValue implements Value {
  readonly shape: TensorType['shape'];
  readonly dtype: TensorType['dtype'];
  /** Undefined until something was written. */
  ort: OrtTensor | undefined;

  constructor({ shape, dtype }: TensorType, ort?: OrtTensor) {
    this.shape = shape;
    this.dtype = dtype;
    this.ort = ort;
  }

  /** What a run has made takes the place of the memory that was here. */
  take(ort: OrtTensor): void {
    this.dispose();
    this.ort = ort;
  }

  dispose(): void {
    if (this.ort?.location === 'gpu-buffer') this.ort.dispose();
    this.ort = undefined;
  }

  /** For a run: zeros where nothing was written yet. */
  get tensor(): OrtTensor {
    this.ort ??= new OrtTensor(this.dtype, zeros(this), this.shape);
    return this.ort;
  }
}

export interface DeviceBackendOptions {
  readonly id: 'webgpu' | 'cuda';
  /** Name of the adapter. */
  readonly adapter: string;
}

/** @param options what `devices.ts` has found */
export function deviceBackend({ id, adapter }: DeviceBackendOptions): Backend {
  return {
    id,
    description: `ONNX Runtime, ${id === 'cuda' ? 'CUDA' : 'WebGPU'}, ${adapter}`,
    ahead: aheadThread(),
    createSession: (model, options) => createSession(id, model, options),
    fromHost: ({ shape, dtype, data }: HostTensor) =>
      new DeviceValue({ shape, dtype }, new OrtTensor(dtype, data, shape)),
    empty: (type) => new DeviceValue(type),
    toHost: async (value) => {
      const { tensor } = value as DeviceValue;
      return (tensor.location === 'gpu-buffer' ? await download(tensor) : tensor.data) as TypedArray;
    },
  };
}

const copiers = new Map<DType, Promise<InferenceSession>>();

/** A graph of one copy, built once; one that could not be built is tried again at the next call. */
function copierOf(dtype: DType): Promise<InferenceSession> {
  const present = copiers.get(dtype);
  if (present !== undefined) return present;
  const model = encodeModel({
    name: 'copy',
    opset,
    nodes: [{ opType: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} }],
    initializers: [],
    inputs: [{ name: 'x', dtype, shape: ['n'] }],
    outputs: [{ name: 'y', dtype, shape: ['n'] }],
  });
  const copier = buildSession(model, { executionProviders: ['webgpu'] });
  copiers.set(dtype, copier);
  copier.catch(() => copiers.delete(dtype));
  return copier;
}

/** onnxruntime-node 1.30 cannot read a buffer of the GPU (its `getData` ends the process): a copier can. */
async function download(tensor: OrtTensor): Promise<OrtTensor['data']> {
  const { type, dims } = tensor;
  if (dims.length !== 1)
    throw new BackendError({ operation: 'read from the device', expected: 'a flat state', got: `rank ${dims.length}` });
  try {
    const { y } = await (await copierOf(type as DType)).run({ x: tensor });
    return y!.data;
  } catch (cause) {
    throw fault('read from the device', cause);
  }
}

async function createSession(
  id: DeviceBackendOptions['id'],
  model: Uint8Array,
  { resident = [] }: SessionOptions = {},
): Promise<Session> {
  const kept = Object.fromEntries(resident.map((name) => [name, 'gpu-buffer'] as const));
  const session = await buildSession(model, {
    executionProviders: [id],
    ...(id === 'webgpu' && resident.length > 0 ? { preferredOutputLocation: kept } : {}),
  });
  return {
    run: async (feeds, fetches) => {
      const given = Object.entries(feeds).map(([name, value]) => [name, (value as DeviceValue).tensor] as const);
      let made: InferenceSession.OnnxValueMapType;
      try {
        made = await session.run(Object.fromEntries(given), Object.keys(fetches));
      } catch (cause) {
        throw fault('run a session', cause);
      }
      for (const [name, value] of Object.entries(fetches)) (value as DeviceValue).take(made[name] as OrtTensor);
    },
    release: () => session.release(),
  };
}
