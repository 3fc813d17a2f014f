/**
 * The game between a generator G, which makes items of codes, and a discriminator D, which judges items. In each step of
 * training D moves a few times and G a few times, each on its own batch and with the other standing still:
 *
 *   D:  min  L_D(D(x), D(G(z))) + penalty      z ~ N(0, I)
 *   G:  min  L_G(D(G(z)))
 *
 * Each phase is a program of its own and moves its own parameters only. D is looked at in evaluation mode while G moves,
 * so nothing of it changes then; the running statistics of G's batch norm follow in both phases, since both draw items.
 */
import type { Conditions, Phase } from '../../contract/index.js';
import type { Variable } from '../../core/leaves.js';
import type { Tensor } from '../../core/tensor.js';
import type { AdversarialLoss } from '../../losses/index.js';
import type { Context } from '../../nn/index.js';
import { grad } from '../../ops/index.js';
import type { Optimizer, Schedule } from '../../optim/index.js';
import type { Rng } from '../../random/rng.js';

/** One side of the game: what it moves, how, and how often in one step of training. */
export interface Player {
  readonly name: string;
  readonly parameters: readonly Variable[];
  readonly optimizer: Optimizer;
  readonly learningRate: Schedule;
  readonly moves: number;
}

/** What the discriminator minimises besides its part of the game, and numbers of it worth logging. */
export interface Penalty {
  readonly loss: Tensor;
  readonly metrics: Readonly<Record<string, Tensor>>;
}

export interface Game {
  readonly loss: AdversarialLoss;
  /** Dimensions of the code. */
  readonly latent: number;
  /** G: codes [B, latent] → items [B, ...shape] */
  generate(z: Tensor, conditions: Conditions, context: Context): Tensor;
  /** D: items → raw values, [B, 1] */
  judge(x: Tensor, conditions: Conditions, context: Context): Tensor;
  /** What is logged of the raw values: probabilities of being real, or the values as they are. */
  score(values: Tensor): Tensor;
  penalty?(real: Tensor, fake: Tensor, conditions: Conditions, rng: Rng): Penalty;
}

/** The two phases, the discriminator's first. It logs `real_score` and `fake_score`: mean scores of either kind of item. */
export function phasesOf(
  game: Game,
  { discriminator, generator }: { readonly discriminator: Player; readonly generator: Player },
): Phase[] {
  const { loss, latent } = game;
  return [
    {
      ...phaseOf(discriminator),
      loss: ({ x, labels }, { rng, train }) => {
        const fake = game.generate(rng.normal([x.shape[0]!, latent]), { labels }, { train }).stopGradient();
        const onReal = game.judge(x, { labels }, { train });
        const onFake = game.judge(fake, { labels }, { train });
        const scores = { real_score: game.score(onReal).mean(), fake_score: game.score(onFake).mean() };
        const value = loss.discriminator(onReal, onFake);
        const penalty = game.penalty?.(x, fake, { labels }, rng);
        if (penalty === undefined) return { loss: value, metrics: scores };
        return { loss: value.add(penalty.loss), metrics: { ...scores, ...penalty.metrics } };
      },
    },
    {
      ...phaseOf(generator),
      loss: ({ x, labels }, { rng, train }) => {
        const fake = game.generate(rng.normal([x.shape[0]!, latent]), { labels }, { train });
        return { loss: loss.generator(game.judge(fake, { labels }, { train: false })) };
      },
    },
  ];
}

/**
 * −∂L/∂x of each item by itself, L the generator's loss, which is a mean. Items meet in the discriminator only where its
 * batch norm has the statistics of the batch, or where it is told how far they are apart: there what an item does to the
 * others is part of it.
 */
export function pushOf({ loss, judge }: Game): (x: Tensor, conditions?: Conditions) => Tensor {
  return (x, conditions = {}) => grad(loss.generator(judge(x, conditions, { train: false })), x).mul(-x.shape[0]!);
}

function phaseOf({ name, parameters, optimizer, learningRate, moves }: Player): Omit<Phase, 'loss'> {
  return { name, parameters, optimizer, learningRate, repeats: moves };
}
