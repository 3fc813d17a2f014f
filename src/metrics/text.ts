/** Metrics of language models. One sum of nats, divided by different counts: they are never to be confused. */
import type { DataSet } from '../data/data-set.js';
import { allTokens } from '../data/text.js';
import type { EvaluationContext } from './contract.js';
import { scoreTokens } from './score-text.js';

interface TextScore {
  /** −Σ ln p of all tokens but the first. */
  readonly nats: number;
  readonly tokens: number;
  /** UTF-8 bytes, and characters (code points), that these tokens stand for. */
  readonly bytes: number;
  readonly characters: number;
  /** Parts between white space. */
  readonly words: number;
}

const known = new WeakMap<DataSet, WeakMap<object, Promise<TextScore>>>();

/** The text is read once for all metrics. */
function scoreOf({ instance, data, onProgress }: EvaluationContext): Promise<TextScore> {
  const language = instance.capabilities.language!;
  const ofData = known.get(data) ?? new WeakMap<object, Promise<TextScore>>();
  known.set(data, ofData);
  const score = ofData.get(language) ?? measure();
  ofData.set(language, score);
  return score;

  async function measure(): Promise<TextScore> {
    const { tokens, tokenizer } = data.text!;
    const all = allTokens(tokens);
    const scores = await scoreTokens(language, all, { onProgress });
    let [nats, bytes, characters, words] = [0, 0, 0, 0];
    let between = true;
    scores.forEach((score, i) => {
      nats -= score;
      for (const byte of tokenizer.bytesOf(all[i + 1]!)) {
        bytes++;
        if ((byte & 0xc0) !== 0x80) characters++; // not a continuation byte
        const space = byte === 32 || (byte >= 9 && byte <= 13);
        if (between && !space) words++;
        between = space;
      }
    });
    return { nats, tokens: scores.length, bytes, characters, words };
  }
}

/** e^(−mean ln p) of a token. Comparable between models of one tokenizer only. */
export async function perplexity(context: EvaluationContext): Promise<number> {
  const { nats, tokens } = await scoreOf(context);
  return Math.exp(nats / tokens);
}

/** e^(−Σ ln p / words), whatever the tokens: words are the parts between white space of ASCII. */
export async function wordPerplexity(context: EvaluationContext): Promise<number> {
  const { nats, words } = await scoreOf(context);
  return Math.exp(nats / words);
}

/** −Σ log₂ p of the tokens, divided by the characters that they stand for. */
export async function bitsPerCharacter(context: EvaluationContext): Promise<number> {
  const { nats, characters } = await scoreOf(context);
  return nats / Math.LN2 / characters;
}

/** −Σ log₂ p of the tokens, divided by the UTF-8 bytes that they stand for. */
export async function bitsPerByte(context: EvaluationContext): Promise<number> {
  const { nats, bytes } = await scoreOf(context);
  return nats / Math.LN2 / bytes;
}
