/**
 * The layout of GPT-2 on Hugging Face (config.json, model.safetensors) and genera's `gpt`, which has the same parameters
 * under the same names and in the same orientation.
 */
import { FormatError, UsageError } from '../core/errors.js';
import { formatShape } from '../core/shape.js';
import type { NamedArray } from '../runtime/state.js';

type Json = Readonly<Record<string, unknown>>;

const activations: Readonly<Record<string, string>> = {
  gelu_new: 'geluTanh',
  gelu_pytorch_tanh: 'geluTanh',
  gelu: 'gelu',
  relu: 'relu',
  silu: 'silu',
};

const prefix = 'transformer.';
/** Buffers that older files carry: the causal mask and the number that hides. */
const buffer = /^h\.\d+\.attn\.(bias|masked_bias)$/;

/**
 * Settings of `gpt` from a config.json.
 * @throws FormatError for another architecture, or a variant of GPT-2 that genera does not have
 */
export function settingsFromGpt2(config: Json, source: string): Record<string, unknown> {
  const fail = (expected: string, got: string): never => {
    throw new FormatError({
      operation: `read ${source}`,
      expected,
      got,
      remedy: 'genera reads models of type gpt2 as OpenAI published them.',
    });
  };
  const whole = (key: string): number => {
    const value = config[key];
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
    return fail(`a positive whole number for ${key}`, JSON.stringify(value) ?? 'nothing');
  };
  const fixed: Json = { scale_attn_weights: true, tie_word_embeddings: true, scale_attn_by_inverse_layer_idx: false };
  if (config.model_type !== 'gpt2') fail("model_type 'gpt2'", JSON.stringify(config.model_type) ?? 'none');
  for (const [key, value] of Object.entries(fixed)) {
    if (config[key] !== undefined && config[key] !== value) fail(`${key} ${value}`, `${config[key]}`);
  }
  const width = whole('n_embd');
  const inner = config.n_inner ?? 4 * width;
  if (inner !== 4 * width) fail(`n_inner ${4 * width}, four times n_embd`, `${inner}`);
  const epsilon = config.layer_norm_epsilon ?? 1e-5;
  if (epsilon !== 1e-5) fail('layer_norm_epsilon 1e-5', `${epsilon}`);
  const activation = activations[String(config.activation_function ?? 'gelu_new')];
  if (activation === undefined) {
    fail(`an activation_function of ${Object.keys(activations).join(', ')}`, `${config.activation_function}`);
  }
  return {
    layers: whole('n_layer'),
    heads: whole('n_head'),
    width,
    context: config.n_positions === undefined ? whole('n_ctx') : whole('n_positions'),
    activation,
    dropout: typeof config.resid_pdrop === 'number' ? config.resid_pdrop : 0.1,
  };
}

/** Parameters by genera's names: the prefix, tied copies and mask buffers of the file are left out. */
export function weightsFromGpt2(tensors: ReadonlyMap<string, NamedArray>, source: string): Map<string, NamedArray> {
  const found = new Map<string, NamedArray>();
  for (const [given, value] of tensors) {
    const name = given.startsWith(prefix) ? given.slice(prefix.length) : given;
    if (buffer.test(name) || name === 'lm_head.weight') continue;
    found.set(name, value);
  }
  const tied = tensors.get('lm_head.weight');
  const embedding = found.get('wte.weight');
  if (tied !== undefined && embedding !== undefined && tied.data.some((value, i) => value !== embedding.data[i])) {
    throw new FormatError({
      operation: `read ${source}`,
      expected: 'an output matrix that is the token embedding (tied weights)',
      got: 'one of its own',
      remedy: 'genera has no GPT-2 with separate output weights.',
    });
  }
  return found;
}

/** Tokens that the weights know. */
export function vocabularyOf(weights: ReadonlyMap<string, NamedArray>, source: string): number {
  const shape = weights.get('wte.weight')?.shape;
  if (shape?.length === 2) return shape[0]!;
  throw new FormatError({
    operation: `read ${source}`,
    expected: "GPT-2's tensors, 'wte.weight' [vocabulary, width] among them",
    got: shape === undefined ? 'none of that name' : formatShape(shape),
    remedy: 'Check that the file is a GPT-2 model.',
  });
}

/**
 * config.json of a `gpt` model.
 * @throws UsageError for options that GPT-2 does not have
 */
export function gpt2ConfigOf(
  settings: Json,
  vocabulary: number,
  endOfText: number | undefined,
): Record<string, unknown> {
  const { layers, heads, width, context, dropout, activation, positions, norm } = settings;
  const name = Object.entries(activations).find(([, own]) => own === activation)?.[0];
  if (positions !== 'learned' || norm !== 'layer' || name === undefined) {
    throw new UsageError({
      operation: "write in GPT-2's layout",
      expected: 'learned positions and layer norms',
      got: `positions ${positions}, norm ${norm}`,
      remedy: 'Export it as ONNX instead.',
    });
  }
  const end = endOfText ?? null;
  return {
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    vocab_size: vocabulary,
    n_positions: context,
    n_ctx: context,
    n_embd: width,
    n_layer: layers,
    n_head: heads,
    n_inner: null,
    activation_function: name,
    layer_norm_epsilon: 1e-5,
    initializer_range: 0.02,
    attn_pdrop: dropout,
    embd_pdrop: dropout,
    resid_pdrop: dropout,
    scale_attn_weights: true,
    tie_word_embeddings: true,
    use_cache: true,
    bos_token_id: end,
    eos_token_id: end,
    torch_dtype: 'float32',
  };
}

/** Parameters by the names of GPT2LMHeadModel. */
export function weightsToGpt2(weights: ReadonlyMap<string, NamedArray>): Map<string, NamedArray> {
  return new Map([...weights].map(([name, value]) => [`${prefix}${name}`, value]));
}
