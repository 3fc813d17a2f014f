/** Generation and scoring with every language model. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.js';
import { allTokens } from '../../src/data/text.js';
import { ByteTokenizer } from '../../src/data/tokenizers/index.js';
import {
  type GenerationEvent,
  generateText,
  scoreText,
  windowStart,
  writeText,
} from '../../src/inference/generation.js';
import type { EvaluationContext } from '../../src/metrics/index.js';
import { scoreTokens } from '../../src/metrics/score-text.js';
import { bitsPerByte, bitsPerCharacter, perplexity } from '../../src/metrics/text.js';
import { trainedOnSentences } from './text-models.js';

const models = [
  ['gpt', 30, {}],
  ['gpt', 30, { positions: 'rotary', norm: 'rms', context: 20 }],
  ['lstm', 30, {}],
  ['ngram', 1, { order: 6 }],
] as const;

describe.each(models)('%s after %i steps %o', (id, steps, given) => {
  const made = trainedOnSentences(id, steps, given);

  it('writes the same with and without cache, at temperature 0 and at a seed, beyond its context too', async () => {
    const { trainer, data } = await made;
    const { tokenizer } = data.text!;
    for (const settings of [{ temperature: 0 }, { temperature: 0.9, seed: 3 }, { topK: 5, topP: 0.9, seed: 4 }]) {
      const write = (cache: boolean) =>
        writeText(trainer.instance, tokenizer, 'the old king ', { ...settings, maxNewTokens: 60, cache });
      const text = await write(true);
      expect([...text].length).toBe(60);
      expect(await write(false)).toBe(text);
    }
  });

  it('writes the same for the same seed, and other text for another', async () => {
    const { trainer, data } = await made;
    const write = (seed: number) => writeText(trainer.instance, data.text!.tokenizer, 'a', { maxNewTokens: 40, seed });
    expect(await write(1)).toBe(await write(1));
    expect(await write(1)).not.toBe(await write(2));
  });

  it('gives each token the same probability in scoring and in writing', async () => {
    const { trainer, data } = await made;
    const { tokenizer } = data.text!;
    const events: GenerationEvent[] = [];
    // Short enough for one window in both.
    for await (const event of generateText(trainer.instance, tokenizer, 'the', { maxNewTokens: 15, seed: 5 })) {
      events.push(event);
    }
    const written = events.flatMap((event) => (event.kind === 'token' ? [event] : []));
    const scored = await scoreText(trainer.instance, tokenizer, `the${written.map((e) => e.text).join('')}`);
    expect(scored.length).toBe(3 + 15 - 1);
    written.forEach(({ token, logProb }, i) => {
      expect(scored[i + 2]!.token).toBe(token);
      expect(scored[i + 2]!.logProb).toBeCloseTo(logProb, 4);
    });
  });

  it('gives probabilities that sum to one', async () => {
    const { trainer, data } = await made;
    const { tokenizer } = data.text!;
    const language = trainer.instance.capabilities.language!;
    const begin = tokenizer.encode('the ca');
    let total = 0;
    for (let token = 0; token < tokenizer.size; token++) {
      total += Math.exp((await scoreTokens(language, Int32Array.of(...begin, token))).at(-1)!);
    }
    expect(total).toBeCloseTo(1, 4);
  });

  it('has learnt something, and its three metrics are one sum divided by three counts', async () => {
    const { trainer, test } = await made;
    const context = {
      instance: trainer.instance,
      data: test,
      seed: 0,
      onProgress: () => {},
    } as unknown as EvaluationContext;
    const perToken = await perplexity(context);
    expect(perToken).toBeLessThan(test.text!.tokenizer.size * 0.75);
    const perCharacter = await bitsPerCharacter(context);
    expect(perCharacter).toBeCloseTo(Math.log2(perToken), 5); // one token is one character
    expect(await bitsPerByte(context)).toBeCloseTo(perCharacter, 5); // of one byte
  });
});

describe('writing', () => {
  const made = trainedOnSentences('gpt', 60, { learningRate: 3e-3 });

  it('ends before a stop text, of which nothing is shown', async () => {
    const { trainer, data } = await made;
    const shown: string[] = [];
    let last: GenerationEvent | undefined;
    for await (const event of generateText(trainer.instance, data.text!.tokenizer, 'the', {
      stop: ['e ', '. '],
      seed: 1,
    })) {
      if (event.kind === 'token') shown.push(event.text);
      last = event;
    }
    expect(last).toMatchObject({ kind: 'end', reason: 'stop' });
    expect(shown.join('')).toBe((last as { text: string }).text);
    expect(shown.join('')).not.toMatch(/e |\. /);
  });

  it('slides, and says so', async () => {
    const { trainer, data } = await made;
    const kinds = async (prompt: string, maxNewTokens: number) => {
      const found: GenerationEvent[] = [];
      for await (const event of generateText(trainer.instance, data.text!.tokenizer, prompt, { maxNewTokens }))
        found.push(event);
      return found.filter(({ kind }) => kind === 'slide');
    };
    expect(await kinds('the cat', 5)).toEqual([]);
    expect(await kinds('the cat '.repeat(20), 1)).toEqual([{ kind: 'slide', seenFrom: 128 }]);
    expect([0, 32, 33, 48, 49].map((n) => windowStart(n, 32))).toEqual([0, 0, 16, 16, 32]);
  });

  it('begins with nothing', async () => {
    const { trainer, data } = await made;
    expect([...(await writeText(trainer.instance, data.text!.tokenizer, '', { maxNewTokens: 7 }))].length).toBe(7);
  });

  it('refuses settings out of range, unknown characters and a foreign tokenizer', async () => {
    const { trainer, data } = await made;
    const { tokenizer } = data.text!;
    for (const settings of [
      { temperature: -1 },
      { topK: 1.5 },
      { topP: 0 },
      { repetitionPenalty: 0 },
      { maxNewTokens: -1 },
    ]) {
      await expect(writeText(trainer.instance, tokenizer, 'a', settings)).rejects.toThrow(UsageError);
    }
    await expect(writeText(trainer.instance, tokenizer, 'a €', {})).rejects.toThrow(/U\+20AC/);
    await expect(writeText(trainer.instance, new ByteTokenizer(), 'a', {})).rejects.toThrow(
      /tokenizer it was trained with/,
    );
  });

  it('counts bytes and characters of tokens that are several', async () => {
    const { trainer, test } = await trainedOnSentences('gpt', 5, { tokenizer: 'bpe' });
    const context = {
      instance: trainer.instance,
      data: test,
      seed: 0,
      onProgress: () => {},
    } as unknown as EvaluationContext;
    const tokens = allTokens(test.text!.tokens);
    const characters = test.text!.tokenizer.decode(tokens.subarray(1)).length;
    const bits = Math.log2(await perplexity(context)) * (tokens.length - 1);
    expect(await bitsPerCharacter(context)).toBeCloseTo(bits / characters, 6);
    expect(tokens.length).toBeLessThan(characters * 0.7);
  });
});
