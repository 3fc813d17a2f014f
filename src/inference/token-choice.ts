/** Choosing the next token from logits: temperature, repetition penalty, top-k, top-p, and the draw. */
import { UsageError } from '../core/errors.js';
import { RandomSequence } from '../random/sequence.js';

export interface ChoiceSettings {
  /** Logits are divided by it; 0 takes the most probable token. Default 1. */
  readonly temperature?: number;
  /** Only the k most probable tokens; 0: all. */
  readonly topK?: number;
  /** Only the most probable tokens that together have this probability (Holtzman et al. 2020); 1: all. */
  readonly topP?: number;
  /**
   * Logits of tokens that occurred are divided by it where positive, multiplied where negative (Keskar et al. 2019);
   * 1: off.
   */
  readonly repetitionPenalty?: number;
}

/** @throws UsageError for a setting out of range */
export function checkChoice({ temperature = 1, topK = 0, topP = 1, repetitionPenalty = 1 }: ChoiceSettings): void {
  const wrong = (name: string, expected: string, got: number): UsageError =>
    new UsageError({ operation: `generate, ${name}`, expected, got: String(got) });
  if (!(temperature >= 0 && temperature < Infinity)) throw wrong('temperature', 'a number ≥ 0', temperature);
  if (!Number.isInteger(topK) || topK < 0) throw wrong('top-k', 'a whole number ≥ 0', topK);
  if (!(topP > 0 && topP <= 1)) throw wrong('top-p', 'a number in 0…1, 0 excluded', topP);
  if (!(repetitionPenalty > 0 && repetitionPenalty < Infinity)) {
    throw wrong('repetition penalty', 'a number > 0', repetitionPenalty);
  }
}

/** Draws of generated tokens. */
const site = 0x7e47;

/**
 * The token after `text`.
 * @param logits [vocabulary]; not changed
 * @param seed with the length of the text it settles the draw, so it does not matter how the text came about
 */
export function chooseToken(
  logits: Float32Array,
  text: readonly number[],
  { seed, ...settings }: ChoiceSettings & { readonly seed: number },
): number {
  const { temperature = 1, topK = 0, topP = 1, repetitionPenalty = 1 } = settings;
  const scores = Float64Array.from(logits);
  if (repetitionPenalty !== 1) {
    for (const token of new Set(text)) {
      scores[token] = scores[token]! > 0 ? scores[token]! / repetitionPenalty : scores[token]! * repetitionPenalty;
    }
  }
  if (temperature === 0) return scores.reduce((best, score, token) => (score > scores[best]! ? token : best), 0);
  const few = (topK > 0 && topK < scores.length) || topP < 1;
  const tokens = Int32Array.from(scores.keys());
  if (few) tokens.sort((a, b) => scores[b]! - scores[a]! || a - b);
  const count = topK > 0 ? Math.min(topK, scores.length) : scores.length;
  let highest = -Infinity;
  for (const score of scores) highest = Math.max(highest, score);
  const weights = Float64Array.from({ length: count }, (_, i) =>
    Math.exp((scores[tokens[i]!]! - highest) / temperature),
  );
  let total = weights.reduce((sum, weight) => sum + weight, 0);
  if (topP < 1) {
    let kept = 0;
    const end = weights.findIndex((weight) => {
      kept += weight;
      return kept >= topP * total;
    });
    if (end >= 0) {
      weights.fill(0, end + 1);
      total = kept;
    }
  }
  let left = new RandomSequence({ seed, site, step: text.length }).uniform() * total;
  for (let i = 0; i < count; i++) {
    left -= weights[i]!;
    if (left < 0) return tokens[i]!;
  }
  return tokens[0]!; // rounding: the draw fell beyond the sum
}
