/** `POST /v1/completions`: text that goes on from a prompt, in the shape of OpenAI's interface. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { scoreText } from '../../node/index.js';
import { anySeed, checkFields, neutral } from './request.js';
import type { ServedRun } from './served.js';
import { textFields, type Usage, usageOf, type Written, write } from './text.js';

const fields = z.looseObject({
  ...textFields,
  prompt: z.union([z.string(), z.array(z.string()).min(1).max(100)]).nullish(),
  /** OpenAI's default as well. */
  max_tokens: z.number().int().min(0).max(1_000_000).default(16),
  echo: z.boolean().nullish(),
  logprobs: z.number().int().min(0).max(5).nullish(),
  suffix: neutral(''),
  best_of: neutral(1),
});

export type CompletionRequest = z.output<typeof fields>;

export function completionRequest(value: unknown): CompletionRequest {
  return checkFields('completions', fields, value);
}

interface LogProbs {
  readonly tokens: string[];
  /** null for the first token of a text, which nothing foretells. */
  readonly token_logprobs: (number | null)[];
  /** The most probable tokens in the place of each one that was written; null in the prompt, and where none were asked for. */
  readonly top_logprobs: readonly (Readonly<Record<string, number>> | null)[] | null;
  /** Where in the choice's text each token begins. */
  readonly text_offset: number[];
}

export interface CompletionChoice {
  readonly index: number;
  readonly text: string;
  readonly logprobs: LogProbs | null;
  readonly finish_reason: 'stop' | 'length' | null;
}

export interface Completion {
  readonly id: string;
  readonly object: 'text_completion';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly CompletionChoice[];
  readonly usage?: Usage | null;
}

/**
 * The completion in pieces, as they are written: choices one after the other, and the usage in the end. Choice i is drawn
 * with the seed plus i.
 */
export async function* streamCompletion(
  run: ServedRun,
  request: CompletionRequest,
  signal: AbortSignal,
): AsyncGenerator<Completion, void, undefined> {
  const { max_tokens: maxTokens, echo, logprobs, n } = request;
  const prompts = [request.prompt ?? ''].flat();
  const head = {
    id: `cmpl-${randomUUID()}`,
    object: 'text_completion',
    created: Math.floor(Date.now() / 1000),
    model: run.id,
  } as const;
  const seed = request.seed ?? anySeed();
  const each = n ?? 1;
  let [read, written] = [0, 0];
  for (let index = 0; index < prompts.length * each; index++) {
    const prompt = prompts[Math.floor(index / each)]!;
    let offset = 0;
    const choice = (text: string, tokens: readonly Told[], finish: CompletionChoice['finish_reason']): Completion => {
      const told = logprobs == null ? null : logProbsOf(tokens, offset, logprobs);
      offset += text.length;
      return { ...head, choices: [{ index, text, logprobs: told, finish_reason: finish }] };
    };
    if (index % each === 0) read += run.tokenizer!.encode(prompt).length;
    if (echo === true) yield choice(prompt, logprobs == null ? [] : await scored(run, prompt), null);
    const settings = { maxTokens, seed: seed + index, fields: request, alternatives: logprobs ?? 0 };
    for await (const piece of write(run, prompt, settings, signal)) {
      if (piece.kind === 'end') yield choice(piece.text, [], piece.reason);
      else {
        written++;
        yield choice(piece.text, [piece], null);
      }
    }
  }
  yield { ...head, choices: [], usage: usageOf(read, written) };
}

type Told = Pick<Written, 'text'> & Partial<Pick<Written, 'alternatives'>> & { readonly logProb: number | null };

/** The tokens of a prompt and their ln p. */
async function scored(run: ServedRun, prompt: string): Promise<Told[]> {
  const [first] = run.tokenizer!.encode(prompt);
  if (first === undefined) return [];
  return [
    { text: run.tokenizer!.decode([first]), logProb: null },
    ...(await scoreText(run.instance, run.tokenizer!, prompt)),
  ];
}

function logProbsOf(tokens: readonly Told[], offset: number, top: number): LogProbs {
  const starts: number[] = [];
  let at = offset;
  for (const { text } of tokens) {
    starts.push(at);
    at += text.length;
  }
  return {
    tokens: tokens.map(({ text }) => text),
    token_logprobs: tokens.map(({ logProb }) => logProb),
    top_logprobs:
      top === 0
        ? null
        : tokens.map(({ alternatives }) =>
            alternatives === undefined
              ? null
              : Object.fromEntries(alternatives.map(({ text, logProb }) => [text, logProb])),
          ),
    text_offset: starts,
  };
}

/** The pieces of a completion as a whole. */
export async function wholeCompletion(pieces: AsyncIterable<Completion>): Promise<Completion> {
  const choices: CompletionChoice[] = [];
  let last: Completion | undefined;
  for await (const piece of pieces) {
    last = piece;
    for (const { index, text, logprobs, finish_reason } of piece.choices) {
      const before = choices[index];
      choices[index] = {
        index,
        text: (before?.text ?? '') + text,
        logprobs: join(before?.logprobs ?? null, logprobs),
        finish_reason,
      };
    }
  }
  return { ...last!, choices };
}

function join(a: LogProbs | null, b: LogProbs | null): LogProbs | null {
  if (a === null || b === null) return a ?? b;
  return {
    tokens: [...a.tokens, ...b.tokens],
    token_logprobs: [...a.token_logprobs, ...b.token_logprobs],
    top_logprobs: a.top_logprobs === null ? b.top_logprobs : [...a.top_logprobs, ...(b.top_logprobs ?? [])],
    text_offset: [...a.text_offset, ...b.text_offset],
  };
}
