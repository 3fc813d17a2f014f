/** The ONNX files of a model: one for each thing it can do. */
import type { ModelInstance } from '../contract/index.js';
import type { Shape } from '../core/shape.js';
import { Rng } from '../random/rng.js';
import { type Exported, type ExportOptions, exportOnnx } from '../runtime/export.js';

/**
 * ONNX files by name: `encode.onnx` (x → mean, log_variance), `decode.onnx` (z → x), `reconstruct.onnx`
 * (x → reconstruction), `sample.onnx` (noise → sample), as far as the model has the capability. Images are [batch, C,
 * H, W] in 0…1.
 * @param shape of one item
 */
export async function exportModel(
  { capabilities }: ModelInstance,
  shape: Shape,
  metadata: Readonly<Record<string, string>>,
): Promise<Map<string, Exported>> {
  const { encode, decode, reconstruct, sample, latent } = capabilities;
  const rng = new Rng({ stream: 'export' });
  const items = { shape: [1, ...shape], dtype: 'float32' } as const;
  const parts: Omit<ExportOptions, 'metadata'>[] = [];
  if (encode !== undefined) {
    parts.push({
      name: 'encode',
      inputs: { x: items },
      fn: ({ x }) => {
        const { mean, logVariance } = encode(x!);
        return { mean, ...(logVariance === undefined ? {} : { log_variance: logVariance }) };
      },
    });
  }
  if (decode !== undefined && latent !== undefined) {
    const codes = { shape: [1, ...latent.shape], dtype: 'float32' } as const;
    parts.push({ name: 'decode', inputs: { z: codes }, fn: ({ z }) => ({ x: decode(z!) }) });
  }
  if (reconstruct !== undefined) {
    parts.push({
      name: 'reconstruct',
      inputs: { x: items },
      fn: ({ x }) => ({ reconstruction: reconstruct(x!, { rng }) }),
    });
  }
  if (sample !== undefined) {
    parts.push({ name: 'sample', inputs: {}, fn: (_, count) => ({ sample: sample({ count, rng }) }) });
  }
  const files = new Map<string, Exported>();
  for (const part of parts) files.set(`${part.name}.onnx`, await exportOnnx({ ...part, metadata }));
  return files;
}
