/** Asks ONNX Runtime how it keeps blocked images on this processor, by looking at one. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { opset } from '../onnx/lower.js';
import { encodeModel } from '../onnx/proto.js';

const channels = 64;
const type = { dtype: 'float32', shape: [1, channels, 1, 2] } as const;

/**
 * Channels in one block: 16 with AVX-512, 8 with AVX; 1 where ONNX Runtime has no blocked convolution. An image of two
 * pixels, x[c, p] = 2c + p, is put into blocks: the first value that is not channel 1, 2, … of pixel 0 begins pixel 1.
 */
export async function blockSize(): Promise<number> {
  const model = encodeModel({
    name: 'blocks',
    opset,
    nodes: [{ opType: 'ReorderInput', domain: 'com.microsoft.nchwc', inputs: ['x'], outputs: ['y'], attributes: {} }],
    initializers: [],
    inputs: [{ name: 'x', ...type }],
    outputs: [{ name: 'y', ...type }],
  });
  try {
    const session = await InferenceSession.create(model, { logSeverityLevel: 4, intraOpNumThreads: 1 });
    const x = Float32Array.from({ length: 2 * channels }, (_, i) => i);
    const { y } = await session.run({ x: new Tensor('float32', x, type.shape) });
    await session.release();
    const block = (y!.data as Float32Array).findIndex((value, i) => value !== 2 * i);
    return block > 0 && block < channels && y!.data[block] === 1 ? block : 1;
  } catch {
    return 1;
  }
}
