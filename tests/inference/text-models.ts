/** Small models of text, trained for some steps, for tests. */
import { resolveSettings } from '../../src/contract/index.js';
import type { DataSet } from '../../src/data/data-set.js';
import { findDataSet } from '../../src/data/registry.js';
import type { TokenizerKind } from '../../src/data/text.js';
import { findModel } from '../../src/models/index.js';
import '../../src/node/index.js';
import { Trainer } from '../../src/train/trainer.js';

export async function trainedOnSentences(
  id: string,
  steps: number,
  { tokenizer = 'character' as TokenizerKind, ...given }: Record<string, unknown> & { tokenizer?: TokenizerKind } = {},
): Promise<{ trainer: Trainer; data: DataSet; test: DataSet }> {
  const model = findModel(id);
  const settings = resolveSettings(model, { steps, ...given }, { preset: 'tiny' });
  const text = { tokenizer, context: Number(settings.context), vocabulary: 300 };
  const data = await findDataSet('sentences').load('train', { text });
  const test = await findDataSet('sentences').load('test', { text: { ...text, tokenizer: data.text!.tokenizer } });
  const trainer = new Trainer({ model, settings, data, seed: 1 });
  for (let i = 0; i < steps; i++) await trainer.step();
  return { trainer, data, test };
}
