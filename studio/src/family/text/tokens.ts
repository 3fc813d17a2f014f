/** Tokens as they are shown, and their probabilities at another temperature. */
import type { Answers } from '../../../../src/inference/explore-queries.js';

/** A token with its spaces and line ends visible. */
export const visible = (text: string): string => text.replace(/\n/g, '⏎').replace(/ /g, '␣');

interface Weighted {
  readonly text: string;
  readonly probability: number;
}

/**
 * The probabilities at another temperature, from the logits that are known: softmax(ℓ/T). The tokens that are not among
 * them share what was left to them at T = 1, spread as if they were all alike.
 */
export function reweigh(
  { tokens, logSumExp, vocabulary }: Answers['nextTokens'],
  temperature: number,
): { tokens: Weighted[]; entropy: number } {
  const known = tokens.map(({ logit }) => logit);
  const others = Math.max(0, vocabulary - known.length);
  const rest = Math.max(0, 1 - known.reduce((sum, logit) => sum + Math.exp(logit - logSumExp), 0));
  const restLogit = others === 0 || rest === 0 ? -Infinity : Math.log(rest / others) + logSumExp;
  const highest = Math.max(...known, restLogit);
  const weights = known.map((logit) => Math.exp((logit - highest) / temperature));
  const restWeight = restLogit === -Infinity ? 0 : Math.exp((restLogit - highest) / temperature);
  const total = weights.reduce((a, b) => a + b, 0) + others * restWeight;
  const surprise = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);
  const probabilities = weights.map((weight) => weight / total);
  return {
    tokens: tokens.map(({ text }, i) => ({ text, probability: probabilities[i]! })),
    entropy: probabilities.reduce((sum, p) => sum + surprise(p), 0) + others * surprise(restWeight / total),
  };
}
