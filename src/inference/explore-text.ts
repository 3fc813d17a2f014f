/** Questions to models of text. */
import { UsageError } from '../core/errors.js';
import type { Tokenizer } from '../data/tokenizers/index.js';
import type { Answers, Explored, Queries } from './explore-queries.js';
import { generateText, readText } from './generation.js';

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
