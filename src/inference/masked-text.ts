/** What models that restore hidden tokens are used for: filling gaps, and vectors of texts. */
import type { MaskedLanguageModel, ModelInstance } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import type { Tokenizer } from '../data/tokenizers/index.js';
import { compile, type Program } from '../runtime/program.js';

/** How a hidden token is written. */
const maskText = '[MASK]';

export interface Guess {
  readonly token: number;
  readonly text: string;
  readonly probability: number;
}

interface Programs {
  readonly probabilities: Program<[Tensor], Tensor>;
  readonly vectors: Program<[Tensor], Tensor>;
}
const compiled = new WeakMap<MaskedLanguageModel, Programs>();

function need(instance: ModelInstance, operation: string): MaskedLanguageModel & Programs {
  const { masked } = instance.capabilities;
  if (masked === undefined) {
    throw new UsageError({
      operation,
      expected: 'a model that restores hidden tokens, such as bert',
      got: 'another one',
      remedy: "'genera list models' shows what each model can do.",
    });
  }
  const programs = compiled.get(masked) ?? {
    probabilities: compile((x: Tensor) => masked.logits(x).softmax(), { name: 'fill-mask' }),
    vectors: compile((x: Tensor) => masked.embed(x), { name: 'embed' }),
  };
  compiled.set(masked, programs);
  return { ...masked, ...programs };
}

function rowOf(tokens: readonly number[], { context }: MaskedLanguageModel, operation: string): HostTensor {
  if (tokens.length > 0 && tokens.length <= context) {
    return { shape: [1, tokens.length], dtype: 'int32', data: Int32Array.from(tokens) };
  }
  throw new UsageError({
    operation,
    expected: `a text of 1 to ${context} tokens`,
    got: `${tokens.length}`,
    remedy: tokens.length === 0 ? 'Give some text.' : 'Cut the text.',
  });
}

/**
 * The most probable tokens in the place of each [MASK] of a text, best first.
 * @throws UsageError for a text without [MASK], or one longer than the model's context
 */
export async function fillMask(
  instance: ModelInstance,
  tokenizer: Tokenizer,
  text: string,
  { count = 5 }: { readonly count?: number } = {},
): Promise<Guess[][]> {
  const model = need(instance, 'fill mask');
  const parts = text.split(maskText);
  if (parts.length < 2) {
    throw new UsageError({
      operation: 'fill mask',
      expected: `a text with ${maskText} in it`,
      got: JSON.stringify(text),
    });
  }
  const tokens = parts.flatMap((part, i) => [...(i === 0 ? [] : [model.mask]), ...tokenizer.encode(part)]);
  const data = (await model.probabilities.run([rowOf(tokens, model, 'fill mask')])).data as Float32Array;
  return tokens.flatMap((token, place) => {
    if (token !== model.mask) return [];
    const p = data.subarray(place * model.vocabulary, (place + 1) * model.vocabulary);
    const best = Array.from(p.keys()).sort((a, b) => p[b]! - p[a]! || a - b);
    return [best.slice(0, count).map((t) => ({ token: t, text: tokenizer.decode([t]), probability: p[t]! }))];
  });
}

/** One vector for each text. */
export async function embedTexts(
  instance: ModelInstance,
  tokenizer: Tokenizer,
  texts: readonly string[],
): Promise<Float32Array[]> {
  const model = need(instance, 'embed');
  const vectors: Float32Array[] = [];
  for (const text of texts) {
    const row = rowOf([...tokenizer.encode(text)], model, 'embed');
    vectors.push((await model.vectors.run([row])).data as Float32Array);
  }
  return vectors;
}
