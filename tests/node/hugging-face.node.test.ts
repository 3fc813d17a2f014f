/** GPT-2 in Hugging Face's layout, in and out, against PyTorch. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LanguageNetwork } from '../../src/contract/index.js';
import { FormatError, UsageError } from '../../src/core/errors.js';
import type { Tensor } from '../../src/core/tensor.js';
import { BpeTokenizer } from '../../src/data/tokenizers/index.js';
import { importHuggingFace, type LoadedRun, writeHuggingFace, writeText } from '../../src/node/index.js';
import { compile } from '../../src/runtime/program.js';

const fixture = new URL('../fixtures/gpt2', import.meta.url).pathname;
const script = new URL('../fixtures/gpt2.py', import.meta.url).pathname;
const python = '/usr/bin/python3';
const hasTorch = (() => {
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('skipped: GPT-2 weights read by PyTorch, since Debian’s python3-torch is not installed');
    return false;
  }
})();

let folder = '';
const published = (): string => join(folder, 'published');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'genera-gpt2-'));
  cpSync(fixture, published(), { recursive: true });
  const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  const vocabulary = [...bytes, new TextEncoder().encode('<|endoftext|>')];
  const tokenizer = new BpeTokenizer({ vocabulary, merges: [], special: { '<|endoftext|>': 256 } });
  writeFileSync(join(published(), 'tokenizer.json'), JSON.stringify(tokenizer.toJson()));
});
afterEach(() => rmSync(folder, { recursive: true }));

const tokens = JSON.parse(readFileSync(join(fixture, 'tokens.json'), 'utf8')) as number[][];

async function logitsOf({ instance }: LoadedRun): Promise<number[]> {
  const { logits } = instance.capabilities.language as LanguageNetwork;
  const program = compile((x: Tensor) => logits(x));
  const x = { shape: [2, 12], dtype: 'int32' as const, data: Int32Array.from(tokens.flat()) };
  return [...((await program.run([x])).data as Float32Array)];
}

const farthest = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe("GPT-2 in Hugging Face's layout", () => {
  it('written by PyTorch, gives the same logits here', async () => {
    const run = await importHuggingFace(published(), join(folder, 'run'));
    const expected = (JSON.parse(readFileSync(join(fixture, 'logits.json'), 'utf8')) as number[][][]).flat(2);
    const found = await logitsOf(run);
    expect(found.length).toBe(expected.length);
    expect(Math.max(...expected)).toBeGreaterThan(1);
    expect(farthest(found, expected)).toBeLessThan(1e-4);
    expect(run.config.settings).toMatchObject({ layers: 2, heads: 4, width: 16, context: 12, activation: 'geluTanh' });
    expect((await writeText(run.instance, run.tokenizer!, 'ab', { maxNewTokens: 20 })).length).toBeGreaterThan(0);
  });

  it.runIf(hasTorch)('written here, gives the same logits in PyTorch', async () => {
    const run = await importHuggingFace(published(), join(folder, 'run'));
    const out = join(folder, 'written');
    await writeHuggingFace(run, out);
    const answer = execFileSync(python, [script, 'logits', out, JSON.stringify(tokens)], { encoding: 'utf8' });
    expect(farthest(await logitsOf(run), (JSON.parse(answer) as number[][][]).flat(2))).toBeLessThan(1e-4);
    const again = await importHuggingFace(out, join(folder, 'again'));
    expect(await logitsOf(again)).toEqual(await logitsOf(run));
    expect(again.tokenizer!.toJson()).toEqual(run.tokenizer!.toJson());
  });

  it('takes names without prefix, mask buffers and tied copies as older files have them', async () => {
    const path = join(published(), 'model.safetensors');
    const raw = readFileSync(path);
    const length = Number(raw.readBigUInt64LE(0));
    const header = JSON.parse(raw.subarray(8, 8 + length).toString()) as Record<
      string,
      { data_offsets: number[]; shape: number[] }
    >;
    const old: Record<string, unknown> = {};
    for (const [name, entry] of Object.entries(header)) old[name.replace('transformer.', '')] = entry;
    old['lm_head.weight'] = old['wte.weight'];
    delete old.__metadata__;
    const text = JSON.stringify(old).padEnd(Math.ceil(JSON.stringify(old).length / 8) * 8);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    writeFileSync(path, Buffer.concat([size, Buffer.from(text), raw.subarray(8 + length)]));
    const run = await importHuggingFace(published(), join(folder, 'run'));
    expect((await logitsOf(run)).length).toBe(2 * 12 * 257);
  });

  const config = (change: object): void => {
    const path = join(published(), 'config.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
  };
  const refused = (message: RegExp, kind: new (text: string) => Error = FormatError) =>
    expect(importHuggingFace(published(), join(folder, 'run'))).rejects.toSatisfy(
      (error: Error) => error instanceof kind && message.test(error.message),
    );

  it.each([
    [{ model_type: 'llama' }, /model_type 'gpt2'.*llama/],
    [{ n_layer: 0 }, /n_layer/],
    [{ activation_function: 'quick_gelu' }, /quick_gelu/],
    [{ tie_word_embeddings: false }, /tie_word_embeddings/],
    [{ n_inner: 20 }, /n_inner 64/],
  ])('refuses %o', async (change, message) => {
    config(change);
    await refused(message);
  });

  it('refuses broken, missing and foreign files', async () => {
    config({ n_layer: 3 });
    await refused(/none for .*h\.2/);
    config({ n_layer: 2 });
    rmSync(join(folder, 'run'), { recursive: true });
    writeFileSync(join(published(), 'tokenizer.json'), '{"model":');
    await refused(/expected JSON/);
    rmSync(join(published(), 'tokenizer.json'));
    await refused(/tokenizer/, UsageError);
    const other = new BpeTokenizer({ vocabulary: Array.from({ length: 256 }, (_, b) => Uint8Array.of(b)), merges: [] });
    writeFileSync(join(published(), 'tokenizer.json'), JSON.stringify(other.toJson()));
    await refused(/a tokenizer of 257 tokens.*one of 256/);
    writeFileSync(join(published(), 'model.safetensors'), 'short');
    await refused(/safetensors/);
    rmSync(join(published(), 'model.safetensors'));
    await refused(/no file/);
    writeFileSync(join(published(), 'config.json'), '{');
    await refused(/JSON/, Error);
  });
});
