/** What `/v1/completions` and `/v1/chat/completions` have in common: their fields, and the writing itself. */
import { setImmediate as otherEvents } from 'node:timers/promises';
import { z } from 'zod';
import { type Alternative, type GenerationEvent, generateText } from '../../node/index.js';
import { neutral, seedField } from './request.js';
import type { ServedRun } from './served.js';

const most = 100;

export const textFields = {
  model: z.string().nullish(),
  temperature: z.number().min(0).max(100).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  /** Not OpenAI's. */
  top_k: z.number().int().min(0).nullish(),
  /** Not OpenAI's. */
  repetition_penalty: z.number().gt(0).nullish(),
  n: z.number().int().min(1).max(most).nullish(),
  seed: seedField,
  stop: z.union([z.string().min(1), z.array(z.string().min(1))]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  frequency_penalty: neutral(0),
  presence_penalty: neutral(0),
};

type TextFields = z.output<z.ZodObject<typeof textFields>>;

/** A token that was written. */
export interface Written {
  readonly text: string;
  /** ln p before temperature and cuts. */
  readonly logProb: number;
  /** The most probable tokens there, as many as were asked for. */
  readonly alternatives: readonly Alternative[];
}

/** What is written bit by bit. */
export type Piece =
  | ({ readonly kind: 'token' } & Written)
  /** `text` is what had not been given out yet. */
  | { readonly kind: 'end'; readonly reason: 'stop' | 'length'; readonly text: string };

/** Continues a prompt. @throws the signal's reason where it is aborted */
export async function* write(
  run: ServedRun,
  prompt: string,
  {
    maxTokens,
    seed,
    fields,
    alternatives,
  }: { maxTokens: number; seed: number; fields: TextFields; alternatives: number },
  signal: AbortSignal,
): AsyncGenerator<Piece, void, undefined> {
  const { temperature, top_p: topP, top_k: topK, repetition_penalty: repetitionPenalty, stop } = fields;
  const given = Object.entries({ temperature, topP, topK, repetitionPenalty }).filter(([, value]) => value != null);
  let shown = 0;
  for await (const event of generateText(run.instance, run.tokenizer!, prompt, {
    ...Object.fromEntries(given),
    maxNewTokens: maxTokens,
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    seed,
    alternatives,
  })) {
    // A model that is a table never waits, so what came meanwhile is let in here.
    await otherEvents();
    signal.throwIfAborted();
    if (event.kind === 'token') {
      shown += event.text.length;
      yield event;
    } else if (event.kind === 'end') {
      yield { kind: 'end', reason: reasonOf(event), text: event.text.slice(shown) };
    }
  }
}

function reasonOf({ reason }: GenerationEvent & { kind: 'end' }): 'stop' | 'length' {
  return reason === 'length' ? 'length' : 'stop';
}

/** Tokens that a request took; OpenAI's names. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export function usageOf(prompt: number, completion: number): Usage {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
