/** Models of text on the command line. */
import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, genera, put, sha256, succeed, workspace } from './harness.js';

const fails = async (args: string, status: number, message: RegExp) =>
  expectFailure(await genera(args), status, message);

let leave = () => {};
beforeAll(async () => {
  leave = workspace();
  put('corpus/a.txt', 'the cat sat on the mat. '.repeat(40));
  put('corpus/b.jsonl', `${JSON.stringify({ story: 'x', text: 'the dog sat on the log. '.repeat(40) })}\n`);
  await succeed('train gpt --preset tiny --data ./corpus/ --steps 12 --set tokenizer=byte --seed 1 --out runs/gpt');
  await succeed('train ngram --set order=6 --out runs/ngram');
});
afterAll(() => leave());

describe('training on text of one’s own', () => {
  it('stores tokenizer, samples and weights', async () => {
    expect(JSON.parse(readFileSync('runs/gpt/model/tokenizer.json', 'utf8'))).toMatchObject({ kind: 'byte' });
    expect(readFileSync('runs/gpt/samples/step-12.txt', 'utf8').length).toBeGreaterThan(100);
    await succeed(
      'train gpt --preset tiny --data ./corpus --steps 12 --sample-every 0 --out runs/twice --set tokenizer=byte --seed 1',
    );
    expect(sha256('runs/twice/model/model.safetensors')).toBe(sha256('runs/gpt/model/model.safetensors'));
  });

  it('continues as if it had not stopped', async () => {
    await succeed(
      'train gpt --preset tiny --data ./corpus --steps 6 --sample-every 0 --set tokenizer=byte finalRate=1 warmUp=0 --out runs/half',
    );
    await succeed('train gpt --resume --out runs/half --steps 9');
    await succeed(
      'train gpt --preset tiny --data ./corpus --steps 9 --sample-every 0 --set tokenizer=byte finalRate=1 warmUp=0 --out runs/whole',
    );
    expect(sha256('runs/half/model/model.safetensors')).toBe(sha256('runs/whole/model/model.safetensors'));
    await fails('train gpt --resume --out runs/half --data sentences --steps 12', 2, /data set .*corpus, as it began/);
  });

  it('says what is wrong with the text', async () => {
    put('empty.txt', '');
    put('short.txt', 'too short');
    put('broken.jsonl', '{"text": "a"}\n{"tex');
    await fails('train gpt --data ./empty.txt', 1, /expected text, got nothing but white space/);
    await fails('train gpt --data ./short.txt', 1, /at least 65 tokens/);
    await fails('train gpt --data ./broken.jsonl', 1, /broken\.jsonl, line 2: expected JSON/);
    await fails('train gpt --data ./none.txt', 2, /nothing there/);
    await fails('train gpt --data moons', 2, /data of kind text, got points/);
    await fails('train gpt --set tokenizer=none.json', 2, /character, byte, bpe/);
    await fails('train gpt --set heads=3', 2, /multiple of the number of heads/);
    await fails('train vae --data sentences', 2, /kind image/);
  });
});

describe('writing', () => {
  it('continues a prompt, the same with and without cache, as it comes and as JSON', async () => {
    const args = 'sample runs/gpt --prompt the --max-new-tokens 40 --seed 5 --temperature 0.8';
    const shown = await succeed(args);
    expect(shown.stdout).toMatch(/^the/);
    expect(shown.stderr).toMatch(/40 tokens, \d+ tokens\/s/);
    expect((await succeed(`${args} --no-cache`)).stdout).toBe(shown.stdout);
    const { json } = await succeed(`${args} --json`);
    expect(json.samples).toEqual([shown.stdout.slice(0, -1)]);
    expect(json).toMatchObject({ model: 'gpt', n: 1, seed: 5, prompt: 'the', tokens: 40 });
  });

  it('writes several into a file, and says when the prompt is longer than the context', async () => {
    await succeed('sample runs/ngram --num-samples 3 --max-new-tokens 20 --out texts.txt');
    expect(readFileSync('texts.txt', 'utf8').length).toBeGreaterThan(60);
    const long = await succeed(`sample runs/gpt --prompt ${'cat'.repeat(30)} --max-new-tokens 3`);
    expect(long.stderr).toMatch(/the prompt is longer than the context/);
    await fails('sample runs/gpt --out picture.png', 2, /\.txt/);
    await fails('sample runs/gpt --temperature -1', 2, /temperature: expected a number ≥ 0/);
    await fails('sample runs/ngram --prompt €', 2, /U\+20AC/);
  });
});

describe('measuring', () => {
  it('eval, score', async () => {
    const { json } = await succeed('eval runs/ngram --json');
    const metrics = json.metrics as Record<string, number>;
    expect(metrics).toMatchObject({ bits_per_byte: expect.any(Number), bits_per_char: expect.any(Number) });
    expect(metrics.perplexity).toBeLessThan(3);
    const score = (await succeed('score runs/ngram the --json')).json as {
      nats: number;
      tokens: { logProb: number }[];
    };
    expect(score.tokens.length).toBe(2);
    expect(-score.nats).toBeCloseTo(score.tokens[0]!.logProb + score.tokens[1]!.logProb, 10);
    await fails('fill-mask runs/gpt [MASK]', 2, /restores hidden tokens/);
  });
});

describe('Hugging Face', () => {
  it('exports and imports a model', async () => {
    await succeed('train gpt --preset tiny --steps 2 --set tokenizer=bpe vocabulary=300 --out runs/bpe');
    await succeed('export runs/bpe --format huggingface --out hf');
    await succeed('import hf --out runs/imported');
    const write = async (run: string) => (await genera(`sample ${run} --prompt the --max-new-tokens 20`)).stdout;
    expect(await write('runs/imported')).toBe(await write('runs/bpe'));
    await fails('export runs/ngram --format huggingface', 2, /a gpt model/);
    rmSync('hf/tokenizer.json');
    rmSync('hf/vocab.json');
    await fails('import hf --out runs/again', 2, /tokenizer/);
  });

  it('says when the tokenizer of a run is missing', async () => {
    rmSync('runs/bpe/model/tokenizer.json');
    await fails('sample runs/bpe', 1, /the tokenizer of the run, got no file/);
  });
});
