/**
 * `POST /v1/chat/completions`: the same writing in the shape of a talk. genera's models of text are base models: nobody
 * has taught them to take turns, so the messages' texts, with a line break between two, are the prompt, and roles are not
 * told. With one message the model goes on from that text.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { anySeed, checkFields, neutral } from './request.js';
import type { ServedRun } from './served.js';
import { textFields, type Usage, usageOf, type Written, write } from './text.js';

const defaultTokens = 200;

const content = z.union([z.string(), z.array(z.looseObject({ type: z.literal('text'), text: z.string() }))]);
const tokens = z.number().int().min(0).max(1_000_000).nullish();

const fields = z.looseObject({
  ...textFields,
  messages: z.array(z.looseObject({ role: z.string(), content })).min(1),
  max_tokens: tokens,
  max_completion_tokens: tokens,
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  tools: neutral(null),
  functions: neutral(null),
});

export type ChatRequest = z.output<typeof fields>;

export function chatRequest(value: unknown): ChatRequest {
  return checkFields('chat completions', fields, value);
}

interface ChatToken {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}

interface ChatLogProbs {
  readonly content: readonly (ChatToken & { readonly top_logprobs: readonly ChatToken[] })[];
  readonly refusal: null;
}

interface ChunkChoice {
  readonly index: number;
  readonly delta: { readonly role?: 'assistant'; readonly content?: string };
  readonly logprobs: ChatLogProbs | null;
  readonly finish_reason: 'stop' | 'length' | null;
}

export interface ChatChunk {
  readonly id: string;
  readonly object: 'chat.completion.chunk';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly ChunkChoice[];
  readonly usage?: Usage | null;
}

function promptOf({ messages }: ChatRequest): string {
  const textOf = (part: ChatRequest['messages'][number]['content']): string =>
    typeof part === 'string' ? part : part.map(({ text }) => text).join('');
  return messages.map((message) => textOf(message.content)).join('\n');
}

/** The answer in pieces, as they are written, and the usage in the end. Choice i is drawn with the seed plus i. */
export async function* streamChat(
  run: ServedRun,
  request: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatChunk, void, undefined> {
  const head = {
    id: `chatcmpl-${randomUUID()}`,
    object: 'chat.completion.chunk',
    created: Math.floor(Date.now() / 1000),
    model: run.id,
  } as const;
  const prompt = promptOf(request);
  const read = run.tokenizer!.encode(prompt).length;
  const maxTokens = request.max_completion_tokens ?? request.max_tokens ?? defaultTokens;
  const seed = request.seed ?? anySeed();
  const alternatives = request.logprobs === true ? (request.top_logprobs ?? 0) : 0;
  let written = 0;
  for (let index = 0; index < (request.n ?? 1); index++) {
    const chunk = (
      delta: ChunkChoice['delta'],
      logprobs: ChatLogProbs | null,
      finish: ChunkChoice['finish_reason'],
    ): ChatChunk => ({ ...head, choices: [{ index, delta, logprobs, finish_reason: finish }] });
    yield chunk({ role: 'assistant', content: '' }, null, null);
    const settings = { maxTokens, seed: seed + index, fields: request, alternatives };
    for await (const piece of write(run, prompt, settings, signal)) {
      if (piece.kind === 'token') {
        written++;
        yield chunk({ content: piece.text }, request.logprobs === true ? told(piece) : null, null);
      } else {
        if (piece.text !== '') yield chunk({ content: piece.text }, null, null);
        yield chunk({}, null, piece.reason);
      }
    }
  }
  yield { ...head, choices: [], usage: usageOf(read, written) };
}

function told({ alternatives, ...token }: Written): ChatLogProbs {
  return { content: [{ ...tokenOf(token), top_logprobs: alternatives.map(tokenOf) }], refusal: null };
}

function tokenOf({ text, logProb }: Pick<Written, 'text' | 'logProb'>): ChatToken {
  return { token: text, logprob: logProb, bytes: [...new TextEncoder().encode(text)] };
}

/** The pieces of an answer as a whole, as OpenAI's `chat.completion`. */
export async function wholeChat(pieces: AsyncIterable<ChatChunk>): Promise<object> {
  const choices: { text: string; logprobs: ChatLogProbs | null; finish: ChunkChoice['finish_reason'] }[] = [];
  let last: ChatChunk | undefined;
  for await (const piece of pieces) {
    last = piece;
    for (const { index, delta, logprobs, finish_reason: finish } of piece.choices) {
      const { text, logprobs: before } = choices[index] ?? { text: '', logprobs: null };
      const joined = { content: [...(before?.content ?? []), ...(logprobs?.content ?? [])], refusal: null } as const;
      choices[index] = {
        text: text + (delta.content ?? ''),
        logprobs: before === null && logprobs === null ? null : joined,
        finish,
      };
    }
  }
  return {
    ...last!,
    object: 'chat.completion',
    choices: choices.map(({ text, logprobs, finish }, index) => ({
      index,
      message: { role: 'assistant', content: text, refusal: null },
      logprobs,
      finish_reason: finish,
    })),
  };
}
