/** `genera score`, `genera fill-mask` and `genera classify`: what a model of text thinks of a text. */
import type { Command } from 'commander';
import { classifyTexts, fillMask, type LoadedRun, loadRun, scoreText, UsageError, useDevice } from '../node/index.js';
import { type Context, print, table } from './io.js';
import { integer, type RunOptions, withJson, withRun } from './options.js';

function tokenizerOf({ tokenizer, model }: LoadedRun, operation: string): NonNullable<LoadedRun['tokenizer']> {
  if (tokenizer !== undefined) return tokenizer;
  throw new UsageError({
    operation,
    expected: 'a run of a model of text',
    got: `one of ${model.id}`,
    remedy: "'genera list models' shows which models are trained on text.",
  });
}

export function addScore(program: Command, { io }: Context): void {
  const command = program
    .command('score')
    .summary('probability of each token of a text')
    .description('Prints ln p of each token of a text but the first, given those before it, in nats.');
  withRun(command).argument('<text>', 'the text');
  withJson(command).action(async (directory: string, text: string, options: RunOptions) => {
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint: options.checkpoint });
    const tokens = await scoreText(run.instance, tokenizerOf(run, 'score'), text);
    const nats = -tokens.reduce((sum, { logProb }) => sum + logProb, 0);
    const perplexity = tokens.length === 0 ? undefined : Math.exp(nats / tokens.length);
    const rows = tokens.map((t) => [
      JSON.stringify(t.text),
      t.logProb.toFixed(4),
      `${(100 * Math.exp(t.logProb)).toFixed(2)} %`,
    ]);
    const total = `${nats.toFixed(4)} nats in ${tokens.length} tokens${perplexity === undefined ? '' : `, perplexity ${perplexity.toFixed(4)}`}`;
    const result = { run: directory, model: run.model.id, text, tokens, nats, perplexity };
    print(io, result, { json: options.json, text: `${table(rows)}\n${total}` });
  });
}

interface FillOptions extends RunOptions {
  readonly topK: number;
}

export function addFillMask(program: Command, { io }: Context): void {
  const command = program
    .command('fill-mask')
    .summary('what hidden tokens of a text may be')
    .description('Prints the most probable tokens in the place of each [MASK] of a text; for models such as bert.');
  withRun(command)
    .argument('<text>', 'the text, with [MASK] where a token is hidden')
    .option('--top-k <n>', 'how many for each', integer('--top-k', { least: 1 }), 5);
  withJson(command).action(async (directory: string, text: string, options: FillOptions) => {
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint: options.checkpoint });
    const masks = await fillMask(run.instance, tokenizerOf(run, 'fill-mask'), text, { count: options.topK });
    const rows = masks.flatMap((guesses, i) =>
      guesses.map((guess) => [`${i + 1}`, JSON.stringify(guess.text), `${(100 * guess.probability).toFixed(2)} %`]),
    );
    print(io, { run: directory, model: run.model.id, text, masks }, { json: options.json, text: table(rows) });
  });
}

export function addClassify(program: Command, { io }: Context): void {
  const command = program
    .command('classify')
    .summary('which class a text is of')
    .description('Prints the probability of each class for each text; for models that were trained on labelled texts.');
  withRun(command).argument('<text...>', 'the texts');
  withJson(command).action(async (directory: string, texts: string[], options: RunOptions) => {
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint: options.checkpoint });
    const { labels = [], shape } = run.config.data;
    const context = shape[0]! - 1;
    const guesses = await classifyTexts(run.instance, tokenizerOf(run, 'classify'), texts, { labels, context });
    const rows = guesses.flatMap((classes, i) =>
      classes.map(({ label, probability }, k) => [
        k === 0 ? JSON.stringify(texts[i]) : '',
        label,
        `${(100 * probability).toFixed(2)} %`,
      ]),
    );
    const classes = guesses.map((found, i) => ({ text: texts[i]!, classes: found }));
    print(io, { run: directory, model: run.model.id, texts: classes }, { json: options.json, text: table(rows) });
  });
}
