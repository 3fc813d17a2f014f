/** `genera sample` of a model of text: what it writes on from a prompt, shown as it comes. */
import type { Command } from 'commander';
import { generateText, type LoadedRun, UsageError, writeTextFile } from '../node/index.js';
import { type Io, note, print } from './io.js';
import { integer } from './options.js';

export interface TextOptions {
  readonly prompt?: string;
  readonly maxNewTokens?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly repetitionPenalty?: number;
  readonly stop?: readonly string[];
  readonly cache?: boolean;
}

export function withTextOptions(command: Command): Command {
  return command
    .option('--prompt <text>', 'models of text: what they write on from')
    .option('--max-new-tokens <n>', 'tokens to write at most (default: 200)', integer('--max-new-tokens'))
    .option('--temperature <x>', 'above 1 bolder, below 1 safer, 0: always the most probable', number('--temperature'))
    .option('--top-k <n>', 'only the n most probable tokens', integer('--top-k'))
    .option('--top-p <x>', 'only the most probable tokens that have this probability together', number('--top-p'))
    .option('--repetition-penalty <x>', 'above 1: less of what has occurred', number('--repetition-penalty'))
    .option('--stop <text...>', 'texts that end the writing')
    .option('--no-cache', 'read the whole window for each token, as a check');
}

function number(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value)) return value;
    throw new UsageError({ operation: option, expected: 'a number', got: `'${text}'` });
  };
}

type Given = { readonly [K in keyof TextOptions]?: TextOptions[K] | undefined };

interface Request extends Given {
  readonly count: number;
  readonly seed: number;
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Writes `count` texts, of seeds `seed`, `seed + 1`, …: as they come, or into a .txt file, or as JSON. */
export async function sampleText(run: LoadedRun, request: Request, io: Io): Promise<void> {
  const { prompt = '', count, seed, out, json = false, ...settings } = request;
  if (out !== undefined && !/\.txt$/i.test(out)) {
    throw new UsageError({ operation: `write ${out}`, expected: 'a name that ends in .txt', got: `'${out}'` });
  }
  const streamed = !json && out === undefined;
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const texts: string[] = [];
  const start = performance.now();
  let tokens = 0;
  for (let i = 0; i < count; i++) {
    let shown = '';
    let begun = false;
    for await (const event of generateText(run.instance, run.tokenizer!, prompt, { ...given, seed: seed + i })) {
      if (streamed && !begun && event.kind !== 'slide') io.stdout.write(prompt);
      begun ||= event.kind !== 'slide';
      if (event.kind === 'token') {
        tokens++;
        shown += event.text;
        if (streamed) io.stdout.write(event.text);
      } else if (event.kind === 'end') {
        texts.push(prompt + event.text);
        if (streamed) io.stdout.write(`${event.text.slice(shown.length)}\n${i < count - 1 ? '\n' : ''}`);
      } else if (!begun) {
        note(io, `the prompt is longer than the context: the model sees it from token ${event.seenFrom} on`);
      }
    }
  }
  const seconds = (performance.now() - start) / 1000;
  if (out !== undefined) await writeTextFile(out, `${texts.join('\n\n')}\n`);
  const result = {
    run: run.directory,
    model: run.model.id,
    n: count,
    seed,
    prompt,
    samples: texts,
    tokens,
    seconds,
    out,
  };
  if (!streamed) print(io, result, { json, text: `${count === 1 ? 'text' : `${count} texts`} in ${out}` });
  else note(io, `${tokens} tokens, ${Math.round(tokens / seconds)} tokens/s`);
}
