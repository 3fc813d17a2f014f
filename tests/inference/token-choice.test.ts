import { describe, expect, it } from 'vitest';
import { chooseToken } from '../../src/inference/token-choice.js';

const logits = Float32Array.from([0.5, 0.2, 0.2, 0.06, 0.04], Math.log);

/** Shares of each token among many draws. */
function shares(settings: object, text: readonly number[] = []): number[] {
  const counts = [0, 0, 0, 0, 0];
  for (let seed = 0; seed < 20000; seed++) counts[chooseToken(logits, text, { seed, ...settings })]!++;
  return counts.map((count) => count / 20000);
}

const near = (found: number[], expected: number[]): void =>
  found.forEach((share, i) => void expect(Math.abs(share - expected[i]!)).toBeLessThan(0.012));

describe('the next token', () => {
  it('is drawn by its probability', () => near(shares({}), [0.5, 0.2, 0.2, 0.06, 0.04]));
  it('temperature: probabilities to the power of 1/T', () => {
    const squares = [0.25, 0.04, 0.04, 0.0036, 0.0016];
    near(
      shares({ temperature: 0.5 }),
      squares.map((p) => p / 0.3352),
    );
    expect(chooseToken(logits, [], { temperature: 0, seed: 1 })).toBe(0);
  });
  it('top-k', () => near(shares({ topK: 2 }), [5 / 7, 2 / 7, 0, 0, 0]));
  it('top-p: the smallest set of at least that probability', () => {
    near(shares({ topP: 0.6 }), [5 / 7, 2 / 7, 0, 0, 0]);
    near(shares({ topP: 0.49 }), [1, 0, 0, 0, 0]);
    near(shares({ topK: 4, topP: 0.99 }), [50 / 96, 20 / 96, 20 / 96, 6 / 96, 0]);
  });
  it('a repetition penalty of 2 squares the probabilities of what occurred (logits below 0)', () => {
    near(shares({ repetitionPenalty: 2 }, [0, 0]), [0.25 / 0.75, 0.2 / 0.75, 0.2 / 0.75, 0.06 / 0.75, 0.04 / 0.75]);
  });
  it('depends on the seed and the length of the text alone', () => {
    const draws = Array.from({ length: 50 }, (_, n) => chooseToken(logits, new Array(n).fill(0), { seed: 1 }));
    expect(new Set(draws).size).toBeGreaterThan(2);
    expect(chooseToken(logits, [1, 2], { seed: 7 })).toBe(chooseToken(logits, [3, 4], { seed: 7 }));
  });
});
