/**
 * BERT: an encoder that sees a text from both sides, trained to restore hidden tokens.
 *
 * Devlin, Chang, Lee, Toutanova, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
 * 2018 (arXiv:1810.04805).
 *
 *   h₀ = Norm(E[x] + P + S)                              token, position and segment embeddings              (figure 2)
 *   a = Norm(h + Attention(h)), h′ = Norm(a + MLP(a))    in each layer, norms after the sum
 *   15 % of the tokens are chosen; of these 80 % become [MASK], 10 % a random token, 10 % stay               (§3.1, task 1)
 *   loss = −ln p(chosen tokens | the rest), mean over the chosen ones
 *   with `nextSentence`: half of the items get the second half of another one; a head on [CLS] tells which  (§3.1, task 2)
 *   with `task` classify: loss = −ln p(label | text) by a head on [CLS]                                     (§3.2)
 *
 * What differs from the paper: windows of one text take the place of sentence pairs, without [SEP]; GELU as there, AdamW
 * decays all parameters, first values are scaled with the width. Two tokens follow those of the tokenizer: [MASK], and [CLS], which stands before each text.
 */
import { z } from 'zod';
import {
  defineModel,
  type Loss,
  type LossContext,
  type TensorBatch,
  textFields,
  tokenizerOf,
} from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { Variable } from '../core/leaves.js';
import type { Tensor } from '../core/tensor.js';
import { meanCrossEntropy } from '../losses/index.js';
import {
  type Context,
  Dropout,
  Embedding,
  initializers,
  LayerNorm,
  Linear,
  Module,
  MultiHeadAttention,
} from '../nn/index.js';
import { filled } from '../nn/parameter.js';
import { concat, full, where } from '../ops/index.js';
import { adamW, linear, warmUp } from '../optim/index.js';
import type { Rng } from '../random/rng.js';

interface Shape {
  readonly vocabulary: number;
  readonly context: number;
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  readonly dropout: number;
}

/** N(0, 0.02²) at the paper's width of 768; at others scaled so that a layer's gain is the same. */
const small = (width: number): ReturnType<typeof initializers.normal> =>
  initializers.normal({ std: 0.02 * Math.sqrt(768 / width) });

class EncoderLayer extends Module {
  readonly self_attn: MultiHeadAttention;
  readonly norm1: LayerNorm;
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly norm2: LayerNorm;
  readonly drop: Dropout;

  constructor({ width, heads, dropout }: Shape, rng: Rng) {
    super();
    this.self_attn = new MultiHeadAttention(width, heads, { rng, dropout });
    this.norm1 = new LayerNorm(width);
    this.linear1 = new Linear(width, 4 * width, {
      rng,
      weightInitializer: small(width),
      biasInitializer: initializers.zeros,
    });
    this.linear2 = new Linear(4 * width, width, {
      rng,
      weightInitializer: small(width),
      biasInitializer: initializers.zeros,
    });
    this.norm2 = new LayerNorm(width);
    this.drop = new Dropout(dropout);
  }

  forward(x: Tensor, context: Context): Tensor {
    const a = this.norm1.forward(x.add(this.drop.forward(this.self_attn.forward(x, context), context)));
    const y = this.linear2.forward(this.linear1.forward(a).gelu());
    return this.norm2.forward(a.add(this.drop.forward(y, context)));
  }
}

/** Token, position and segment embeddings, then the layers. */
class Encoder extends Module {
  readonly tokens: Embedding;
  readonly positions: Embedding;
  readonly segments: Embedding;
  readonly norm: LayerNorm;
  readonly layers: readonly EncoderLayer[];
  readonly drop: Dropout;
  readonly classToken: number;

  constructor(shape: Shape, rng: Rng) {
    super();
    const { vocabulary, context, width } = shape;
    const table = (count: number): Embedding => new Embedding(count, width, { rng, weightInitializer: small(width) });
    this.tokens = table(vocabulary + 2);
    this.positions = table(context + 1);
    this.segments = table(2);
    this.norm = new LayerNorm(width);
    this.layers = Array.from({ length: shape.layers }, () => new EncoderLayer(shape, rng));
    this.drop = new Dropout(shape.dropout);
    this.classToken = vocabulary + 1;
  }

  /** int32 [B, S] → [B, 1 + S, W]: [CLS] and the tokens; the second half is the second segment. */
  forward(tokens: Tensor, context: Context = {}): Tensor {
    const [B, S] = tokens.shape as [number, number];
    const all = concat([full([B, 1], this.classToken, 'int32'), tokens], 1);
    const first = 1 + Math.ceil(S / 2);
    const [a, b] = this.segments.weight.split(2) as [Tensor, Tensor]; // [1, W] each
    const W = a.shape[1]!;
    const segments = concat([a.expand([first, W]), b.expand([1 + S - first, W])]);
    const places = this.positions.weight.narrow(0, 0, 1 + S).add(segments);
    const x = this.drop.forward(this.norm.forward(this.tokens.forward(all).add(places)), context);
    return this.layers.reduce((h, layer) => layer.forward(h, context), x);
  }
}

/** What tokens were, from their vectors: a layer, and the embedding once more (§A.2 of the published code). */
class MaskedHead extends Module {
  readonly transform: Linear;
  readonly norm: LayerNorm;
  readonly bias: Variable;

  constructor({ width, vocabulary }: Shape, rng: Rng) {
    super();
    this.transform = new Linear(width, width, {
      rng,
      weightInitializer: small(width),
      biasInitializer: initializers.zeros,
    });
    this.norm = new LayerNorm(width);
    this.bias = filled([vocabulary], 0);
  }

  /** [B, S, W] → [B, S, V] */
  forward(h: Tensor, { weight }: Embedding): Tensor {
    const V = this.bias.shape[0]!;
    const y = this.norm.forward(this.transform.forward(h).gelu());
    return y.matmul(weight.narrow(0, 0, V).swapAxes()).add(this.bias);
  }
}

/** Classes of a text from the vector of [CLS]. */
class ClassHead extends Module {
  readonly pooler: Linear;
  readonly output: Linear;

  constructor(width: number, classes: number, rng: Rng) {
    super();
    this.pooler = new Linear(width, width, {
      rng,
      weightInitializer: small(width),
      biasInitializer: initializers.zeros,
    });
    this.output = new Linear(width, classes, {
      rng,
      weightInitializer: small(width),
      biasInitializer: initializers.zeros,
    });
  }

  /** [B, 1 + S, W] → [B, classes] */
  forward(h: Tensor): Tensor {
    return this.output.forward(this.pooler.forward(h.narrow(1, 0, 1).squeeze(1)).tanh());
  }
}

class Bert extends Module {
  readonly encoder: Encoder;
  readonly masked: MaskedHead | null;
  readonly next: ClassHead | null;
  readonly classifier: ClassHead | null;

  constructor(shape: Shape, heads: { masked: boolean; next: boolean; classes: number }, rng: Rng) {
    super();
    this.encoder = new Encoder(shape, rng);
    this.masked = heads.masked ? new MaskedHead(shape, rng) : null;
    this.next = heads.next ? new ClassHead(shape.width, 2, rng) : null;
    this.classifier = heads.classes > 0 ? new ClassHead(shape.width, heads.classes, rng) : null;
  }
}

/** The vectors of the tokens, without that of [CLS]. */
const ofTokens = (h: Tensor): Tensor => h.narrow(1, 1, h.shape[1]! - 1);

/** Which tokens are to be restored, float32 [B, S], and the text with 80 % of them hidden, 10 % random, 10 % as they are. */
function hide(tokens: Tensor, { vocabulary }: Shape, chosenPart: number, rng: Rng): { chosen: Tensor; seen: Tensor } {
  const chosen = rng.uniform(tokens.shape).less(chosenPart);
  const action = rng.uniform(tokens.shape);
  const random = rng.integers(tokens.shape, vocabulary);
  const spoilt = where(action.less(0.8), full([], vocabulary, 'int32'), where(action.less(0.9), random, tokens));
  return { chosen: chosen.cast('float32'), seen: where(chosen, spoilt, tokens) };
}

export default defineModel({
  id: 'bert',
  title: 'BERT',
  family: 'autoregressive',
  summary:
    'Reads a text from both sides and restores hidden tokens; what it learns serves for classification and search.',
  paper: {
    title: 'BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding',
    authors: 'Devlin, Chang, Lee, Toutanova',
    year: 2018,
    arxiv: '1810.04805',
  },
  data: { kinds: ['text'], default: 'sentences', labels: 'optional' },
  config: {
    ...textFields,
    task: z
      .enum(['restore', 'classify'])
      .default('restore')
      .describe('Pre-training on hidden tokens, or fine-tuning on labels.'),
    nextSentence: z
      .boolean()
      .default(false)
      .describe('Train to tell, too, whether the second half of a window follows the first.'),
    maskedPart: z.number().gt(0).lt(1).default(0.15).describe('Part of the tokens that are to be restored.'),
    layers: z.number().int().positive().default(4).describe('Transformer layers.'),
    heads: z.number().int().positive().default(4).describe('Attention heads of a layer; they divide the width.'),
    width: z.number().int().positive().default(128).describe('Size of the vector that stands for a token.'),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('Part that is dropped of embeddings, attention and layer outputs while training.'),
    batchSize: z.number().int().positive().default(32).describe('Windows of text per step.'),
    steps: z.number().int().min(0).default(2000).describe('Training steps; 0: as many as the epochs have.'),
    learningRate: z
      .number()
      .positive()
      .default(1e-3)
      .describe('Highest rate, after the warm-up; it falls to 0 in a line.'),
    warmUp: z.number().int().min(0).default(200).describe('Steps in which the rate rises; at most a tenth of all.'),
    weightDecay: z
      .number()
      .min(0)
      .default(0.01)
      .describe('Part of the weights that AdamW takes away per unit of rate.'),
    clipNorm: z.number().positive().default(1).describe('Gradients of a larger norm are scaled down to it.'),
  },
  presets: {
    tiny: {
      layers: 1,
      heads: 4,
      width: 64,
      context: 32,
      maskedPart: 0.3,
      batchSize: 16,
      steps: 0,
      epochs: 1,
      warmUp: 20,
    },
  },

  create(config, { data, rng, totalSteps }) {
    const shape: Shape = { ...config, vocabulary: tokenizerOf(data, config.context).size };
    const classes = config.task === 'classify' ? (data.labels?.length ?? 0) : 0;
    if (config.task === 'classify' && classes < 2) {
      throw new UsageError({
        operation: 'bert, task classify',
        expected: 'text with labels of at least two classes',
        got: classes === 0 ? 'text without labels' : 'one class',
        remedy: 'Choose labelled text, or the task restore.',
      });
    }
    if (config.width % config.heads !== 0) {
      throw new UsageError({
        operation: 'bert',
        expected: 'a width that is a multiple of the number of heads',
        got: `width ${config.width}, ${config.heads} heads`,
      });
    }
    const net = new Bert(shape, { masked: classes === 0, next: classes === 0 && config.nextSentence, classes }, rng);
    const { encoder, masked, next, classifier } = net;
    const windowOf = (x: Tensor): Tensor => x.narrow(1, 0, x.shape[1]! - 1); // without the token that is to be predicted

    const restoring = ({ x }: TensorBatch, context: LossContext): Loss => {
      const whole = windowOf(x);
      const [B, S] = whole.shape as [number, number];
      const half = Math.ceil(S / 2);
      const swapped = context.rng.fork('swap').bernoulli(0.5, [B, 1]); // [B, 1]: 1 where the second half is another item's
      const others = concat([whole.narrow(0, 1, B - 1), whole.narrow(0, 0, 1)]).narrow(1, half, S - half);
      const ends = where(swapped.greater(0.5), others, whole.narrow(1, half, S - half));
      const tokens = next === null ? whole : concat([whole.narrow(1, 0, half), ends], 1);
      const { chosen, seen } = hide(tokens, shape, config.maskedPart, context.rng.fork('mask'));
      const h = encoder.forward(seen, context);
      const logits = masked!.forward(ofTokens(h), encoder.tokens); // [B, S, V]
      const count = chosen.sum().maximum(1);
      const restored = logits.logSoftmax().pick(tokens).mul(chosen).sum().neg().div(count);
      const right = logits.argmax().equal(tokens).cast('float32').mul(chosen).sum().div(count);
      if (next === null) return { loss: restored, metrics: { masked_accuracy: right } };
      const following = meanCrossEntropy(next.forward(h), swapped.squeeze(1).cast('int32'));
      const metrics = { masked_accuracy: right, restored, following };
      return { loss: restored.add(following), metrics };
    };
    const classifying = ({ x, labels }: TensorBatch, context: LossContext): Loss => {
      const logits = classifier!.forward(encoder.forward(windowOf(x), context));
      const accuracy = logits.argmax().equal(labels!).cast('float32').mean();
      return { loss: meanCrossEntropy(logits, labels!), metrics: { accuracy } };
    };

    const rising = Math.min(config.warmUp, Math.floor(totalSteps / 10));
    return {
      module: net,
      phases: [
        {
          name: config.task,
          parameters: net.parameters(),
          optimizer: adamW({ weightDecay: config.weightDecay }),
          learningRate: warmUp(rising, linear(config.learningRate, { steps: Math.max(1, totalSteps - rising) })),
          clipNorm: config.clipNorm,
          loss: classifier === null ? restoring : classifying,
        },
      ],
      capabilities:
        classifier === null
          ? {
              masked: {
                vocabulary: shape.vocabulary,
                context: shape.context,
                mask: shape.vocabulary,
                logits: (tokens) => masked!.forward(ofTokens(encoder.forward(tokens)), encoder.tokens),
                embed: (tokens) => ofTokens(encoder.forward(tokens)).mean(1),
              },
            }
          : { classify: (x) => classifier.forward(encoder.forward(windowOf(x))) },
    };
  },
});
