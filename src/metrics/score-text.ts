/** How well a language model foretells a text: ln p of each token, given those before it. */
import type { LanguageModel, LanguageNetwork } from '../contract/index.js';
import { allocate } from '../core/dtype.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import { compile, type Program } from '../runtime/program.js';

export type HostState = Readonly<Record<string, HostTensor>>;
type State = Readonly<Record<string, Tensor>>;

/** Windows that are scored at once. */
const windowsAtOnce = 16;
/** Tokens that a recurrent network reads in one run. */
const stretch = 32;

interface Programs {
  readonly windows: Program<[Tensor], Tensor>;
  readonly stretch: Program<[Tensor, State, Tensor], { scores: Tensor; state: State }>;
  readonly start: Program<[], State>;
}

const compiled = new WeakMap<LanguageNetwork, Programs>();

function programsOf(language: LanguageNetwork): Programs {
  const known = compiled.get(language);
  if (known !== undefined) return known;
  // x [B, S + 1] → ln p of x[:, 1:], [B, S]
  const pick = (logits: Tensor, x: Tensor): Tensor => logits.logSoftmax().pick(x.narrow(1, 1, x.shape[1]! - 1));
  const all = (x: Tensor): Tensor => x.narrow(1, 0, x.shape[1]! - 1);
  const programs: Programs = {
    windows: compile((x: Tensor) => pick(language.logits(all(x)), x), { name: 'score' }),
    start: compile(() => language.start(1), { name: 'start' }),
    stretch: compile(
      (x: Tensor, state: State, position: Tensor) => {
        const read = language.read(all(x), state, position);
        return { scores: pick(read.logits, x), state: { ...state, ...read.state } };
      },
      { name: 'score' },
    ),
  };
  compiled.set(language, programs);
  return programs;
}

/**
 * ln p of each token but the first, in nats: Float64Array [tokens − 1].
 *
 * Networks with a bounded context read windows of that length, one beside the other; a token sees those before it in its
 * window, so the mean is the validation loss. Recurrent networks and tables see all that came before.
 */
export async function scoreTokens(
  language: LanguageModel,
  tokens: Int32Array,
  { onProgress = () => undefined }: { readonly onProgress?: (fraction: number) => void } = {},
): Promise<Float64Array> {
  if (tokens.length < 2) return new Float64Array(0);
  if (language.form === 'table') return language.score(tokens);
  const { context } = language;
  return context === undefined
    ? scoreOnward(language, tokens, onProgress)
    : scoreWindows(language, context, tokens, onProgress);
}

async function scoreWindows(
  language: LanguageNetwork,
  context: number,
  tokens: Int32Array,
  onProgress: (fraction: number) => void,
): Promise<Float64Array> {
  const { windows } = programsOf(language);
  const targets = tokens.length - 1;
  const out = new Float64Array(targets);
  const perRun = windowsAtOnce * context;
  for (let first = 0; first < targets; first += perRun) {
    // The last run is filled up with zeros; what is foretold beyond the end is dropped.
    const data = new Int32Array(windowsAtOnce * (context + 1));
    for (let row = 0; row < windowsAtOnce; row++) {
      const start = first + row * context;
      if (start < targets) data.set(tokens.subarray(start, start + context + 1), row * (context + 1));
    }
    const scores = (await windows.run([{ shape: [windowsAtOnce, context + 1], dtype: 'int32', data }]))
      .data as Float32Array;
    for (let i = 0; i < perRun && first + i < targets; i++) out[first + i] = scores[i]!;
    onProgress(Math.min(1, (first + perRun) / targets));
  }
  return out;
}

async function scoreOnward(
  language: LanguageNetwork,
  tokens: Int32Array,
  onProgress: (fraction: number) => void,
): Promise<Float64Array> {
  const programs = programsOf(language);
  const targets = tokens.length - 1;
  const out = new Float64Array(targets);
  let state = (await programs.start.run([])) as HostState;
  for (let first = 0; first < targets; first += stretch) {
    const data = new Int32Array(stretch + 1);
    data.set(tokens.subarray(first, first + stretch + 1));
    const x: HostTensor = { shape: [1, stretch + 1], dtype: 'int32', data };
    const result = await programs.stretch.run([x, state, hostInteger(first)]);
    state = result.state as HostState;
    const scores = (result.scores as HostTensor).data;
    for (let i = 0; i < stretch && first + i < targets; i++) out[first + i] = Number(scores[i]);
    onProgress(Math.min(1, (first + stretch) / targets));
  }
  return out;
}

export function hostInteger(value: number): HostTensor {
  return { shape: [], dtype: 'int32', data: Int32Array.of(value) };
}

/** Writes rows […, S, d] into a cache […, length, d] from a position on. */
export function writeRows(cache: HostTensor, rows: HostTensor, position: number): HostTensor {
  const [length, d] = cache.shape.slice(-2) as [number, number];
  const S = rows.shape.at(-2)!;
  const data = cache.data as Float32Array;
  for (let i = 0; i < sizeOf(cache.shape.slice(0, -2)); i++) {
    data.set((rows.data as Float32Array).subarray(i * S * d, (i + 1) * S * d), (i * length + position) * d);
  }
  return cache;
}

/** The same values in memory of their own, which may be written to. */
export function ownCopy(host: HostTensor): HostTensor {
  const data = allocate(host.dtype, host.data.length);
  (data as Float32Array).set(host.data as Float32Array);
  return { ...host, data };
}
