/** `genera import`: a model of Hugging Face's as a run. */
import type { Command } from 'commander';
import { importHuggingFace } from '../node/index.js';
import { type Context, print } from './io.js';
import { type JsonOption, withJson } from './options.js';

interface ImportOptions extends JsonOption {
  readonly out: string;
  readonly data?: string;
}

export function addImport(program: Command, { io }: Context): void {
  const command = program
    .command('import')
    .summary("make a run of a GPT-2 model in Hugging Face's layout")
    .description('Makes a run of a GPT-2 model: config.json, model.safetensors and tokenizer files in one directory.')
    .argument('<dir>', 'directory with the model')
    .requiredOption('--out <run>', 'run directory to make')
    .option('--data <id>', "data set that 'genera eval' measures it on (default: sentences)");
  withJson(command).action(async (directory: string, { out, data, json }: ImportOptions) => {
    const run = await importHuggingFace(directory, out, data === undefined ? {} : { data });
    print(io, { run: out, model: run.model.id }, { json, text: `${run.model.id} of ${directory} is in ${out}` });
  });
}
