/** A decoder-only transformer as in nanoGPT: learned positions, pre-norm blocks, exact GELU, tied head, AdamW. */
import { losses, nn, optim, Rng } from '../../dist/index.js';

const { Embedding, initializers, LayerNorm, LearnedPositions, Linear, Module, ModuleList, MultiHeadAttention } = nn;

class Block extends Module {
  constructor(width, heads, rng) {
    super();
    this.ln_1 = new LayerNorm(width);
    this.attn = new MultiHeadAttention(width, heads, { rng });
    this.ln_2 = new LayerNorm(width);
    this.fc = new Linear(width, 4 * width, { rng });
    this.proj = new Linear(4 * width, width, { rng });
  }

  forward(x) {
    const attended = x.add(this.attn.forward(this.ln_1.forward(x), { causal: true }));
    return attended.add(this.proj.forward(this.fc.forward(this.ln_2.forward(attended)).gelu()));
  }
}

class Gpt extends Module {
  constructor({ vocabulary, positions, layers, heads, width }, rng) {
    super();
    const weightInitializer = initializers.normal({ std: 0.02 });
    this.wte = new Embedding(vocabulary, width, { rng, weightInitializer });
    this.wpe = new LearnedPositions(positions, width, { rng });
    this.h = new ModuleList(Array.from({ length: layers }, () => new Block(width, heads, rng)));
    this.ln_f = new LayerNorm(width);
  }

  /** int32 [B, T] → logits [B, T, vocabulary] */
  forward(tokens) {
    let x = this.wpe.forward(this.wte.forward(tokens));
    for (const block of this.h) x = block.forward(x);
    return this.ln_f.forward(x).matmul(this.wte.weight.swapAxes());
  }
}

/** @returns {import('./net.js').Net} */
export default function create(size) {
  const net = new Gpt(size, new Rng({ seed: 0, stream: 'initial' }));
  const { positions } = size;
  return {
    module: net,
    phases: [
      {
        name: 'gpt',
        parameters: net.parameters(),
        optimizer: optim.adamW({ beta2: 0.99, weightDecay: 0.1 }),
        learningRate: optim.constant(1e-3),
        // One item is T + 1 tokens: the first T are read, the last T are to be guessed.
        loss: ({ x }) => ({
          loss: losses.meanCrossEntropy(net.forward(x.narrow(1, 0, positions)), x.narrow(1, 1, positions)),
        }),
      },
    ],
    item: [positions + 1],
    // The logits of the token after the last.
    forward: (tokens) => net.forward(tokens).narrow(1, positions - 1, 1),
    input: [positions],
    classes: size.vocabulary,
    ema: 0,
  };
}
