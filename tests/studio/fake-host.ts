/** A host of training that trains nothing: it tells a made-up story, quickly, so that the Studio has something to show. */
import type { AnswerOf, Query, QueryKind, QueryOf } from '../../src/inference/explore-queries.js';
import type { HostEvent, HostEventBody, RunInfo, RunState, StartRequest, TrainingHost } from '../../src/train/host.js';

interface Tale {
  info: RunInfo;
  events: HostEvent[];
  listeners: Set<(event: HostEvent) => void>;
  timer: ReturnType<typeof setInterval> | undefined;
}

const tensor = (shape: readonly number[], at: (i: number) => number) => ({
  shape,
  dtype: 'float32' as const,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => at(i)),
});

/** n pictures of 28 × 28: rings of different widths that get clearer with the step. */
function rings(n: number, step: number, total: number) {
  const clear = Math.min(1, 0.2 + step / total);
  return tensor([n, 1, 28, 28], (i) => {
    const item = Math.floor(i / 784);
    const [y, x] = [Math.floor((i % 784) / 28) - 13.5, (i % 28) - 13.5];
    const radius = 4 + ((item * 37) % 70) / 10;
    const noise = Math.abs(Math.sin(i * 12.9898 + step) * 43758.5453) % 1;
    return Math.min(
      1,
      clear * Math.exp(-(((Math.hypot(x, y * (0.8 + (item % 3) * 0.2)) - radius) / 1.6) ** 2)) + (1 - clear) * noise,
    );
  });
}

const points = (n: number, spread: number) =>
  tensor([n, 2], (i) => {
    const item = i >> 1;
    const angle = ((item % 8) * Math.PI) / 4;
    const jitter = Math.sin(item * 91.7 + (i & 1) * 13.3) * spread;
    return 2 * (i & 1 ? Math.sin(angle) : Math.cos(angle)) + jitter;
  });

export function createHost({
  interval = 30,
  totalSteps = 400,
}: {
  interval?: number;
  totalSteps?: number;
} = {}): TrainingHost {
  const tales = new Map<string, Tale>();
  const tell = (tale: Tale, event: HostEventBody): void => {
    const told = { run: tale.info.id, number: tale.events.length + 1, event };
    tale.events.push(told);
    for (const listener of tale.listeners) listener(told);
  };
  const become = (tale: Tale, state: RunState): RunInfo => {
    tale.info = { ...tale.info, state };
    if (state !== 'running') clearInterval(tale.timer);
    tell(tale, { kind: 'status', state, seconds: tale.info.step / 50 });
    return tale.info;
  };
  const advance = (tale: Tale): void => {
    const step = tale.info.step + 1;
    tale.info = { ...tale.info, step };
    const at = { step, totalSteps, epoch: step / 100, seconds: step / 50 };
    const noise = Math.sin(step * 3.3) * 4;
    const kl = 25 - 12 * Math.exp(-step / 60);
    const reconstruction = 80 + 450 * Math.exp(-step / 40) + noise;
    const game = {
      'discriminator.loss': 1.3 + noise / 40,
      'generator.loss': 0.8 - noise / 40,
      'discriminator.real_score': 0.55,
      'discriminator.fake_score': 0.45,
    };
    const plain = { loss: reconstruction + kl, reconstruction, kl, gradient_norm: 3 + noise / 5 };
    tell(tale, { kind: 'step', metrics: tale.info.model.includes('gan') ? game : plain, itemsPerSecond: 6400, ...at });
    if (step % 10 === 0) {
      if (tale.info.model === 'gpt')
        tell(tale, { kind: 'text', text: `The cat sat ${'on the mat and '.repeat(8)}slept.`, ...at });
      else if (tale.info.data === 'gaussians')
        tell(tale, { kind: 'samples', samples: points(400, 2 * Math.exp(-step / 60) + 0.1), ...at });
      else tell(tale, { kind: 'samples', samples: rings(16, step, totalSteps), ...at });
    }
    if (step % 50 === 0) tell(tale, { kind: 'validation', metrics: { loss: reconstruction + kl + 6 }, ...at });
    if (step === totalSteps) {
      tell(tale, { kind: 'done', metrics: {}, ...at });
      become(tale, 'done');
    }
  };
  const found = (run: string): Tale => {
    const tale = tales.get(run);
    if (tale === undefined) throw new Error(`There is no run “${run}”.`);
    return tale;
  };
  const go = (tale: Tale): RunInfo => {
    tale.timer = setInterval(() => advance(tale), interval);
    return become(tale, 'running');
  };

  return {
    info: async () => ({ kind: 'browser', backend: 'wasm', description: 'a made-up host', memory: 180 * 2 ** 20 }),
    async start({ model, data = 'synthetic-digits', settings, seed, paused = false }: StartRequest) {
      const id = `${model}-${tales.size + 1}`;
      const info: RunInfo = {
        id,
        model,
        data,
        seed,
        settings,
        step: 0,
        totalSteps,
        state: 'preparing',
        created: new Date().toISOString(),
      };
      const tale: Tale = { info, events: [], listeners: new Set(), timer: undefined };
      tales.set(id, tale);
      return paused ? become(tale, 'paused') : go(tale);
    },
    resume: async (run) => go(found(run)),
    pause: async (run) => become(found(run), 'paused'),
    async step(run, n) {
      const tale = found(run);
      for (let i = 0; i < n && tale.info.step < totalSteps; i++) advance(tale);
      return tale.info;
    },
    stop: async (run) => become(found(run), 'stopped'),
    async reset(run) {
      const tale = found(run);
      clearInterval(tale.timer);
      tale.events = [];
      tale.info = { ...tale.info, step: 0 };
      return become(tale, 'paused');
    },
    async remove(run) {
      clearInterval(found(run).timer);
      tales.delete(run);
    },
    runs: async () => [...tales.values()].map(({ info }) => info),
    watch(run, from, listener) {
      const tale = found(run);
      for (const event of tale.events.slice(from - 1)) listener(event);
      tale.listeners.add(listener);
      return () => tale.listeners.delete(listener);
    },
    explore: async <K extends QueryKind>(run: string, query: QueryOf<K>) =>
      answer(found(run), query as Query) as AnswerOf<K>,
    export: async (run, kind) => ({ name: `${run}.${kind}`, bytes: new Uint8Array([1, 2, 3]) }),
  };

  function answer({ info }: Tale, query: Query): unknown {
    const { step } = info;
    const labels = (n: number): number[] => Array.from({ length: n }, (_, i) => i % 10);
    const items = (n: number) => ({
      items: info.data === 'gaussians' ? points(n, 0.1) : rings(n, totalSteps, totalSteps),
      positions: labels(n).map((_, i) => i),
      labels: labels(n),
      labelNames: labels(10).map(String),
    });
    switch (query.kind) {
      case 'samples':
        return {
          items:
            info.data === 'gaussians'
              ? points(query.count, 2 * Math.exp(-step / 60) + 0.1)
              : rings(query.count, step, totalSteps),
        };
      case 'data':
        return { ...items(query.count ?? 10), total: 1000 };
      case 'encode': {
        const n = query.count ?? 10;
        const latent = Number(info.settings['latent'] ?? 4);
        return {
          ...items(n),
          mean: tensor([n, latent], (i) => 1.3 * Math.sin(((i / latent) | 0) % 10) + Math.sin(i * 7.7) * 0.5),
          logVariance: tensor([n, latent], () => -3),
        };
      }
      case 'decode':
        return { items: rings(query.codes.shape[0]!, step, totalSteps) };
      case 'reconstruct':
        return { ...items(query.count ?? 10), reconstructions: rings(query.count ?? 10, step, totalSteps) };
      case 'interpolate':
        return { items: rings(query.steps, step, totalSteps) };
      case 'traverse':
        return {
          items: rings(4 * query.steps, step, totalSteps),
          dimensions: [0, 1, 2, 3].map((dimension) => ({
            dimension,
            deviation: 1,
            kl: 3 - dimension / 2,
            active: true,
          })),
        };
      case 'manifold':
        return { items: rings(query.steps ** 2, step, totalSteps) };
      case 'dimensions':
        return {
          error: 0.05,
          dimensions: [0, 1, 2, 3].map((dimension) => ({
            dimension,
            kl: 3 - dimension,
            mean: 0,
            variance: 1 - dimension / 4,
            active: dimension < 3,
            worth: 0.03 - dimension / 100,
          })),
        };
      case 'push':
        return {
          directions: tensor([query.points.shape[0]!, 2], (i) => -0.1 * Number(query.points.data[i])),
        };
      case 'modes':
        return {
          centres: Array.from({ length: 8 }, (_, i) => [
            2 * Math.cos((i * Math.PI) / 4),
            2 * Math.sin((i * Math.PI) / 4),
          ]),
          counts: Array.from({ length: 8 }, (_, i) => (i < 6 ? 50 : 2)),
          total: query.count,
          found: 6,
          highQuality: 304 / query.count,
        };
      case 'attention': {
        const prompt = query.prompt.split(/(?= )/).map((text, token) => ({ token, text }));
        const n = prompt.length;
        return {
          prompt,
          weights: tensor([2, 2, n, n], (i) => {
            const [row, column] = [Math.floor(i / n) % n, i % n];
            return column > row ? 0 : 1 / (row + 1);
          }),
        };
      }
      case 'pixel':
        return {
          ...items(1),
          field: tensor([1, 1, 28, 28], (i) => {
            const [dy, dx] = [query.row - Math.floor(i / 28), query.column - (i % 28)];
            return dy > 0 || (dy === 0 && dx > 0) ? Math.exp(-(dy ** 2 + dx ** 2) / 20) : 0;
          }),
          probabilities: tensor([2, 28, 28], (i) => (i < 784 ? 0.75 : 0.25)),
        };
      case 'edit': {
        const frames = query.frames ?? 10;
        const view = () => tensor([query.count, frames, 1, 28, 28], (i) => Math.abs(Math.sin(i * 12.9)));
        const numbers = (from: number, to: number) =>
          Array.from({ length: frames }, (_, i) => from + ((to - from) * i) / Math.max(1, frames - 1));
        const fractions = numbers(1 / frames, 1);
        return {
          image: rings(1, totalSteps, totalSteps),
          noising: {
            fractions,
            views: { x_t: view() },
            numbers: { time: numbers(20, 500), alpha_bar: numbers(0.98, 0.2) },
          },
          denoising: {
            fractions,
            views: { x_t: view(), epsilon: view(), x_0: view() },
            numbers: { time: numbers(500, 0), alpha_bar: numbers(0.2, 0.99) },
          },
        };
      }
      case 'trajectory': {
        const frames = query.frames ?? query.steps ?? 20;
        const view = (clear: (f: number) => number) => {
          const n = query.count * frames;
          const base = rings(query.count, totalSteps, totalSteps).data;
          return tensor([query.count, frames, 1, 28, 28], (i) => {
            const f = Math.floor(i / 784) % frames;
            const part = clear(f / Math.max(1, frames - 1));
            const item = Math.floor(i / 784 / frames);
            return part * base[item * 784 + (i % 784)]! + (1 - part) * (Math.abs(Math.sin(i * 12.9 + n) * 43758.5) % 1);
          });
        };
        return {
          fractions: Array.from({ length: frames }, (_, i) => (i + 1) / frames),
          views: { x_t: view((f) => f ** 2), epsilon: view(() => 0), x_0: view((f) => Math.sqrt(f)) },
          numbers: {
            time: Array.from({ length: frames }, (_, i) => Math.round(999 * (1 - (i + 1) / frames))),
            alpha_bar: Array.from({ length: frames }, (_, i) => ((i + 1) / frames) ** 2),
          },
        };
      }
      case 'judge':
        return {
          scores: tensor([query.points.shape[0]!], (i) => {
            const [x, y] = [Number(query.points.data[2 * i]), Number(query.points.data[2 * i + 1])];
            return 1 / (1 + Math.exp(2 * (Math.abs(Math.hypot(x, y) - 2) - 0.6)));
          }),
        };
      case 'continue':
        return {
          text: ' and so the story goes on',
          tokens: [' and', ' so', ' the', ' story', ' goes', ' on'].map((text, i) => ({
            token: i,
            text,
            logProb: -0.3 * i,
          })),
        };
      case 'nextTokens': {
        const logits = Array.from({ length: 20 }, (_, i) => 3 - i * 0.4);
        const logSumExp = Math.log(logits.reduce((a, l) => a + Math.exp(l), 0));
        return {
          prompt: query.prompt.split(/(?= )/).map((text, token) => ({ token, text })),
          tokens: logits.map((logit, i) => ({
            token: i,
            text: ` w${i}`,
            logit,
            probability: Math.exp(logit - logSumExp),
          })),
          entropy: 2.1,
          logSumExp,
          vocabulary: 20,
        };
      }
      case 'fill':
        return { ...items(1), frames: rings(query.frames ?? 8, step, totalSteps) };
    }
  }
}
