/** `genera export`: a trained model as ONNX files. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadRun, useDevice, writeHuggingFace, writeOnnx } from '../node/index.js';
import { type Context, print, table } from './io.js';
import { oneOf, type RunOptions, withJson, withRun } from './options.js';

interface ExportOptions extends RunOptions {
  readonly out?: string;
  readonly format: 'onnx' | 'huggingface';
}

export function addExport(program: Command, { io }: Context): void {
  const command = program
    .command('export')
    .summary('write a trained model as ONNX files')
    .description('Writes a trained model as ONNX files, one for each thing it can do; any ONNX runtime opens them.');
  withRun(command)
    .option('--out <dir>', 'directory of the files (default: RUN/onnx or RUN/huggingface)')
    .option(
      '--format <name>',
      "onnx, or huggingface: a gpt model in GPT-2's layout, with its tokenizer",
      oneOf('--format', ['onnx', 'huggingface']),
      'onnx',
    );
  withJson(command).action(async (directory: string, options: ExportOptions) => {
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint: options.checkpoint });
    if (options.format === 'huggingface') {
      const paths = await writeHuggingFace(run, options.out ?? join(directory, 'huggingface'));
      print(io, { run: directory, model: run.model.id, files: paths }, { json: options.json, text: paths.join('\n') });
      return;
    }
    const files = await writeOnnx(run, options.out ?? join(directory, 'onnx'));
    const rows = files.map(({ path, bytes, openBatch }) => [
      path,
      `${(bytes / 1e6).toFixed(2)} MB`,
      openBatch ? 'any batch size' : 'batch size 1',
    ]);
    print(io, { run: directory, model: run.model.id, files }, { json: options.json, text: table(rows) });
  });
}
