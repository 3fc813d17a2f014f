import { describe, expect, it } from 'vitest';
import type { LanguageNetwork } from '../../src/contract/index.js';
import type { Tensor } from '../../src/core/tensor.js';
import { allTokens } from '../../src/data/text.js';
import { scoreTokens } from '../../src/metrics/score-text.js';
import { compile } from '../../src/runtime/program.js';
import { readVariables } from '../../src/runtime/state.js';
import { trainedOnSentences } from '../inference/text-models.js';

describe('lstm', () => {
  it('reads a long text in stretches as it reads it at once', async () => {
    const { trainer, test } = await trainedOnSentences('lstm', 10);
    const language = trainer.instance.capabilities.language as LanguageNetwork;
    const data = allTokens(test.text!.tokens).slice(0, 71);
    const whole = compile((x: Tensor) =>
      language
        .logits(x.narrow(1, 0, 70))
        .logSoftmax()
        .pick(x.narrow(1, 1, 70)),
    );
    const expected = (await whole.run([{ shape: [1, 71], dtype: 'int32', data }])).data;
    const found = await scoreTokens(language, data);
    found.forEach((score, i) => {
      expect(score).toBeCloseTo(Number(expected[i]), 4);
    });
  });

  it('carries its state from batch to batch, and begins anew with each epoch', async () => {
    const { trainer, data } = await trainedOnSentences('lstm', 2, { batchSize: 4, learningRate: 1e-12 });
    const language = trainer.instance.capabilities.language as LanguageNetwork;
    const state = async (): Promise<number[]> => {
      const variables = trainer.instance.module.variables().filter(({ name }) => name === 'carried.h');
      return [...((await readVariables(variables)).get('carried.h')!.data as Float32Array)];
    };
    const all = allTokens(data.text!.tokens);
    // Row 0 of the two batches is one stretch of text; the rate is too small to move the weights.
    const batches = [0, 1].map((step) =>
      (trainer as unknown as { batches: { at(i: number): { x: { data: Int32Array } } } }).batches.at(step),
    );
    const text = [...batches[0]!.x.data.slice(0, 32), ...batches[1]!.x.data.slice(0, 32)];
    expect(all.join().includes(text.join())).toBe(true);
    const last = compile((x: Tensor) => language.read(x, language.start(1), x.slice(0, 0)).state!);
    const h = await last.run([{ shape: [1, 64], dtype: 'int32', data: Int32Array.from(text) }]);
    const expected = [...(h as unknown as { h: { data: Float32Array } }).h.data];
    const carried = await state();
    expected.forEach((value, i) => {
      expect(carried[i]).toBeCloseTo(value, 5);
    });
    const before = carried.join();
    await trainer.step();
    expect((await state()).join()).not.toBe(before);
  });
});
