/** `genera serve` over real HTTP, with the official client. */
import { request as httpRequest } from 'node:http';
import OpenAI from 'openai';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GenerationServer, startGenerationServer } from '../../src/server/index.js';
import { expectFailure, genera, succeed, workspace } from '../cli/harness.js';

let leave = () => {};
let server: GenerationServer;
let client: OpenAI;

const options = { runs: ['runs/cvae', 'runs/gpt', 'runs/vae'], host: '127.0.0.1', port: 0 };

beforeAll(async () => {
  leave = workspace();
  await succeed('train cvae --preset tiny --limit 320 --steps 4 --out runs/cvae');
  await succeed('train vae --preset tiny --limit 320 --steps 2 --out runs/vae');
  await succeed('train gpt --preset tiny --steps 6 --out runs/gpt');
  await succeed('train cnn --preset tiny --limit 320 --steps 2 --out runs/cnn');
  server = await startGenerationServer(options);
  client = new OpenAI({ baseURL: server.url, apiKey: 'none', maxRetries: 0 });
});
afterAll(async () => {
  await server?.stop();
  leave();
});

const post = (path: string, body: unknown, init: RequestInit = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, { method: 'POST', body: JSON.stringify(body), ...init });

/** Sends what `fetch` would not: any Host. */
function rawStatus(headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((done, fail) => {
    const sent = httpRequest(`${server.url}/models`, { headers }, (response) => {
      let body = '';
      response.on('data', (part) => (body += part));
      response.on('end', () => done({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', fail).end();
  });
}

describe('the openai client', () => {
  it('lists the models', async () => {
    const { data } = await client.models.list();
    expect(data.map(({ id, object, owned_by }) => `${id} ${object} ${owned_by}`)).toEqual([
      'cvae model genera',
      'gpt model genera',
      'vae model genera',
    ]);
    expect((await client.models.retrieve('gpt')).id).toBe('gpt');
    await expect(client.models.retrieve('none')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  it('generates images of the label that the prompt names', async () => {
    const draw = async (prompt: string, extra = {}): Promise<Buffer[]> => {
      const { data = [] } = await client.images.generate({ model: 'cvae', prompt, n: 2, ...{ seed: 3, ...extra } });
      return data.map(({ b64_json: base64 }) => Buffer.from(base64 ?? '', 'base64'));
    };
    const images = await draw('A handwritten 3, please');
    expect(images).toHaveLength(2);
    const { width, height, data } = PNG.sync.read(images[0]!);
    expect([width, height]).toEqual([28, 28]);
    expect(new Set(data).size).toBeGreaterThan(10);
    expect(images[0]).not.toEqual(images[1]);
    expect(await draw('3')).toEqual(images);
    expect(await draw('4')).not.toEqual(images);
    expect(await draw('3', { seed: 4 })).not.toEqual(images);
    const { data: links } = await client.images.generate({
      model: 'cvae',
      prompt: '3',
      n: 2,
      response_format: 'url',
      size: '28x28' as never,
      ...{ seed: 3 },
    });
    expect(links?.[1]?.url).toBe(`data:image/png;base64,${images[1]!.toString('base64')}`);
  });

  it('completes text, the same when it streams', async () => {
    const asked = { model: 'gpt', prompt: 'the ', max_tokens: 12, seed: 5, temperature: 0.8 };
    const whole = await client.completions.create({ ...asked, n: 2, logprobs: 0 });
    expect(whole.choices.map(({ finish_reason: reason }) => reason)).toEqual(['length', 'length']);
    expect(whole.choices[0]!.text).not.toBe(whole.choices[1]!.text);
    expect(whole.usage).toEqual({ prompt_tokens: 4, completion_tokens: 24, total_tokens: 28 });
    const { tokens = [], token_logprobs: logs = [], text_offset: starts = [] } = whole.choices[1]!.logprobs!;
    expect(tokens.join('')).toBe(whole.choices[1]!.text);
    expect(starts.map((at, i) => whole.choices[1]!.text.slice(at, at + tokens[i]!.length))).toEqual(tokens);
    expect(logs.every((value) => value! < 0)).toBe(true);
    let text = '';
    let pieces = 0;
    for await (const { choices } of await client.completions.create({ ...asked, stream: true })) {
      text += choices[0]?.text ?? '';
      pieces++;
    }
    expect(text).toBe(whole.choices[0]!.text);
    expect(pieces).toBeGreaterThanOrEqual(12);
  });

  it('scores a prompt that it echoes', async () => {
    const { choices } = await client.completions.create({
      model: 'gpt',
      prompt: ['the cat', 'a dog'],
      max_tokens: 0,
      echo: true,
      logprobs: 0,
    });
    expect(choices.map(({ text, index }) => `${index} ${text}`)).toEqual(['0 the cat', '1 a dog']);
    const score = await succeed('score runs/gpt dog --json');
    const alone = await client.completions.create({
      model: 'gpt',
      prompt: 'dog',
      max_tokens: 0,
      echo: true,
      logprobs: 0,
    });
    const expected = (score.json.tokens as { logProb: number }[]).map(({ logProb }) => logProb);
    expect(alone.choices[0]!.logprobs!.token_logprobs).toEqual([null, ...expected]);
  });

  it('tells the most probable tokens beside those that were written', async () => {
    const asked = { model: 'gpt', prompt: 'the', max_tokens: 5, temperature: 0 };
    const [choice] = (await client.completions.create({ ...asked, logprobs: 3 })).choices;
    const { tokens, token_logprobs: logs, top_logprobs: tops } = choice!.logprobs!;
    expect(tops).toHaveLength(5);
    for (const [i, top] of tops!.entries()) {
      const values = Object.values(top);
      expect(Object.keys(top)).toHaveLength(3);
      // At temperature 0 the most probable one is written.
      expect(Object.keys(top)[0]).toBe(tokens![i]);
      expect(values[0]).toBe(logs![i]);
      expect(values[0]! >= values[1]! && values[1]! >= values[2]!).toBe(true);
    }
    const talk = await client.chat.completions.create({
      model: 'gpt',
      messages: [{ role: 'user', content: 'the' }],
      max_completion_tokens: 5,
      temperature: 0,
      logprobs: true,
      top_logprobs: 3,
    });
    const listed = talk.choices[0]!.logprobs!.content!.map(({ top_logprobs: list }) =>
      Object.fromEntries(list.map(({ token, logprob }) => [token, logprob])),
    );
    expect(listed).toEqual(tops);
  });

  it('streams a chat: the messages are the prompt, without roles', async () => {
    const asked = { model: 'gpt', max_completion_tokens: 9, seed: 2 };
    const messages = [
      { role: 'system', content: 'the cat' },
      { role: 'user', content: [{ type: 'text', text: 'a d' }] },
    ] as OpenAI.ChatCompletionMessageParam[];
    const whole = await client.chat.completions.create({ ...asked, messages, logprobs: true });
    const plain = await client.completions.create({ model: 'gpt', prompt: 'the cat\na d', max_tokens: 9, seed: 2 });
    const [choice] = whole.choices;
    expect(choice?.message).toMatchObject({ role: 'assistant', content: plain.choices[0]!.text });
    expect(choice?.logprobs?.content?.map(({ token }) => token).join('')).toBe(choice?.message.content);
    let text = '';
    let usage: unknown;
    const stream = await client.chat.completions.create({
      ...asked,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(choice?.message.content);
    expect(usage).toEqual({ prompt_tokens: 11, completion_tokens: 9, total_tokens: 20 });
    expect(whole.usage).toEqual(usage);
  });

  it('ends at a stop text, which is not part of the answer', async () => {
    const asked = { model: 'gpt', prompt: 'a', max_tokens: 200, seed: 1 };
    const [free] = (await client.completions.create(asked)).choices;
    const stop = free!.text.slice(30, 32);
    const [cut] = (await client.completions.create({ ...asked, stop })).choices;
    expect(cut).toMatchObject({ text: free!.text.slice(0, free!.text.indexOf(stop)), finish_reason: 'stop' });
  });

  it('is told what is wrong, with the field', async () => {
    const image = (body: object) => client.images.generate({ model: 'cvae', prompt: '1', ...body });
    await expect(image({ prompt: 'a dog' })).rejects.toMatchObject({ status: 400, param: 'prompt' });
    await expect(image({ prompt: '1 and 2' })).rejects.toThrow(/got several: 1, 2/);
    await expect(image({ model: 'vae' })).rejects.toThrow(/cannot be told what to draw/);
    await expect(image({ size: '1024x1024' })).rejects.toMatchObject({ status: 400, param: 'size' });
    await expect(image({ n: 0 })).rejects.toMatchObject({ status: 400, param: 'n' });
    await expect(image({ steps: 4 })).rejects.toThrow(/'steps'/);
    await expect(image({ model: 'gpt' })).rejects.toThrow(/writes text.*\/v1\/completions/);
    const text = (body: object) => client.completions.create({ model: 'gpt', prompt: 'a', ...body });
    await expect(text({ model: 'none' })).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    await expect(text({ prompt: 'ÿ' })).rejects.toThrow(/alphabet/);
    await expect(text({ prompt: 'ÿ', stream: true })).rejects.toMatchObject({ status: 400 });
    await expect(text({ presence_penalty: 1 })).rejects.toMatchObject({ status: 400, param: 'presence_penalty' });
    await expect(text({ max_tokens: '5' })).rejects.toMatchObject({ status: 400, param: 'max_tokens' });
  });
});

describe('the server', () => {
  it('refuses what is no request of its interface', async () => {
    const malformed = await post('/completions', '', { body: '{"prompt": "a' });
    expect(malformed.status).toBe(400);
    expect(await malformed.json()).toMatchObject({ error: { type: 'invalid_request_error', code: 'malformed_json' } });
    expect((await post('/completions', [])).status).toBe(400);
    expect((await post('/nothing', {})).status).toBe(404);
    const method = await fetch(`${server.url}/completions`, { method: 'PUT', body: '{}' });
    expect([method.status, method.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await fetch(`${server.url}/models/%E0%A4%A`)).status).toBe(404);
    expect((await fetch(`${server.url}/models/..%2f..%2fetc`)).status).toBe(404);
  });

  it('refuses bodies that are too large, announced or not', async () => {
    const body = JSON.stringify({ prompt: 'a'.repeat(1 << 21) });
    const announced = await post('/completions', '', { body });
    expect(announced.status).toBe(413);
    expect(await announced.json()).toMatchObject({ error: { code: 'body_too_large' } });
    const stream = new Blob([body]).stream();
    const chunked = await post('/completions', '', { body: stream, duplex: 'half' } as RequestInit);
    expect(chunked.status).toBe(413);
  });

  it('refuses foreign pages and foreign names', async () => {
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1']) {
      const response = await fetch(`${server.url}/models`, { headers: { origin } });
      expect([origin, response.status]).toEqual([origin, 403]);
    }
    const { port, host } = new URL(server.url);
    expect((await fetch(`${server.url}/models`, { headers: { origin: `http://${host}` } })).status).toBe(200);
    const rebound = await rawStatus({ host: `evil.example:${port}` });
    expect(rebound.status).toBe(403);
    expect(rebound.body).toMatch(/expected a Host header that names this server/);
    expect((await rawStatus({ host: `localhost:${port}` })).status).toBe(200);
    expect((await rawStatus({ host: `[::1]:${port}` })).status).toBe(200);
  });

  it('wants its token where it has one', async () => {
    const guarded = await startGenerationServer({ ...options, runs: ['runs/gpt'], token: 'secret' });
    try {
      const models = (headers: HeadersInit) => fetch(`${guarded.url}/models`, { headers });
      const without = await models({});
      expect([without.status, without.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect((await models({ authorization: 'Bearer other' })).status).toBe(401);
      expect((await models({ authorization: 'Bearer secret' })).status).toBe(200);
      const known = new OpenAI({ baseURL: guarded.url, apiKey: 'secret', maxRetries: 0 });
      // The only model need not be named.
      expect((await known.completions.create({ model: undefined as never, prompt: 'a' })).model).toBe('gpt');
    } finally {
      await guarded.stop();
    }
    await expect(startGenerationServer({ ...options, host: '0.0.0.0' })).rejects.toThrow(/expected a token.*--token/);
  });

  it('drops the work of a client that has gone, at work or waiting', async () => {
    const endless = { model: 'gpt', prompt: 'a', max_tokens: 1_000_000 };
    const gone = new AbortController();
    const streaming = await post('/completions', { ...endless, stream: true }, { signal: gone.signal });
    const reader = streaming.body!.getReader();
    await reader.read(); // it is at work
    const waiting = new AbortController();
    const second = post('/completions', endless, { signal: waiting.signal });
    const third = post('/completions', { ...endless, max_tokens: 2 });
    waiting.abort();
    gone.abort();
    await expect(second).rejects.toThrow(/abort/i);
    expect((await third).status).toBe(200);
  });

  it('finishes what is at work when it is stopped, and refuses the rest', async () => {
    const stopped = await startGenerationServer(options);
    const at = (body: object): Promise<Response> =>
      fetch(`${stopped.url}/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'gpt', prompt: 'a', ...body }),
      });
    const running = await at({ max_tokens: 400, stream: true });
    const reader = running.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value ?? '';
    const waiting = at({});
    const listed = await fetch(`${stopped.url}/models`); // sent after it, so it is in the queue by now
    expect(listed.status).toBe(200);
    const end = stopped.stop();
    expect((await waiting).status).toBe(503);
    const late = await at({});
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '10']);
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    expect(text.match(/"text"/g)).toHaveLength(401);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    await end;
    await expect(fetch(`${stopped.url}/models`)).rejects.toThrow();
  });

  it('says what it cannot serve, or listen on', async () => {
    expectFailure(await genera('serve runs/cnn'), 2, /serve runs\/cnn: expected a run whose model draws images/);
    expectFailure(await genera('serve runs/none'), 2, /nothing there/);
    expectFailure(await genera('serve runs/gpt ./runs/gpt --port 0'), 2, /different names/);
    const { port } = new URL(server.url);
    expectFailure(await genera(`serve runs/gpt --port ${port}`), 2, /free port/);
    expectFailure(await genera('serve runs/gpt --host 0.0.0.0 --port 0'), 2, /expected a token/);
  });

  it('ends with Ctrl-C on the command line', async () => {
    const { status, stdout } = await genera('serve runs/gpt --port 0 --json', {
      onStderr: (text, signals) =>
        text.includes('Ctrl-C stops it') && setImmediate(() => signals.emit('SIGINT', 'SIGINT')),
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ models: ['gpt'] });
  });
});
