/**
 * LSTM language model.
 *
 * Graves, "Generating Sequences With Recurrent Neural Networks", 2013 (arXiv:1308.0850), sections 2 and 3; the cell is
 * that of Hochreiter & Schmidhuber 1997 with forget gates (Gers et al. 2000), see `LSTM` in nn.
 *
 *   hₜ, cₜ = LSTM(E[xₜ], hₜ₋₁, cₜ₋₁)             in each layer, the one above reading h of the one below
 *   p(xₜ₊₁ | x₁ … xₜ) = softmax(W·hₜ + b)
 *   loss = −(1/T) Σ ln p(xₜ₊₁ | x₁ … xₜ)         nats per token
 *
 * Gradients flow back through the T tokens of a window (truncated back-propagation through time); the state goes on from
 * window to window, as the batches continue the text row by row. What differs from the paper: no peephole connections, no
 * direct connections from the input to upper layers and from lower layers to the output, tokens are embedded, Adam instead
 * of RMSprop, and the norm of the gradient is clipped instead of its elements.
 */
import { z } from 'zod';
import { defineModel, type LanguageNetwork, textFields, tokenizerOf } from '../contract/index.js';
import type { Variable } from '../core/leaves.js';
import type { Tensor } from '../core/tensor.js';
import { meanCrossEntropy } from '../losses/index.js';
import { type Context, Dropout, Embedding, initializers, Linear, LSTM, type LSTMState, Module } from '../nn/index.js';
import { filled } from '../nn/parameter.js';
import { zeros } from '../ops/index.js';
import { adam, cosine, warmUp } from '../optim/index.js';
import type { Rng } from '../random/rng.js';

interface Shape {
  readonly vocabulary: number;
  readonly layers: number;
  readonly hidden: number;
  readonly dropout: number;
  readonly batchSize: number;
}

class LstmModel extends Module {
  readonly embedding: Embedding;
  readonly lstm: LSTM;
  readonly output: Linear;
  readonly drop: Dropout;
  /** The state at the end of the last training batch, h and c [layers, B, hidden]. */
  readonly carried: { readonly h: Variable; readonly c: Variable };

  constructor({ vocabulary, layers, hidden, dropout, batchSize }: Shape, rng: Rng) {
    super();
    const weightInitializer = initializers.normal({ std: 0.1 });
    this.embedding = new Embedding(vocabulary, hidden, { rng, weightInitializer });
    this.lstm = new LSTM(hidden, hidden, { rng, layers, dropout });
    this.output = new Linear(hidden, vocabulary, { rng });
    this.drop = new Dropout(dropout);
    const state = (): Variable => filled([layers, batchSize, hidden], 0, { trainable: false });
    this.carried = { h: state(), c: state() };
  }

  /** int32 [B, T] → logits [B, T, V] and the state after the last token. */
  forward(tokens: Tensor, state: LSTMState, context: Context = {}): { logits: Tensor; state: LSTMState } {
    const x = this.drop.forward(this.embedding.forward(tokens), context); // [B, T, hidden]
    const read = this.lstm.forward(x, { state, ...context });
    return { logits: this.output.forward(this.drop.forward(read.output, context)), state: read.state };
  }
}

function languageOf(net: LstmModel, { vocabulary, layers, hidden }: Shape): LanguageNetwork {
  const start = (batch: number): { h: Tensor; c: Tensor } => {
    const nothing = zeros([layers, batch, hidden]);
    return { h: nothing, c: nothing };
  };
  return {
    form: 'network',
    vocabulary,
    context: undefined,
    logits: (tokens) => net.forward(tokens, start(tokens.shape[0]!)).logits,
    start,
    read: (tokens, { h, c }) => {
      const { logits, state } = net.forward(tokens, { h: h!, c: c! });
      return { logits, state: { h: state.h, c: state.c } };
    },
  };
}

export default defineModel({
  id: 'lstm',
  title: 'LSTM language model',
  family: 'autoregressive',
  summary:
    'A recurrent network that reads text token by token into a state of fixed size and predicts the next one from it.',
  paper: {
    title: 'Generating Sequences With Recurrent Neural Networks',
    authors: 'Graves',
    year: 2013,
    arxiv: '1308.0850',
  },
  data: { kinds: ['text'], default: 'sentences', streams: true },
  config: {
    ...textFields,
    context: z
      .number()
      .int()
      .min(1)
      .default(32)
      .describe('Tokens through which the gradient flows back; the state goes further.'),
    layers: z.number().int().positive().default(1).describe('LSTMs, each reading the one below.'),
    hidden: z.number().int().positive().default(256).describe('Size of the state of a layer, and of the embedding.'),
    dropout: z.number().min(0).lt(1).default(0).describe('Part that is dropped between layers while training.'),
    batchSize: z.number().int().positive().default(32).describe('Streams of text that are read side by side.'),
    steps: z.number().int().min(0).default(2000).describe('Training steps; 0: as many as the epochs have.'),
    learningRate: z.number().positive().default(3e-3).describe('Highest rate, after the warm-up.'),
    finalRate: z.number().min(0).default(0.1).describe('Rate at the end of the cosine, as a part of the highest.'),
    clipNorm: z.number().positive().default(1).describe('Gradients of a larger norm are scaled down to it.'),
  },
  presets: { tiny: { hidden: 32, context: 32, batchSize: 16, steps: 0, epochs: 1 } },

  create(config, { data, rng, totalSteps }) {
    const shape: Shape = { ...config, vocabulary: tokenizerOf(data, config.context).size };
    const net = new LstmModel(shape, rng);
    const language = languageOf(net, shape);
    const rising = Math.floor(totalSteps / 20);
    const peak = config.learningRate;
    return {
      module: net,
      phases: [
        {
          name: 'next-token',
          parameters: net.parameters(),
          optimizer: adam(),
          learningRate: warmUp(
            rising,
            cosine(peak, { to: peak * config.finalRate, steps: Math.max(1, totalSteps - rising) }),
          ),
          clipNorm: config.clipNorm,
          loss: ({ x, continues }, context) => {
            const [B, T] = [x.shape[0]!, x.shape[1]! - 1];
            const carries = context.train && continues !== undefined && B === shape.batchSize;
            const { h, c } = net.carried;
            const state = carries ? { h: h.mul(continues), c: c.mul(continues) } : language.start(B);
            const read = net.forward(x.narrow(1, 0, T), state as LSTMState & Record<string, Tensor>, context);
            if (carries) {
              h.assign(read.state.h);
              c.assign(read.state.c);
            }
            return { loss: meanCrossEntropy(read.logits, x.narrow(1, 1, T)) };
          },
        },
      ],
      capabilities: { language },
    };
  },
});
