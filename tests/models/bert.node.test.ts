import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../src/contract/index.js';
import { UsageError } from '../../src/core/errors.js';
import { allTokens } from '../../src/data/text.js';
import { defineLabelledTextDataSet, sentences } from '../../src/data/text-sets.js';
import { dataSpecOf, instantiate } from '../../src/inference/instance.js';
import { embedTexts, fillMask } from '../../src/inference/masked-text.js';
import type { EvaluationContext } from '../../src/metrics/index.js';
import { maskedAccuracy } from '../../src/metrics/masked.js';
import bert from '../../src/models/bert.js';
import { Trainer } from '../../src/train/trainer.js';
import { trainedOnSentences } from '../inference/text-models.js';

describe('bert', () => {
  const made = trainedOnSentences('bert', 250, { learningRate: 3e-3 });

  it('beats the most frequent character on hidden ones', async () => {
    const { trainer, test } = await made;
    const context = {
      instance: trainer.instance,
      data: test,
      seed: 1,
      onProgress: () => {},
    } as unknown as EvaluationContext;
    const accuracy = await maskedAccuracy(context);
    expect(accuracy).toBeGreaterThan(0.19); // a space is 17 % of the text
    expect(await maskedAccuracy(context)).toBe(accuracy);
  });

  it('fills each mask with probabilities, best first', async () => {
    const { trainer, data } = await made;
    const { tokenizer } = data.text!;
    const gaps = await fillMask(trainer.instance, tokenizer, 'the c[MASK]t sees th[MASK]', { count: tokenizer.size });
    expect(gaps.length).toBe(2);
    for (const gap of gaps) {
      expect(gap.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 4);
      expect(gap.map((g) => g.probability)).toEqual(gap.map((g) => g.probability).sort((a, b) => b - a));
      expect(gap[0]!.text).toBe(tokenizer.decode([gap[0]!.token]));
    }
  });

  it('sees both sides: what follows a mask changes the guess', async () => {
    const { trainer, data } = await made;
    const guess = async (text: string) => (await fillMask(trainer.instance, data.text!.tokenizer, text))[0]![0]!;
    expect((await guess('the [MASK]at')).probability).not.toBeCloseTo((await guess('the [MASK]he')).probability, 6);
  });

  it('gives texts vectors', async () => {
    const { trainer, data } = await made;
    const [a, b, c] = await embedTexts(trainer.instance, data.text!.tokenizer, ['the cat', 'the cat', 'two and two']);
    expect(a!.length).toBe(64);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it('refuses texts without a mask, empty or too long ones, and models of another kind', async () => {
    const { trainer, data } = await made;
    const { tokenizer } = data.text!;
    await expect(fillMask(trainer.instance, tokenizer, 'no gap')).rejects.toThrow(/\[MASK\] in it/);
    await expect(fillMask(trainer.instance, tokenizer, `${'a'.repeat(40)}[MASK]`)).rejects.toThrow(/1 to 32 tokens/);
    await expect(embedTexts(trainer.instance, tokenizer, [''])).rejects.toThrow(/got 0/);
    const { trainer: gpt } = await trainedOnSentences('gpt', 0);
    await expect(fillMask(gpt.instance, tokenizer, '[MASK]')).rejects.toThrow(UsageError);
  });

  it('learns which halves belong together, too', async () => {
    const { trainer } = await trainedOnSentences('bert', 3, { nextSentence: true });
    const metrics = await trainer.step();
    expect(metrics.loss).toBeCloseTo(metrics.restored! + metrics.following!, 4);
    expect(metrics.following).toBeLessThan(1.5);
  });

  it('learns the classes of labelled texts', async () => {
    const { text } = await sentences.load('train', {});
    const lines = text!.tokenizer.decode(allTokens(text!.tokens)).split('\n').slice(0, 400);
    const backwards = (line: string): string => [...line].reverse().join('');
    const documents = lines.map((line, i) =>
      i % 2 === 0 ? { text: line, label: 'as it is' } : { text: backwards(line), label: 'backwards' },
    );
    const record = defineLabelledTextDataSet({ id: 'two', title: '', summary: '', documents: async () => documents });
    const data = await record.load('train', { text: { context: 32 } });
    expect(data).toMatchObject({ count: 360, labelNames: ['as it is', 'backwards'] });
    expect((await record.load('test', { text: { context: 32 } })).count).toBe(40);
    const settings = resolveSettings(bert, { task: 'classify', steps: 200, learningRate: 2e-3 }, { preset: 'tiny' });
    const trainer = new Trainer({ model: bert, settings, data, seed: 1 });
    const accuracies: number[] = [];
    for (let i = 0; i < 60; i++) accuracies.push((await trainer.step()).accuracy!);
    expect(accuracies.slice(-10).reduce((a, b) => a + b, 0) / 10).toBeGreaterThan(0.9);
    expect(trainer.instance.capabilities.classify).toBeDefined();
  });

  it('trains for the epochs that are asked for, and else for its usual steps', () => {
    expect(resolveSettings(bert, {}).steps).toBeGreaterThan(0);
    expect(resolveSettings(bert, { epochs: 3 })).toMatchObject({ epochs: 3, steps: 0 });
    expect(resolveSettings(bert, { epochs: 3, steps: 40 })).toMatchObject({ steps: 40 });
    expect(resolveSettings(bert, { epochs: 3 }, { preset: 'tiny' })).toMatchObject({ epochs: 3, steps: 0 });
  });

  it('refuses to classify without labels, and heads that do not divide the width', async () => {
    const spec = dataSpecOf(await sentences.load('test', {}));
    const make = (given: Record<string, unknown>) =>
      instantiate(bert, resolveSettings(bert, given, { preset: 'tiny' }), spec, { seed: 1, totalSteps: 1 });
    expect(() => make({ task: 'classify' })).toThrow(/text without labels/);
    expect(() => make({ heads: 5 })).toThrow(/multiple of the number of heads/);
  });
});
