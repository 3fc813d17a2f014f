/** Directories as Hugging Face has them, in and out: config.json, model.safetensors, tokenizer files. */
import { join } from 'node:path';
import { resolveSettings } from '../contract/index.js';
import { FormatError, UsageError } from '../core/errors.js';
import type { BpeTokenizer } from '../data/tokenizers/index.js';
import {
  gpt2ConfigOf,
  settingsFromGpt2,
  vocabularyOf,
  weightsFromGpt2,
  weightsToGpt2,
} from '../inference/gpt2-layout.js';
import { findModel } from '../models/index.js';
import { decodeSafetensors, encodeSafetensors } from '../runtime/safetensors.js';
import { readVariables } from '../runtime/state.js';
import { jsonText } from '../util/json-text.js';
import { readIfThere, readJsonObject, writeFileWhole } from './files.js';
import { RunStore } from './run-store.js';
import { type LoadedRun, loadRun } from './runs.js';
import { readTokenizer } from './text-data.js';
import { versions } from './versions.js';

/**
 * Makes a run of a GPT-2 model in Hugging Face's layout; it can be sampled from, measured and exported like one that was
 * trained here.
 * @param out directory of the run, new or empty
 * @param data id of the data set that it is to be measured on
 * @throws FormatError where files are missing, damaged, of another architecture, or do not belong together
 */
export async function importHuggingFace(
  directory: string,
  out: string,
  { data = 'sentences' } = {},
): Promise<LoadedRun> {
  const configPath = join(directory, 'config.json');
  const settings = resolveSettings(findModel('gpt'), {
    ...settingsFromGpt2(await readJsonObject(configPath), configPath),
    tokenizer: 'bpe',
  });
  const weightsPath = join(directory, 'model.safetensors');
  const bytes = await readIfThere(weightsPath);
  if (bytes === undefined) {
    throw new FormatError({
      operation: `read ${weightsPath}`,
      expected: 'weights in the safetensors format',
      got: 'no file',
      remedy: 'Save the model with safe_serialization=True, in one file.',
    });
  }
  const weights = weightsFromGpt2(decodeSafetensors(bytes, weightsPath).tensors, weightsPath);
  const tokenizer = await readTokenizer(directory);
  const vocabulary = vocabularyOf(weights, weightsPath);
  if (tokenizer.size !== vocabulary) {
    throw new FormatError({
      operation: `read ${directory}`,
      expected: `a tokenizer of ${vocabulary} tokens, as many as the weights have`,
      got: `one of ${tokenizer.size}`,
      remedy: 'Put the tokenizer that the model was trained with beside it.',
    });
  }
  const store = await RunStore.create(out, {
    model: 'gpt',
    settings,
    seed: 0,
    data: { id: data, kind: 'text', shape: [Number(settings.context) + 1], checksum: '' },
    totalSteps: 1,
    device: 'cpu',
    every: { log: 10, samples: 0, checkpoints: 0 },
    versions,
    created: new Date().toISOString(),
  });
  try {
    await store.writeTokenizer(tokenizer.toJson());
    await store.writeWeights(weights, 0);
  } finally {
    await store.close();
  }
  return loadRun(out);
}

/**
 * Writes a `gpt` run in Hugging Face's layout: config.json, generation_config.json, model.safetensors with the names of
 * GPT2LMHeadModel, tokenizer.json, and vocab.json with merges.txt where the tokenizer is a BPE.
 * @returns paths of the files
 * @throws UsageError for another model, or options that GPT-2 does not have
 */
export async function writeHuggingFace(
  { model, instance, config, tokenizer }: LoadedRun,
  directory: string,
): Promise<string[]> {
  if (model.id !== 'gpt' || tokenizer === undefined) {
    throw new UsageError({
      operation: `export ${model.id} to Hugging Face's layout`,
      expected: 'a gpt model',
      got: model.id,
      remedy: 'Export it as ONNX.',
    });
  }
  const end = tokenizer.endOfText;
  const weights = weightsToGpt2(await readVariables(instance.module.variables()));
  const files: Record<string, Uint8Array | string> = {
    'config.json': jsonText(gpt2ConfigOf(config.settings, tokenizer.size, end)),
    'generation_config.json': jsonText({ ...(end === undefined ? {} : { bos_token_id: end, eos_token_id: end }) }),
    'model.safetensors': encodeSafetensors(weights, { format: 'pt' }),
    'tokenizer.json': jsonText(tokenizer.toJson()),
    ...(tokenizer.kind === 'bpe' ? gpt2Files(tokenizer as BpeTokenizer) : {}),
  };
  for (const [name, content] of Object.entries(files)) await writeFileWhole(join(directory, name), content);
  return Object.keys(files).map((name) => join(directory, name));
}

function gpt2Files(tokenizer: BpeTokenizer): Record<string, string> {
  const { vocab, merges } = tokenizer.toJson().model as { vocab: Record<string, number>; merges: string[] };
  const files = { 'vocab.json': JSON.stringify(vocab), 'merges.txt': `#version: 0.2\n${merges.join('\n')}\n` };
  const config = { tokenizer_class: 'GPT2Tokenizer', add_prefix_space: tokenizer.prefixSpace };
  return { ...files, 'tokenizer_config.json': jsonText(config) };
}
