/** The ONNX files of a model: one for each thing it can do. */
import type { ModelInstance } from '../contract/index.js';
import type { Shape } from '../core/shape.js';
import { Rng } from '../random/rng.js';
import { type Exported, type ExportOptions, exportOnnx } from '../runtime/export.js';

/**
 * ONNX files by name: `encode.onnx` (x → mean, log_variance), `decode.onnx` (z → x), `reconstruct.onnx`
 * (x → reconstruction), `logits.onnx` (tokens int32 [batch, context] → logits of the tokens that follow, or of what hidden
 * ones are), `classify.onnx` (x → logits), `features.onnx` (x → features, and logits where the model
 * classifies: what `genera eval --extractor` takes), `sample.onnx` (noise → sample), `denoiser.onnx` (x, time → output; with
 * `label` where the network is told one, the number of classes standing for none), as far as the model has the
 * capability. Images are [batch, C, H, W] in 0…1. Models that must be told a class take `label`, int32 [batch], as well.
 * @param shape of one item
 */
export async function exportModel(
  { capabilities }: ModelInstance,
  shape: Shape,
  metadata: Readonly<Record<string, string>>,
): Promise<Map<string, Exported>> {
  const { encode, decode, reconstruct, classify, features, sample, latent, classes, language, masked } = capabilities;
  const { denoiser } = capabilities;
  const rng = new Rng({ stream: 'export' });
  const isText = language !== undefined || masked !== undefined;
  const items = { shape: [1, ...shape], dtype: isText ? 'int32' : 'float32' } as const;
  const label = classes?.required === true ? { label: { shape: [1], dtype: 'int32' } as const } : {};
  const parts: Omit<ExportOptions, 'metadata'>[] = [];
  if (encode !== undefined) {
    parts.push({
      name: 'encode',
      inputs: { x: items, ...label },
      fn: ({ x, label: labels }) => {
        const { mean, logVariance } = encode(x!, { labels });
        return { mean, ...(logVariance === undefined ? {} : { log_variance: logVariance }) };
      },
    });
  }
  if (decode !== undefined && latent !== undefined) {
    const codes = { shape: [1, ...latent.shape], dtype: 'float32' } as const;
    parts.push({
      name: 'decode',
      inputs: { z: codes, ...label },
      fn: ({ z, label: labels }) => ({ x: decode(z!, { labels }) }),
    });
  }
  if (reconstruct !== undefined) {
    parts.push({
      name: 'reconstruct',
      inputs: { x: items, ...label },
      fn: ({ x, label: labels }) => ({ reconstruction: reconstruct(x!, { rng, labels }) }),
    });
  }
  if (classify !== undefined) {
    parts.push({ name: 'classify', inputs: { x: items }, fn: ({ x }) => ({ logits: classify(x!) }) });
  }
  if (features !== undefined) {
    parts.push({
      name: 'features',
      inputs: { x: items },
      fn: ({ x }) => ({ features: features(x!), ...(classify === undefined ? {} : { logits: classify(x!) }) }),
    });
  }
  const network = language?.form === 'network' ? language : masked;
  if (network !== undefined) {
    const tokens = { shape: [1, shape[0]! - 1], dtype: 'int32' } as const;
    parts.push({ name: 'logits', inputs: { tokens }, fn: (given) => ({ logits: network.logits(given.tokens!) }) });
  }
  if (sample !== undefined) {
    parts.push({
      name: 'sample',
      inputs: label,
      fn: ({ label: labels }, count) => ({ sample: sample({ count, rng, labels }) }),
    });
  }
  if (denoiser !== undefined) {
    const told = classes === undefined ? {} : { label: { shape: [1], dtype: 'int32' } as const };
    parts.push({
      name: 'denoiser',
      inputs: { x: items, time: { shape: [1], dtype: 'float32' }, ...told },
      fn: ({ x, time, label: labels }) => ({ output: denoiser(x!, time!, { labels }) }),
    });
  }
  const files = new Map<string, Exported>();
  for (const part of parts) files.set(`${part.name}.onnx`, await exportOnnx({ ...part, metadata }));
  return files;
}
