/** `POST /v1/images/generations`: images of a run, in the shape of OpenAI's interface. */
import { z } from 'zod';
import { drawSamples, imagePng } from '../../node/index.js';
import { HttpError } from '../errors.js';
import { anySeed, checkFields, neutral, seedField } from './request.js';
import type { ServedRun } from './served.js';

const most = 100;

const fields = z.looseObject({
  model: z.string().nullish(),
  prompt: z.string().default(''),
  n: z.number().int().min(1).max(most).nullish(),
  size: z.string().nullish(),
  response_format: z.enum(['b64_json', 'url']).nullish(),
  output_format: neutral('png'),
  stream: neutral(false),
  seed: seedField,
  // Settings of models that sample in steps.
  steps: z.number().nullish(),
  sampler: z.string().nullish(),
  eta: z.number().nullish(),
  guidance: z.number().nullish(),
});

export type ImageRequest = z.output<typeof fields>;

export function imageRequest(value: unknown): ImageRequest {
  return checkFields('images', fields, value);
}

export interface ImageResponse {
  /** Seconds since 1970. */
  readonly created: number;
  readonly data: readonly { readonly b64_json?: string; readonly url?: string }[];
  /** With it the same request gives the same images. */
  readonly seed: number;
}

/** @throws HttpError 400 for a label or size that the model does not have; the signal's reason where it is aborted */
export async function generateImages(
  run: ServedRun,
  request: ImageRequest,
  signal: AbortSignal,
): Promise<ImageResponse> {
  const { prompt, n, size, response_format: format, steps, sampler, eta, guidance } = request;
  checkSize(run, size ?? 'auto');
  const label = labelIn(run, prompt);
  const seed = request.seed ?? anySeed();
  const given = Object.entries({ steps, sampler, eta, guidance }).filter(([, value]) => value != null);
  const count = n ?? 1;
  const samples = await drawSamples(run.instance, {
    count,
    seed,
    settings: Object.fromEntries(given),
    ...(label === undefined ? {} : { labels: [label] }),
    onProgress: () => signal.throwIfAborted(),
  });
  const data = Array.from({ length: count }, (_, i) => {
    const base64 = Buffer.from(imagePng(samples, i)).toString('base64');
    return format === 'url' ? { url: `data:image/png;base64,${base64}` } : { b64_json: base64 };
  });
  return { created: Math.floor(Date.now() / 1000), data, seed };
}

function checkSize({ id, config }: ServedRun, size: string): void {
  const [, H, W] = config.data.shape;
  if (size === 'auto' || size === `${W}x${H}`) return;
  throw new HttpError(
    400,
    { operation: `size of ${id}`, expected: `'${W}x${H}', the only one it draws, or 'auto'`, got: `'${size}'` },
    { code: 'invalid_size', field: 'size' },
  );
}

/**
 * The class that a prompt names: alone or among other words. Models without classes take no prompt, since they would not
 * heed it.
 */
function labelIn({ id, config, instance }: ServedRun, prompt: string): number | undefined {
  const { classes } = instance.capabilities;
  const labels = config.data.labels ?? [];
  const refuse = (expected: string, got: string): HttpError =>
    new HttpError(400, { operation: `prompt of ${id}`, expected, got }, { code: 'invalid_prompt', field: 'prompt' });
  if (classes === undefined) {
    if (prompt.trim() === '') return undefined;
    throw refuse("'', since the model cannot be told what to draw", JSON.stringify(prompt.slice(0, 60)));
  }
  const among = `one of its labels: ${labels.join(', ')}`;
  if (prompt.trim() === '') {
    if (classes.required) throw refuse(among, "''");
    return undefined;
  }
  const text = words(prompt);
  const named = labels.filter((label) => text.includes(words(label)));
  // 'shirt' is not meant where 't-shirt' is said.
  const meant = named.filter((label) => !named.some((other) => other !== label && words(other).includes(words(label))));
  if (meant.length === 1) return labels.indexOf(meant[0]!);
  throw refuse(among, meant.length === 0 ? JSON.stringify(prompt.slice(0, 60)) : `several: ${meant.join(', ')}`);
}

/** Lower case, a space before and after each word, and nothing else between them. */
function words(text: string): string {
  return ` ${text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .join(' ')} `;
}
