/**
 * GPT-2: a decoder-only transformer that predicts the next token.
 *
 * Radford, Wu, Child, Luan, Amodei, Sutskever, "Language Models are Unsupervised Multitask Learners", 2019; the
 * architecture is that of Radford et al. 2018 with the norms moved (section 2.3), after Vaswani et al. 2017.
 *
 *   h₀ = E[x] + P                                      token and position embeddings
 *   a = h + Attention(Norm(h)), h′ = a + MLP(Norm(a))  in each layer, attention masked to the past
 *   p(xₜ | x₁ … xₜ₋₁) = softmax(Norm(h_L)·Eᵀ)           the embedding serves as output matrix too
 *   loss = −(1/T) Σ ln p(xₜ | x₁ … xₜ₋₁)                nats per token
 *
 * What differs from the paper: GELU is the exact one unless `activation` is geluTanh, which GPT-2's weights need; AdamW
 * decays all parameters, biases and gains too. Rotary positions (Su et al. 2021) and RMSNorm (Zhang & Sennrich 2019) are
 * options that GPT-2 does not have. Names, shapes and orientation of the parameters are those of Hugging Face's GPT-2, whose
 * linear layers hold their weight as [inputs, outputs].
 */
import { z } from 'zod';
import { defineModel, type LanguageNetwork, textFields, tokenizerOf } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { Variable } from '../core/leaves.js';
import type { Tensor } from '../core/tensor.js';
import { meanCrossEntropy } from '../losses/index.js';
import {
  type ActivationName,
  activation,
  applyRotary,
  attentionWeights,
  type Context,
  Dropout,
  Embedding,
  initializers,
  type Layer,
  LayerNorm,
  Module,
  RMSNorm,
} from '../nn/index.js';
import { filled, parameter } from '../nn/parameter.js';
import { arange, concat, stack, where, zeros } from '../ops/index.js';
import { adamW, cosine, warmUp } from '../optim/index.js';
import type { Rng } from '../random/rng.js';

interface Shape {
  readonly vocabulary: number;
  readonly context: number;
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  readonly dropout: number;
  readonly activation: ActivationName;
  readonly positions: 'learned' | 'rotary';
  readonly norm: 'layer' | 'rms';
}

/** What earlier tokens have left behind in one layer: k and v, each [B, H, past, D]; `seen` [past] says which count. */
interface Past {
  readonly k: Tensor;
  readonly v: Tensor;
  readonly seen: Tensor;
}

/** y = x·W + b with W [inputs, outputs]: GPT-2's "Conv1D". */
class Projection extends Module {
  readonly weight: Variable;
  readonly bias: Variable;

  constructor(inputs: number, outputs: number, { rng, std }: { rng: Rng; std: number }) {
    super();
    this.weight = parameter([inputs, outputs], initializers.normal({ std }), rng);
    this.bias = filled([outputs], 0);
  }

  forward(x: Tensor): Tensor {
    return x.matmul(this.weight).add(this.bias);
  }
}

/** What a block, or its attention, makes of x: y [B, S, W], its k and v [B, H, S, D], and who looked where [B, H, S, keys]. */
interface Read {
  readonly y: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly weights: Tensor;
}

class CausalAttention extends Module {
  readonly c_attn: Projection;
  readonly c_proj: Projection;
  readonly drop: Dropout;
  readonly shape: Shape;

  constructor(shape: Shape, rng: Rng, std: number) {
    super();
    this.shape = shape;
    this.c_attn = new Projection(shape.width, 3 * shape.width, { rng, std: 0.02 });
    this.c_proj = new Projection(shape.width, shape.width, { rng, std });
    this.drop = new Dropout(shape.dropout);
  }

  /** x [B, S, W] → y [B, S, W], with this stretch's k and v for those that come after. */
  forward(x: Tensor, positions: Tensor, past: Past | undefined, context: Context): Read {
    const { heads: H, width: W } = this.shape;
    const [B, S] = x.shape as [number, number];
    const D = W / H;
    // One product gives q, k and v of all heads.
    const qkv = this.c_attn.forward(x).reshape([B, S, 3, H, D]).transpose([2, 0, 3, 1, 4]); // [3, B, H, S, D]
    let [q, k, v] = qkv.split(3).map((t) => t.squeeze(0)) as [Tensor, Tensor, Tensor];
    if (this.shape.positions === 'rotary') [q, k] = [applyRotary(q, { positions }), applyRotary(k, { positions })];
    const weights = past === undefined ? attentionWeights(q, k, { causal: true }) : weightsWithPast(q, k, past);
    const y = past === undefined ? this.drop.forward(weights, context).matmul(v) : mixWithPast(weights, v, past); // [B, H, S, D]
    return { y: this.c_proj.forward(y.transpose([0, 2, 1, 3]).reshape([B, S, W])), k, v, weights };
  }
}

/** Attention to a cache and to this stretch, [B, H, S, P + S]; the cache is only read, never copied. */
function weightsWithPast(q: Tensor, k: Tensor, past: Past): Tensor {
  const [S, D] = [q.shape[2]!, q.shape[3]!];
  const scaled = q.mul(1 / Math.sqrt(D));
  const before = where(past.seen, scaled.matmul(past.k.swapAxes()), -1e9); // [B, H, S, P]
  const within = where(arange(S).unsqueeze(1).greaterEqual(arange(S)), scaled.matmul(k.swapAxes()), -1e9); // [B, H, S, S]
  return concat([before, within], -1).softmax();
}

/** The values that the weights choose from the cache and from this stretch. */
function mixWithPast(weights: Tensor, v: Tensor, past: Past): Tensor {
  const [S, P] = [v.shape[2]!, past.v.shape[2]!];
  return weights
    .narrow(-1, 0, P)
    .matmul(past.v)
    .add(weights.narrow(-1, P, S).matmul(v));
}

class Mlp extends Module {
  readonly c_fc: Projection;
  readonly c_proj: Projection;
  readonly activation: (x: Tensor) => Tensor;

  constructor({ width, activation: name }: Shape, rng: Rng, std: number) {
    super();
    this.c_fc = new Projection(width, 4 * width, { rng, std: 0.02 });
    this.c_proj = new Projection(4 * width, width, { rng, std });
    this.activation = activation(name);
  }

  forward(x: Tensor): Tensor {
    return this.c_proj.forward(this.activation(this.c_fc.forward(x)));
  }
}

class Block extends Module {
  readonly ln_1: Layer;
  readonly attn: CausalAttention;
  readonly ln_2: Layer;
  readonly mlp: Mlp;
  readonly drop: Dropout;

  constructor(shape: Shape, rng: Rng) {
    super();
    // Projections onto the residual path begin smaller, so that its variance does not grow with the depth (section 2.3).
    const std = 0.02 / Math.sqrt(2 * shape.layers);
    this.ln_1 = norm(shape);
    this.attn = new CausalAttention(shape, rng, std);
    this.ln_2 = norm(shape);
    this.mlp = new Mlp(shape, rng, std);
    this.drop = new Dropout(shape.dropout);
  }

  forward(x: Tensor, positions: Tensor, past: Past | undefined, context: Context): Read {
    const { y, ...read } = this.attn.forward(this.ln_1.forward(x), positions, past, context);
    const a = x.add(this.drop.forward(y, context));
    return { y: a.add(this.drop.forward(this.mlp.forward(this.ln_2.forward(a)), context)), ...read };
  }
}

function norm({ norm: kind, width }: Shape): Layer {
  return kind === 'layer' ? new LayerNorm(width) : new RMSNorm(width);
}

class Gpt extends Module {
  readonly wte: Embedding;
  readonly wpe: Embedding | null;
  readonly h: readonly Block[];
  readonly ln_f: Layer;
  readonly drop: Dropout;

  constructor(shape: Shape, rng: Rng) {
    super();
    const weightInitializer = initializers.normal({ std: 0.02 });
    this.wte = new Embedding(shape.vocabulary, shape.width, { rng, weightInitializer });
    this.wpe =
      shape.positions === 'learned' ? new Embedding(shape.context, shape.width, { rng, weightInitializer }) : null;
    this.h = Array.from({ length: shape.layers }, () => new Block(shape, rng));
    this.ln_f = norm(shape);
    this.drop = new Dropout(shape.dropout);
  }

  /**
   * Logits of the tokens that follow: int32 [B, S] → [B, S, V].
   * @param at position of the first token, an int32 scalar; with it comes what `pasts` remember of those before
   */
  forward(
    tokens: Tensor,
    { at, pasts, ...context }: Context & { at?: Tensor; pasts?: readonly Past[] } = {},
  ): { logits: Tensor; keys: Tensor[]; values: Tensor[]; weights: Tensor[] } {
    const steps = arange(tokens.shape[1]!, { dtype: 'int32' });
    const positions = at === undefined ? steps : steps.add(at);
    const embedded = this.wte.forward(tokens); // [B, S, W]
    let x = this.drop.forward(this.wpe === null ? embedded : embedded.add(this.wpe.forward(positions)), context);
    const [keys, values, weights]: [Tensor[], Tensor[], Tensor[]] = [[], [], []];
    for (const [i, block] of this.h.entries()) {
      const { y, k, v, weights: looked } = block.forward(x, positions, pasts?.[i], context);
      x = y;
      keys.push(k);
      values.push(v);
      weights.push(looked);
    }
    return { logits: this.ln_f.forward(x).matmul(this.wte.weight.swapAxes()), keys, values, weights };
  }
}

/** The model as a predictor of tokens, with a cache of keys and values: k0, v0, k1, … of [B, H, context, D] each. */
function languageOf(net: Gpt, { vocabulary, context, layers, heads, width }: Shape): LanguageNetwork {
  const names = Array.from({ length: layers }, (_, i) => [`k${i}`, `v${i}`] as const);
  return {
    form: 'network',
    vocabulary,
    context,
    logits: (tokens) => net.forward(tokens).logits,
    attention: (tokens) => stack(net.forward(tokens).weights, 1),
    start: (batch) => {
      const empty = zeros([batch, heads, context, width / heads]);
      return Object.fromEntries(names.flat().map((name) => [name, empty]));
    },
    read: (tokens, state, position) => {
      const seen = arange(context, { dtype: 'int32' }).less(position);
      const pasts = names.map(([k, v]) => ({ k: state[k]!, v: state[v]!, seen }));
      const { logits, keys, values } = net.forward(tokens, { at: position, pasts });
      const rows = names.flatMap(([k, v], i) => [[k, keys[i]!] as const, [v, values[i]!] as const]);
      return { logits, rows: Object.fromEntries(rows) };
    },
  };
}

export default defineModel({
  id: 'gpt',
  title: 'GPT-2',
  family: 'autoregressive',
  summary:
    'A transformer that reads text from the left and predicts the next token; it writes by drawing one after the other.',
  paper: {
    title: 'Language Models are Unsupervised Multitask Learners',
    authors: 'Radford, Wu, Child, Luan, Amodei, Sutskever',
    year: 2019,
  },
  data: { kinds: ['text'], default: 'sentences' },
  config: {
    ...textFields,
    layers: z.number().int().positive().default(4).describe('Transformer blocks.'),
    heads: z.number().int().positive().default(4).describe('Attention heads of a block; they divide the width.'),
    width: z.number().int().positive().default(128).describe('Size of the vector that stands for a token.'),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('Part that is dropped of embeddings, attention and block outputs while training.'),
    activation: z
      .enum(['gelu', 'geluTanh', 'relu', 'silu'])
      .default('gelu')
      .describe('Of the MLP; GPT-2’s published weights need geluTanh.'),
    positions: z
      .enum(['learned', 'rotary'])
      .default('learned')
      .describe('How positions are told: learned vectors (GPT-2) or rotation of queries and keys.'),
    norm: z.enum(['layer', 'rms']).default('layer').describe('LayerNorm (GPT-2) or RMSNorm.'),
    batchSize: z.number().int().positive().default(12).describe('Windows of text per step.'),
    steps: z.number().int().min(0).default(2000).describe('Training steps; 0: as many as the epochs have.'),
    learningRate: z.number().positive().default(1e-3).describe('Highest rate, after the warm-up.'),
    finalRate: z.number().min(0).default(0.1).describe('Rate at the end of the cosine, as a part of the highest.'),
    warmUp: z.number().int().min(0).default(100).describe('Steps in which the rate rises; at most a tenth of all.'),
    weightDecay: z.number().min(0).default(0.1).describe('Part of the weights that AdamW takes away per unit of rate.'),
    beta2: z.number().min(0).lt(1).default(0.99).describe('Decay of AdamW’s mean squares.'),
    clipNorm: z.number().positive().default(1).describe('Gradients of a larger norm are scaled down to it.'),
  },
  presets: {
    tiny: { layers: 2, heads: 2, width: 32, context: 32, batchSize: 16, steps: 0, epochs: 1, warmUp: 0 },
    gpt2: {
      layers: 12,
      heads: 12,
      width: 768,
      context: 1024,
      activation: 'geluTanh',
      dropout: 0.1,
      learningRate: 6e-4,
      beta2: 0.95,
      warmUp: 2000,
    },
  },

  create(config, { data, rng, totalSteps }) {
    const tokenizer = tokenizerOf(data, config.context);
    if (config.width % config.heads !== 0) {
      throw new UsageError({
        operation: 'gpt',
        expected: 'a width that is a multiple of the number of heads',
        got: `width ${config.width}, ${config.heads} heads`,
        remedy: `Choose a width such as ${Math.ceil(config.width / config.heads) * config.heads}.`,
      });
    }
    const shape: Shape = { ...config, vocabulary: tokenizer.size };
    const net = new Gpt(shape, rng);
    const rising = Math.min(config.warmUp, Math.floor(totalSteps / 10));
    const peak = config.learningRate;
    return {
      module: net,
      phases: [
        {
          name: 'next-token',
          parameters: net.parameters(),
          optimizer: adamW({ beta1: 0.9, beta2: config.beta2, weightDecay: config.weightDecay }),
          learningRate: warmUp(
            rising,
            cosine(peak, { to: peak * config.finalRate, steps: Math.max(1, totalSteps - rising) }),
          ),
          clipNorm: config.clipNorm,
          loss: ({ x }, context) => {
            const T = x.shape[1]! - 1;
            const { logits } = net.forward(x.narrow(1, 0, T), context); // [B, T, V]
            return { loss: meanCrossEntropy(logits, x.narrow(1, 1, T)) };
          },
        },
      ],
      capabilities: { language: languageOf(net, shape) },
    };
  },
});
