/**
 * Feature extractors: networks that turn images into the numbers that generated and real ones are compared in. Any ONNX
 * file serves whose one input is images, float32 [N, C, H, W] with values in 0…1, and whose output `features`, or its
 * first, is [N, D] (or [N, D, 1, 1]); an output `logits`, [N, K], gives classes as well. What else a network wants of
 * its images, such as other values than 0…1, belongs into the file.
 */
import { FormatError, UsageError } from '../core/errors.js';
import { formatShape, sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import { readSignature, type SignatureValue } from '../onnx/signature.js';
import { type Backend, defaultBackend, type Session } from '../runtime/backend.js';
import { sha256 } from '../util/sha256.js';
import { fitImages } from './fit-images.js';
import type { Rows } from './rows.js';

/** Images that are turned into features at once, where the file does not say how many. */
const batchSize = 64;

export interface Extracted {
  /** [N, D] */
  readonly features: Rows;
  /** softmax of the logits, [N, K], where the network classifies. */
  readonly probabilities?: Rows;
}

export interface FeatureExtractor {
  readonly id: string;
  /** Of the file: figures of different extractors must never be compared. */
  readonly sha256: string;
  /** Numbers in the features of an image. */
  readonly width: number;
  /** Names of the classes, where it tells classes and the file says what they are. */
  readonly labels?: readonly string[];
  /** Whether it takes images [C, H, W] as they are; others are repeated in colour and resized. */
  takes(shape: readonly number[]): boolean;
  /** Features of images [N, C, H, W] with values in 0…1. */
  extract(images: HostTensor, onProgress?: (fraction: number) => void): Promise<Extracted>;
}

/**
 * The extractor in an ONNX file.
 * @param id name that figures are printed with
 * @throws FormatError where the file is not one
 */
export async function onnxExtractor(
  bytes: Uint8Array,
  id: string,
  { backend = defaultBackend() }: { backend?: Backend } = {},
): Promise<FeatureExtractor> {
  const { inputs, outputs, metadata } = readSignature(bytes, id);
  const input = inputs[0];
  const features = outputs.find(({ name }) => name === 'features') ?? outputs[0]!;
  const logits = outputs.find(({ name }) => name === 'logits' && name !== features.name);
  if (inputs.length !== 1 || input?.type !== 1 || input.shape.length !== 4 || input.shape[1] === undefined) {
    throw misfit(id, 'one input, float32 images [N, C, H, W]', inputs);
  }
  for (const output of outputs) {
    const known = output.type === 1 && output.shape.length >= 2 && !output.shape.slice(1).includes(undefined);
    if (!known) throw misfit(id, 'outputs float32 [N, D] of known D', outputs);
  }
  const [batch = batchSize, C, H, W] = input.shape as [number | undefined, number, number?, number?];
  const sizeOfOutput = (value: SignatureValue): number[] => value.shape.slice(1) as number[];
  const width = sizeOf(sizeOfOutput(features));
  const labels = logits === undefined ? undefined : labelsOf(metadata, sizeOf(sizeOfOutput(logits)));
  let session: Promise<Session> | undefined;

  return {
    id,
    sha256: sha256(bytes),
    width,
    ...(labels === undefined ? {} : { labels }),
    takes: ([c, h, w]) => c === C && (H === undefined || h === H) && (W === undefined || w === W),
    async extract(images, onProgress = () => undefined) {
      const [N, c, h, w] = images.shape as [number, number, number, number];
      if (images.shape.length !== 4) {
        throw new UsageError({ operation: id, expected: 'images [N, C, H, W]', got: formatShape(images.shape) });
      }
      session ??= backend.createSession(bytes);
      const values = new Float32Array(N * width);
      const scores = logits === undefined ? undefined : new Float32Array(N * sizeOf(sizeOfOutput(logits)));
      const target = [C, H ?? h, W ?? w] as const;
      for (let first = 0; first < N; first += batch) {
        const used = Math.min(batch, N - first);
        const part = images.data.subarray(first * c * h * w, (first + used) * c * h * w) as Float32Array;
        const data = fitImages(part, [used, c, h, w], target, batch);
        const feeds = { [input.name]: backend.fromHost({ shape: [batch, ...target], dtype: 'float32', data }) };
        const empty = (value: SignatureValue) =>
          backend.empty({ shape: [batch, ...sizeOfOutput(value)], dtype: 'float32' });
        const fetches = Object.fromEntries(outputs.map((value) => [value.name, empty(value)]));
        await (await session).run(feeds, fetches);
        const take = async (value: SignatureValue, to: Float32Array): Promise<void> => {
          const each = sizeOf(sizeOfOutput(value));
          const all = (await backend.toHost(fetches[value.name]!)) as Float32Array;
          to.set(all.subarray(0, used * each), first * each);
        };
        await take(features, values);
        if (logits !== undefined) await take(logits, scores!);
        onProgress((first + used) / N);
      }
      return {
        features: { count: N, width, values },
        ...(scores === undefined ? {} : { probabilities: softmaxRows(scores, N) }),
      };
    },
  };
}

function misfit(id: string, expected: string, values: readonly SignatureValue[]): FormatError {
  const shapes = values.map(({ name, shape }) => `${name} [${shape.map((size) => size ?? '?').join(', ')}]`);
  return new FormatError({
    operation: `feature extractor ${id}`,
    expected,
    got: shapes.join(', ') || 'none',
    remedy: 'Export the network again with this input and these outputs.',
  });
}

/** Classes as the file's metadata name them: a JSON list under `labels`. */
function labelsOf({ labels }: Readonly<Record<string, string>>, count: number): readonly string[] | undefined {
  if (labels === undefined) return undefined;
  const names: unknown = JSON.parse(labels);
  return Array.isArray(names) && names.length === count ? names.map(String) : undefined;
}

function softmaxRows(logits: Float32Array, count: number): Rows {
  const width = count === 0 ? 0 : logits.length / count;
  const values = new Float64Array(logits.length);
  for (let i = 0; i < count; i++) {
    const row = logits.subarray(i * width, (i + 1) * width);
    const most = Math.max(...row);
    let total = 0;
    for (const logit of row) total += Math.exp(logit - most);
    for (const [k, logit] of row.entries()) values[i * width + k] = Math.exp(logit - most) / total;
  }
  return { count, width, values };
}
