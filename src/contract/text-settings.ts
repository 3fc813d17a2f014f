/** Settings that every model of text has: how text becomes tokens and windows. */
import { z } from 'zod';
import { UsageError } from '../core/errors.js';
import { textDefaults } from '../data/text.js';
import type { Tokenizer } from '../data/tokenizers/index.js';
import type { DataSpec } from './model.js';

export const textFields = {
  tokenizer: z
    .string()
    .default(textDefaults.tokenizer)
    .describe(
      'character, byte, bpe (trained on the text), or the path of a tokenizer.json or of a folder with GPT-2’s files.',
    ),
  vocabulary: z
    .number()
    .int()
    .min(257)
    .default(textDefaults.vocabulary)
    .describe('Tokens of a bpe tokenizer that is trained.'),
  context: z.number().int().min(1).default(64).describe('Tokens that a prediction can look back on.'),
};

/**
 * The tokenizer of data that a model of text is made for.
 * @throws UsageError where the data is no text, or has longer windows than the model's context
 */
export function tokenizerOf({ tokenizer, shape }: DataSpec, context: number): Tokenizer {
  if (tokenizer === undefined) {
    throw new UsageError({ operation: 'model of text', expected: 'data with a tokenizer', got: 'data without' });
  }
  if (shape[0]! - 1 <= context) return tokenizer;
  throw new UsageError({
    operation: 'model of text',
    expected: `windows of at most ${context} tokens, its context`,
    got: `${shape[0]! - 1}`,
    remedy: 'Load the text with the same context as the model.',
  });
}
