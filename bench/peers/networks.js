/**
 * The benchmark's networks once more, written on the few operations that an adapter gives, so that TensorFlow.js and
 * jax-js run the same ones. Images lie as the adapter likes them; `channels`, `tokens` and `image` know how.
 *
 * A network is { parameters: nested arrays and records of arrays, loss(parameters, batch, noise) → scalar, item, classes?,
 * noise(batch) → record of host arrays, settings of Adam }.
 */

function makeInit(b) {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const fill = (shape, value) => b.array(Float32Array.from({ length: shape.reduce((p, q) => p * q, 1) }, value), shape);
  const uniform = (shape, bound) => fill(shape, () => bound * (2 * random() - 1));
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return {
    linear: (i, o) => ({ w: uniform([i, o], i ** -0.5), b: uniform([o], i ** -0.5) }),
    conv: (i, o, k, bias = true) => {
      const bound = (i * k * k) ** -0.5;
      return { w: uniform(b.filterShape(k, i, o), bound), ...(bias ? { b: uniform([o], bound) } : {}) };
    },
    norm: (n) => ({ w: fill([n], () => 1), b: fill([n], () => 0) }),
    normal: (shape, std) => fill(shape, () => std * gauss()),
    uniformNoise: (n) => Float32Array.from({ length: n }, random),
    normalNoise: (n) => Float32Array.from({ length: n }, gauss),
  };
}

const linear = (b, p, x) => b.add(b.matmul(x, p.w), p.b);
const conv = (b, p, x, stride = 1, padding = 0) => {
  const y = b.conv(x, p.w, stride, padding);
  return p.b === undefined ? y : b.add(y, b.channels(p.b));
};
const standardize = (b, x, axes) => {
  const centred = b.sub(x, b.mean(x, axes));
  return b.mul(centred, b.rsqrt(b.add(b.mean(b.mul(centred, centred), axes), b.number(1e-5))));
};
const layerNorm = (b, p, x) => b.add(b.mul(standardize(b, x, [-1]), p.w), p.b);
const batchNorm = (b, p, x) => b.add(b.mul(standardize(b, x, b.allButChannels), b.channels(p.w)), b.channels(p.b));
/** As many groups as there can be, up to 32, with at least four channels each. */
const groupNorm = (b, p, x) => {
  const c = p.w.shape[0];
  const groups = [32, 16, 8, 4, 2].find((n) => c % n === 0 && c / n >= 4) ?? 1;
  const unit = b.perGroup(x, groups, (g, axes) => standardize(b, g, axes));
  return b.add(b.mul(unit, b.channels(p.w)), b.channels(p.b));
};
/** −Σ ln p(x | logits) per item */
const bernoulli = (b, logits, x, n) => b.mul(b.sum(b.sub(b.softplus(logits), b.mul(x, logits))), b.number(1 / n));

function vae(b, { batch, side, hidden, latent }) {
  const init = makeInit(b);
  const pixels = side * side;
  return {
    parameters: {
      hidden: init.linear(pixels, hidden),
      mean: init.linear(hidden, latent),
      logVariance: init.linear(hidden, latent),
      expand: init.linear(latent, hidden),
      output: init.linear(hidden, pixels),
    },
    item: [pixels],
    noise: () => ({
      grey: [init.uniformNoise(batch * pixels), [batch, pixels]],
      code: [init.normalNoise(batch * latent), [batch, latent]],
    }),
    loss: (p, grey, noise) => {
      const x = b.less(noise.grey, grey);
      const h = b.relu(linear(b, p.hidden, x));
      const mean = linear(b, p.mean, h);
      const logVariance = linear(b, p.logVariance, h);
      const z = b.add(mean, b.mul(b.exp(b.mul(logVariance, b.number(0.5))), noise.code));
      const logits = linear(b, p.output, b.relu(linear(b, p.expand, z)));
      const terms = b.sub(b.add(b.exp(logVariance), b.mul(mean, mean)), b.add(logVariance, b.number(1)));
      return b.add(bernoulli(b, logits, x, batch), b.mul(b.sum(terms), b.number(0.5 / batch)));
    },
  };
}

function gpt(b, { batch, layers, heads, width, positions, vocabulary }) {
  const init = makeInit(b);
  const T = positions;
  const mask = b.array(
    Float32Array.from({ length: T * T }, (_, i) => (i % T <= Math.floor(i / T) ? 0 : -1e9)),
    [T, T],
  );
  const cut = (x) => b.transpose(b.reshape(x, [batch, T, heads, width / heads]), [0, 2, 1, 3]);
  const attend = (p, x) => {
    const [q, k, v] = b.split(linear(b, p.attn, x), 3).map(cut);
    const scores = b.mul(b.matmul(q, b.transpose(k, [0, 1, 3, 2])), b.number((width / heads) ** -0.5));
    const mixed = b.matmul(b.softmax(b.add(scores, mask)), v);
    return linear(b, p.out, b.reshape(b.transpose(mixed, [0, 2, 1, 3]), [batch, T, width]));
  };
  return {
    parameters: {
      wte: init.normal([vocabulary, width], 0.02),
      wpe: init.normal([T, width], 0.02),
      h: Array.from({ length: layers }, () => ({
        ln1: init.norm(width),
        attn: init.linear(width, 3 * width),
        out: init.linear(width, width),
        ln2: init.norm(width),
        fc: init.linear(width, 4 * width),
        proj: init.linear(4 * width, width),
      })),
      lnf: init.norm(width),
    },
    item: [T + 1],
    classes: vocabulary,
    noise: () => ({}),
    rate: 1e-3,
    beta2: 0.99,
    decay: 0.1,
    clip: 1,
    loss: (p, tokens) => {
      const [before, after] = b.shifted(tokens, T, vocabulary); // one-hot [B, T, V] each
      let x = b.add(b.matmul(before, p.wte), p.wpe);
      for (const block of p.h) {
        x = b.add(x, attend(block, layerNorm(b, block.ln1, x)));
        x = b.add(x, linear(b, block.proj, b.gelu(linear(b, block.fc, layerNorm(b, block.ln2, x)))));
      }
      const logits = b.matmul(layerNorm(b, p.lnf, x), b.transpose(p.wte, [1, 0]));
      return b.mul(b.sum(b.mul(b.logSoftmax(logits), after)), b.number(-1 / (batch * T)));
    },
  };
}

function pixelcnn(b, { batch, side, layers, width }) {
  const init = makeInit(b);
  const masked = (p, x, k, centre) => {
    const taps = Float32Array.from({ length: k * k }, (_, i) => Number(i < (k * k - 1) / 2 + centre));
    return b.relu(conv(b, { ...p, w: b.mul(p.w, b.array(taps, b.filterShape(k, 1, 1))) }, x, 1, (k - 1) / 2));
  };
  return {
    parameters: {
      first: init.conv(1, width, 7),
      rest: Array.from({ length: layers - 1 }, () => init.conv(width, width, 3)),
      head: init.conv(width, 1, 1),
    },
    item: b.imageShape(1, side),
    noise: () => ({ grey: [init.uniformNoise(batch * side * side), [batch, ...b.imageShape(1, side)]] }),
    loss: (p, grey, noise) => {
      const x = b.less(noise.grey, grey);
      let h = masked(p.first, x, 7, 0);
      for (const layer of p.rest) h = masked(layer, h, 3, 1);
      return bernoulli(b, conv(b, p.head, h), x, batch);
    },
  };
}

function unet(b, { batch, side, channels, width, multipliers, blocks, attention: attentionAt }) {
  const init = makeInit(b);
  const last = multipliers.length - 1;
  const inner = 4 * width;
  const residual = (i, o) => ({
    norm1: init.norm(i),
    conv1: init.conv(i, o, 3),
    condition: init.linear(inner, o),
    norm2: init.norm(o),
    conv2: init.conv(o, o, 3),
    ...(i === o ? {} : { shortcut: init.conv(i, o, 1) }),
  });
  const attention = (c) => ({ norm: init.norm(c), qkv: init.conv(c, 3 * c, 1), out: init.conv(c, c, 1) });
  const stage = (widths, level, resize) => ({
    blocks: widths.map(([i, o]) => residual(i, o)),
    attention: 2 ** level === attentionAt ? widths.map(([, o]) => attention(o)) : [],
    ...(resize ? { resize: init.conv(widths.at(-1)[1], widths.at(-1)[1], 3) } : {}),
  });
  const skips = [width];
  let at = width;
  const down = multipliers.map((m, level) => {
    const widths = Array.from({ length: blocks }, () => {
      const step = [at, m * width];
      at = m * width;
      skips.push(at);
      return step;
    });
    if (level !== last) skips.push(at);
    return stage(widths, level, level !== last);
  });
  const middle = { first: residual(at, at), attention: attention(at), second: residual(at, at) };
  const up = multipliers
    .map((m, level) => [m, level])
    .toReversed()
    .map(([m, level]) => {
      const widths = Array.from({ length: blocks + 1 }, () => {
        const step = [at + skips.pop(), m * width];
        at = m * width;
        return step;
      });
      return stage(widths, level, level > 0);
    });
  const res = (p, x, condition) => {
    const shift = b.channels(linear(b, p.condition, b.silu(condition)));
    const h = b.add(conv(b, p.conv1, b.silu(groupNorm(b, p.norm1, x)), 1, 1), shift);
    const y = conv(b, p.conv2, b.silu(groupNorm(b, p.norm2, h)), 1, 1);
    return b.add(y, p.shortcut === undefined ? x : conv(b, p.shortcut, x));
  };
  const attend = (p, x) => {
    const [q, k, v] = b.split(b.tokens(conv(b, p.qkv, groupNorm(b, p.norm, x))), 3); // [B, HW, C]
    const weights = b.softmax(b.matmul(b.mul(q, b.number(p.norm.w.shape[0] ** -0.5)), b.transpose(k, [0, 2, 1])));
    return b.add(x, conv(b, p.out, b.image(b.matmul(weights, v), x.shape)));
  };
  const block = (p, i, h, condition) => {
    const y = res(p.blocks[i], h, condition);
    return p.attention[i] === undefined ? y : attend(p.attention[i], y);
  };
  const products = [1];
  for (let t = 0; t < 1000; t++) products.push(products[t] * (1 - (1e-4 + (t * (0.02 - 1e-4)) / 999)));
  const frequencies = Float32Array.from({ length: width / 2 }, (_, i) => 10000 ** (-i / (width / 2 - 1)));
  const shape = [batch, ...b.imageShape(channels, side)];
  const size = shape.reduce((p, q) => p * q, 1);
  return {
    parameters: {
      hidden: init.linear(width, inner),
      condition: init.linear(inner, inner),
      input: init.conv(channels, width, 3),
      down,
      middle,
      up,
      norm: init.norm(at),
      output: init.conv(at, channels, 3),
    },
    item: b.imageShape(channels, side),
    rate: 1e-3,
    clip: 1,
    noise: () => {
      const times = Array.from(init.uniformNoise(batch), (u) => Math.floor(1000 * u));
      const angles = new Float32Array(batch * width);
      times.forEach((t, i) => {
        frequencies.forEach((f, j) => {
          angles[i * width + j] = Math.sin(t * f);
          angles[i * width + width / 2 + j] = Math.cos(t * f);
        });
      });
      const column = (f) => [Float32Array.from(times, f), [batch, 1, 1, 1]];
      return {
        epsilon: [init.normalNoise(size), shape],
        waves: [angles, [batch, width]],
        signal: column((t) => Math.sqrt(products[t + 1])),
        level: column((t) => Math.sqrt(1 - products[t + 1])),
      };
    },
    loss: (p, x, noise) => {
      const scaled = b.sub(b.mul(x, b.number(2)), b.number(1));
      const noisy = b.add(b.mul(scaled, noise.signal), b.mul(noise.epsilon, noise.level));
      const condition = linear(b, p.condition, b.silu(linear(b, p.hidden, noise.waves)));
      let h = conv(b, p.input, noisy, 1, 1);
      const kept = [h];
      for (const s of p.down) {
        for (let i = 0; i < s.blocks.length; i++) {
          h = block(s, i, h, condition);
          kept.push(h);
        }
        if (s.resize !== undefined) {
          h = conv(b, s.resize, h, 2, 1);
          kept.push(h);
        }
      }
      h = res(p.middle.second, attend(p.middle.attention, res(p.middle.first, h, condition)), condition);
      for (const s of p.up) {
        for (let i = 0; i < s.blocks.length; i++) h = block(s, i, b.joinChannels(h, kept.pop()), condition);
        if (s.resize !== undefined) h = conv(b, s.resize, b.double(h), 1, 1);
      }
      const error = b.sub(conv(b, p.output, b.silu(groupNorm(b, p.norm, h)), 1, 1), noise.epsilon);
      return b.mul(b.sum(b.mul(error, error)), b.number(1 / size));
    },
  };
}

function dcgan(b, { batch, side, channels, latent, width: w }) {
  const init = makeInit(b);
  const c = (i, o) => init.conv(i, o, 4, false);
  const up = (i, o) => ({ w: b.transposedFilter(init.conv(o, i, 4, false).w) });
  const leaky = (x) => b.leakyRelu(x, 0.2);
  const dream = (p, z) => {
    let h = b.relu(batchNorm(b, p.norms[0], b.convTranspose(z, p.up[0].w, 1, 0)));
    h = b.relu(batchNorm(b, p.norms[1], b.convTranspose(h, p.up[1].w, 2, 1)));
    h = b.relu(batchNorm(b, p.norms[2], b.convTranspose(h, p.up[2].w, 2, 1)));
    return b.tanh(b.convTranspose(h, p.up[3].w, 2, 1));
  };
  const judge = (p, x) => {
    const h1 = leaky(conv(b, p.down[0], x, 2, 1));
    const h2 = leaky(batchNorm(b, p.norms[0], conv(b, p.down[1], h1, 2, 1)));
    const h3 = leaky(batchNorm(b, p.norms[1], conv(b, p.down[2], h2, 2, 1)));
    return conv(b, p.down[3], h3);
  };
  const mean = (x) => b.mul(b.sum(x), b.number(1 / batch));
  const code = [batch, ...b.imageShape(latent, 1)];
  return {
    item: b.imageShape(channels, side),
    rate: 2e-4,
    beta1: 0.5,
    noise: () => ({ code: [init.normalNoise(batch * latent), code] }),
    // Two players: each loss sees both, and moves its own.
    players: {
      discriminator: {
        parameters: {
          down: [c(channels, w), c(w, 2 * w), c(2 * w, 4 * w), c(4 * w, 1)],
          norms: [init.norm(2 * w), init.norm(4 * w)],
        },
        loss: (own, other, x, noise) => {
          const real = judge(own, b.sub(b.mul(x, b.number(2)), b.number(1)));
          const fake = judge(own, dream(other, noise.code));
          return b.add(mean(b.softplus(b.mul(real, b.number(-1)))), mean(b.softplus(fake)));
        },
      },
      generator: {
        parameters: {
          up: [up(latent, 4 * w), up(4 * w, 2 * w), up(2 * w, w), up(w, channels)],
          norms: [init.norm(4 * w), init.norm(2 * w), init.norm(w)],
        },
        loss: (own, other, _x, noise) => mean(b.softplus(b.mul(judge(other, dream(own, noise.code)), b.number(-1)))),
      },
    },
  };
}

export const networks = { vae, gpt, pixelcnn, unet, dcgan };

/** Batches of a small made-up data set of bytes, gathered anew each time: Float32Array or Int32Array. */
export function batchesOf(item, batch, classes) {
  const count = 4096;
  const size = item.reduce((p, q) => p * q, 1);
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const values = Uint8Array.from({ length: count * size }, () => (classes ?? 256) * random());
  return () => {
    const data = classes === undefined ? new Float32Array(batch * size) : new Int32Array(batch * size);
    for (let i = 0; i < batch; i++) {
      const from = Math.floor(count * random()) * size;
      for (let j = 0; j < size; j++)
        data[i * size + j] = classes === undefined ? values[from + j] / 255 : values[from + j];
    }
    return data;
  };
}
