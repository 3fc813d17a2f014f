/** Writing on: text that a language model continues, token by token. */
import type { LanguageModel, LanguageNetwork, ModelInstance } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import { StreamingDecoder, type Tokenizer } from '../data/tokenizers/index.js';
import { type HostState, hostInteger, ownCopy, scoreTokens, writeRows } from '../metrics/score-text.js';
import { compile, type Program } from '../runtime/program.js';
import { type ChoiceSettings, checkChoice, chooseToken } from './token-choice.js';

export interface GenerationSettings extends ChoiceSettings {
  /** Tokens to write at most; default 200. */
  readonly maxNewTokens?: number;
  /** Texts that end the writing; they are not part of it. */
  readonly stop?: readonly string[];
  readonly seed?: number;
  /** Whether what has been read is remembered; false reads the whole window for every token. Default true. */
  readonly cache?: boolean;
  /** Most probable tokens that are told beside the one that is written; default 0. */
  readonly alternatives?: number;
}

/** A token that might have been written; logProb is its ln p before temperature and cuts. */
export interface Alternative {
  readonly token: number;
  readonly text: string;
  readonly logProb: number;
}

export type GenerationEvent =
  /** The window moved on: the model no longer sees the text before this token. */
  | { readonly kind: 'slide'; readonly seenFrom: number }
  /** A token; `text` is what has become readable with it, logProb its ln p before temperature and cuts. */
  | {
      readonly kind: 'token';
      readonly token: number;
      readonly text: string;
      readonly logProb: number;
      readonly alternatives: readonly Alternative[];
    }
  /** Why it ended. `text` is the whole continuation. */
  | { readonly kind: 'end'; readonly reason: 'length' | 'stop' | 'end-of-text'; readonly text: string };

/** @throws UsageError where the model is no language model */
function languageOf({ capabilities: { language } }: ModelInstance, operation: string): LanguageModel {
  if (language !== undefined) return language;
  throw new UsageError({
    operation,
    expected: 'a language model',
    got: 'a model of another kind',
    remedy: "'genera list models' shows which ones are trained on text.",
  });
}

/**
 * Continues a text. The draw of a token depends on the seed and its position alone.
 *
 * A model with a bounded context sees a window of the text's end. When the window is full it moves on by half of its
 * length; the same with a cache and without, so both write the same text.
 * @throws UsageError for settings out of range, characters the tokenizer does not know, a tokenizer of another size
 */
export async function* generateText(
  instance: ModelInstance,
  tokenizer: Tokenizer,
  prompt: string,
  settings: GenerationSettings = {},
): AsyncGenerator<GenerationEvent, void, undefined> {
  const { maxNewTokens = 200, stop = [], seed = 0, cache = true, alternatives: told = 0 } = settings;
  const language = languageOf(instance, 'generate');
  checkTokenizer(language, tokenizer);
  checkChoice(settings);
  if (!Number.isInteger(maxNewTokens) || maxNewTokens < 0) {
    throw new UsageError({ operation: 'generate', expected: 'a whole number of new tokens', got: `${maxNewTokens}` });
  }
  const text = begun(tokenizer, prompt);
  const reader = readerOf(language, cache);
  const decoder = new StreamingDecoder(tokenizer);
  const longest = Math.max(0, ...stop.map((s) => s.length));
  let written = '';
  let shown = 0;
  let seenFrom = 0;
  for (let i = 0; i < maxNewTokens; i++) {
    const from = windowStart(text.length, language.context);
    if (from !== seenFrom) yield { kind: 'slide', seenFrom: from };
    seenFrom = from;
    const logits = await reader.after(text);
    const token = chooseToken(logits, text, { ...settings, seed });
    text.push(token);
    const end = token === tokenizer.endOfText;
    written += end ? decoder.end() : decoder.push(token);
    const cut = stop.map((s) => written.indexOf(s)).filter((at) => at >= 0);
    const stopped = cut.length > 0;
    if (stopped) written = written.slice(0, Math.min(...cut));
    // What may be the beginning of a stop text is held back.
    const ready = end || stopped ? written.length : heldBack(written, stop, longest);
    const total = logSum(logits);
    const alternatives = highest(logits, told).map((other) => ({
      token: other,
      text: tokenizer.decode([other]),
      logProb: logits[other]! - total,
    }));
    yield { kind: 'token', token, text: written.slice(shown, ready), logProb: logits[token]! - total, alternatives };
    shown = Math.max(shown, ready);
    if (end || stopped) {
      yield { kind: 'end', reason: end ? 'end-of-text' : 'stop', text: written };
      return;
    }
  }
  const rest = decoder.end();
  yield { kind: 'end', reason: 'length', text: written + rest };
}

/** The whole continuation at once. */
export async function writeText(
  instance: ModelInstance,
  tokenizer: Tokenizer,
  prompt: string,
  settings: GenerationSettings = {},
): Promise<string> {
  for await (const event of generateText(instance, tokenizer, prompt, settings)) {
    if (event.kind === 'end') return event.text;
  }
  return '';
}

/**
 * A text as the model reads it, and the logits [vocabulary] of the token after it; ln p where the model is a table.
 * @throws UsageError as `generateText`
 */
export async function readText(
  instance: ModelInstance,
  tokenizer: Tokenizer,
  prompt: string,
): Promise<{ readonly tokens: readonly number[]; readonly logits: Float32Array }> {
  const language = languageOf(instance, 'next tokens');
  checkTokenizer(language, tokenizer);
  const tokens = begun(tokenizer, prompt);
  return { tokens, logits: await readerOf(language, true).after(tokens) };
}

/** ln p of each token of a text but the first, which the model has nothing to foretell by. */
export async function scoreText(
  instance: ModelInstance,
  tokenizer: Tokenizer,
  text: string,
): Promise<{ token: number; text: string; logProb: number }[]> {
  const language = languageOf(instance, 'score');
  checkTokenizer(language, tokenizer);
  const tokens = tokenizer.encode(text);
  const scores = await scoreTokens(language, tokens);
  return Array.from(scores, (logProb, i) => {
    const token = tokens[i + 1]!;
    return { token, text: tokenizer.decode([token]), logProb };
  });
}

function checkTokenizer({ vocabulary }: LanguageModel, { kind, size }: Tokenizer): void {
  if (size === vocabulary) return;
  throw new UsageError({
    operation: 'model of text',
    expected: `the tokenizer it was trained with, of ${vocabulary} tokens`,
    got: `a ${kind} tokenizer of ${size}`,
    remedy: 'Put the right tokenizer.json beside the weights.',
  });
}

/** A prompt's tokens; at least one, since a text needs a beginning: the end of another one, or a new line. */
function begun(tokenizer: Tokenizer, prompt: string): number[] {
  const tokens = [...tokenizer.encode(prompt)];
  return tokens.length > 0 ? tokens : [tokenizer.endOfText ?? beginning(tokenizer)];
}

function beginning(tokenizer: Tokenizer): number {
  try {
    return tokenizer.encode('\n')[0] ?? 0;
  } catch {
    return 0;
  }
}

/** Length of the text that cannot be part of a stop text any more. */
function heldBack(written: string, stop: readonly string[], longest: number): number {
  for (let n = Math.min(longest - 1, written.length); n > 0; n--) {
    if (stop.some((s) => s.startsWith(written.slice(-n)))) return written.length - n;
  }
  return written.length;
}

/** ln Σ eˡ: what is taken from a logit to make it ln p. */
function logSum(logits: Float32Array): number {
  let highest = -Infinity;
  for (const logit of logits) highest = Math.max(highest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - highest);
  return highest + Math.log(sum);
}

/** The `count` tokens of the highest logits, from the highest. */
function highest(logits: Float32Array, count: number): number[] {
  if (count === 0) return [];
  return Array.from(logits.keys())
    .sort((a, b) => logits[b]! - logits[a]! || a - b)
    .slice(0, count);
}

/** Where the window begins in a text of n tokens: at 0, or as many halves of the context on as needed. */
export function windowStart(n: number, context: number | undefined): number {
  if (context === undefined || n <= context) return 0;
  const half = Math.max(1, Math.floor(context / 2));
  return Math.ceil((n - context) / half) * half;
}

/** Gives the logits of the token after a text. */
interface Reader {
  after(text: readonly number[]): Promise<Float32Array>;
}

function readerOf(language: LanguageModel, cache: boolean): Reader {
  if (language.form === 'table') return { after: async (text) => language.predict(text) };
  if (cache || language.context === undefined) return new CachedReader(language, cache);
  return new WindowReader(language, language.context);
}

const windowPrograms = new WeakMap<LanguageNetwork, Program<[Tensor], Tensor>>();

/** Reads the whole window each time. */
class WindowReader implements Reader {
  readonly #program: Program<[Tensor], Tensor>;
  readonly #language: LanguageNetwork;
  readonly #context: number;

  constructor(language: LanguageNetwork, context: number) {
    this.#program = windowPrograms.get(language) ?? compile((x: Tensor) => language.logits(x), { name: 'window' });
    windowPrograms.set(language, this.#program);
    this.#language = language;
    this.#context = context;
  }

  async after(text: readonly number[]): Promise<Float32Array> {
    const window = text.slice(windowStart(text.length, this.#context));
    const data = new Int32Array(this.#context); // what comes after the window does not reach back into it
    data.set(window);
    const logits = await this.#program.run([{ shape: [1, this.#context], dtype: 'int32', data }]);
    const V = this.#language.vocabulary;
    return (logits.data as Float32Array).slice((window.length - 1) * V, window.length * V);
  }
}

/** Tokens of a prompt that are read in one run. */
const chunk = 16;

type State = Readonly<Record<string, Tensor>>;
interface ReadPrograms {
  readonly start: Program<[], State>;
  readonly read: Program<[Tensor, State, Tensor], { logits: Tensor; state: State; rows: State }>;
}
const readPrograms = new WeakMap<LanguageNetwork, ReadPrograms>();

/** Reads only what is new; the state holds the rest. */
class CachedReader implements Reader {
  readonly #language: LanguageNetwork;
  readonly #programs: ReadPrograms;
  readonly #cache: boolean;
  #state: Record<string, HostTensor> | undefined;
  #from = 0;
  #read = 0;

  constructor(language: LanguageNetwork, cache: boolean) {
    this.#language = language;
    this.#cache = cache;
    this.#programs = readPrograms.get(language) ?? {
      start: compile(() => language.start(1), { name: 'start' }),
      read: compile(
        (x: Tensor, state: State, position: Tensor) => {
          const { logits, state: changed = {}, rows = {} } = language.read(x, state, position);
          return { logits, state: changed, rows };
        },
        { name: 'read' },
      ),
    };
    readPrograms.set(language, this.#programs);
  }

  async after(text: readonly number[]): Promise<Float32Array> {
    const from = windowStart(text.length, this.#language.context);
    if (this.#state === undefined || from !== this.#from || !this.#cache) {
      const start = (await this.#programs.start.run([])) as HostState;
      this.#state = Object.fromEntries(Object.entries(start).map(([name, host]) => [name, ownCopy(host)]));
      this.#from = from;
      this.#read = 0;
    }
    const window = text.slice(from);
    let logits: HostTensor | undefined;
    while (this.#read < window.length) {
      const size = window.length - this.#read >= chunk ? chunk : 1;
      const data = Int32Array.from(window.slice(this.#read, this.#read + size));
      const x: HostTensor = { shape: [1, size], dtype: 'int32', data };
      const result = await this.#programs.read.run([x, this.#state, hostInteger(this.#read)]);
      Object.assign(this.#state, result.state);
      for (const [name, rows] of Object.entries(result.rows as HostState)) {
        writeRows(this.#state[name]!, rows, this.#read);
      }
      this.#read += size;
      logits = result.logits as HostTensor;
    }
    return (logits!.data as Float32Array).slice(-this.#language.vocabulary);
  }
}
