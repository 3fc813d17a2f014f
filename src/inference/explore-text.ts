/** Questions to models of text. */
import { UsageError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import type { Tokenizer } from '../data/tokenizers/index.js';
import { compile } from '../runtime/program.js';
import type { Answers, Explored, Queries } from './explore-queries.js';
import { generateText, readText } from './generation.js';
import { programOf } from './programs.js';

function tokenizerOf({ data }: Explored, operation: string): Tokenizer {
  if (data.text !== undefined) return data.text.tokenizer;
  throw new UsageError({ operation, expected: 'a language model', got: 'a model of another kind' });
}

export async function continueText(
  explored: Explored,
  { prompt, ...settings }: Queries['continue'],
): Promise<Answers['continue']> {
  const tokenizer = tokenizerOf(explored, 'generate');
  const tokens: { token: number; text: string; logProb: number }[] = [];
  let whole = '';
  for await (const event of generateText(explored.instance, tokenizer, prompt, settings)) {
    if (event.kind === 'token') tokens.push({ token: event.token, text: event.text, logProb: event.logProb });
    else if (event.kind === 'end') whole = event.text;
  }
  return { text: whole, tokens };
}

/** Tokens of a text whose attention is told, at most: more are no picture any more. */
const longest = 64;
/** Texts are filled up to multiples of this, so that few programs serve all lengths. */
const stretch = 16;

export async function attentionOf(explored: Explored, { prompt }: Queries['attention']): Promise<Answers['attention']> {
  const tokenizer = tokenizerOf(explored, 'attention');
  const { instance } = explored;
  const { language } = instance.capabilities;
  if (language?.form !== 'network' || language.attention === undefined) {
    throw new UsageError({
      operation: 'attention',
      expected: 'a transformer that reads from the left, such as gpt',
      got: 'a model without attention',
    });
  }
  const { attention, context = longest } = language;
  const tokens = tokenizer.encode(prompt);
  const n = tokens.length;
  const most = Math.min(longest, context);
  if (n < 1 || n > most) {
    throw new UsageError({
      operation: 'attention',
      expected: `a text of 1 to ${most} tokens`,
      got: `${n}`,
      remedy: n === 0 ? 'Write something.' : 'Shorten the text.',
    });
  }
  const program = programOf(instance, 'attention', () => compile((x: Tensor) => attention(x), { name: 'attention' }));
  const size = Math.min(context, Math.ceil(n / stretch) * stretch);
  const data = new Int32Array(size); // what comes after the text does not reach back into it
  data.set(tokens);
  const all = await program.run([{ shape: [1, size], dtype: 'int32', data }]); // [1, layers, heads, size, size]
  const [, layers, heads] = all.shape as [number, number, number];
  const weights = new Float32Array(layers * heads * n * n);
  for (let row = 0; row < layers * heads * n; row++) {
    const from = (Math.floor(row / n) * size + (row % n)) * size;
    weights.set((all.data as Float32Array).subarray(from, from + n), row * n);
  }
  return {
    prompt: Array.from(tokens, (token) => ({ token, text: tokenizer.decode([token]) })),
    weights: { shape: [layers, heads, n, n], dtype: 'float32', data: weights },
  };
}

export async function nextTokens(
  explored: Explored,
  { prompt, count = 50 }: Queries['nextTokens'],
): Promise<Answers['nextTokens']> {
  const tokenizer = tokenizerOf(explored, 'next tokens');
  const { tokens, logits } = await readText(explored.instance, tokenizer, prompt);
  const highest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const logSumExp = highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
  // −Σ p ln p; a token of probability 0 adds nothing
  const entropy = logits.reduce((sum, logit) => {
    const p = Math.exp(logit - logSumExp);
    return p === 0 ? sum : sum - p * (logit - logSumExp);
  }, 0);
  const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  const textOf = (token: number): string => tokenizer.decode([token]);
  return {
    prompt: tokens.map((token) => ({ token, text: textOf(token) })),
    tokens: order.slice(0, count).map((token) => {
      const logit = logits[token]!;
      return { token, text: textOf(token), logit, probability: Math.exp(logit - logSumExp) };
    }),
    entropy,
    logSumExp,
    vocabulary: logits.length,
  };
}
