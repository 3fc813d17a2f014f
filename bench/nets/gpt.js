/** genera's GPT-2 with a character vocabulary: the same as nanoGPT's, with AdamW and clipped gradients. */
import gpt from '../../dist/models/gpt.js';
import { fromModel } from './from-model.js';

/** @returns {import('./net.js').Net} */
export default function create({ positions, vocabulary, layers, heads, width, batch }) {
  const data = { kind: 'text', shape: [positions + 1], tokenizer: { size: vocabulary } };
  const net = fromModel(gpt, { context: positions, layers, heads, width, batchSize: batch }, data);
  // Sampling needs the logits after the last token.
  const forward = (tokens) => net.capabilities.language.logits(tokens).narrow(1, positions - 1, 1);
  return { ...net, classes: vocabulary, forward, input: [positions] };
}
