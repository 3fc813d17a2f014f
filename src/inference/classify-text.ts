/** Which class a text is of, by a model that was fine-tuned on labelled texts. */
import type { ModelInstance } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import { fitted } from '../data/text-sets.js';
import type { Tokenizer } from '../data/tokenizers/index.js';
import { compile } from '../runtime/program.js';
import { programOf } from './programs.js';

export interface ClassGuess {
  readonly label: string;
  readonly probability: number;
}

/**
 * The classes of each text, most probable first. Texts are cut to the context, or filled up, as in training.
 * @param labels names of the classes; context: tokens that the model sees
 * @throws UsageError where the model does not classify, for no texts, or for an empty one
 */
export async function classifyTexts(
  instance: ModelInstance,
  tokenizer: Tokenizer,
  texts: readonly string[],
  { labels, context }: { readonly labels: readonly string[]; readonly context: number },
): Promise<ClassGuess[][]> {
  const { classify } = instance.capabilities;
  if (classify === undefined) {
    throw new UsageError({
      operation: 'classify',
      expected: 'a model that tells classes apart',
      got: 'another one',
      remedy: 'Fine-tune one: genera train bert --from RUN --data FILE.jsonl:text:label --set task=classify.',
    });
  }
  if (texts.length === 0 || texts.includes('')) {
    throw new UsageError({
      operation: 'classify',
      expected: 'one text or more, none of them empty',
      got: texts.length === 0 ? 'none' : 'an empty text',
    });
  }
  const program = programOf(instance, 'classify', () =>
    compile((x: Tensor) => classify(x).softmax(), { name: 'classify' }),
  );
  const guesses: ClassGuess[][] = [];
  for (const text of texts) {
    const data = fitted(text, tokenizer, context + 1); // the model does not look at the last
    const row = await program.run([{ shape: [1, context + 1], dtype: 'int32', data }]);
    const all = Array.from(row.data as Float32Array, (probability, k) => ({ label: labels[k]!, probability }));
    guesses.push(all.sort((a, b) => b.probability - a.probability));
  }
  return guesses;
}
