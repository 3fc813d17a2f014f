/** `genera studio` over real HTTP: runs that are begun, watched, paused, asked, stopped, and what goes wrong. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answers } from '../../src/inference/explore-queries.js';
import { trainerOf } from '../../src/node/run-lock.js';
import type { HostEvent } from '../../src/train/host.js';
import { fromJson } from '../../src/train/json.js';
import { put, succeed, workspace } from '../cli/harness.js';
import { StudioProcess, spawnGenera } from './studio-process.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

let leave = () => {};
let studio: StudioProcess;
beforeAll(async () => {
  // Up to date already after `npm test`'s own build; needed where this file is run alone.
  const compiler = join(project, 'node_modules/typescript/bin/tsc');
  spawnSync(process.execPath, [compiler, '-b', 'tsconfig.node.json'], { cwd: project });
  leave = workspace();
  await succeed('train vae --preset tiny --limit 320 --steps 3 --out runs/stored');
  studio = await StudioProcess.start();
});
afterAll(async () => {
  await studio?.end();
  leave();
});

const isState =
  (state: string) =>
  (event: HostEvent['event']): boolean =>
    event.kind === 'status' && event.state === state;
const numbersOf = (events: readonly HostEvent[]): number[] => events.map(({ number }) => number);
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
const tiny = { model: 'vae', preset: 'tiny', seed: 1 };

describe('a run', () => {
  it('is begun, watched from any number, and done', async () => {
    const info = await studio.start({ ...tiny, settings: { steps: 12 } });
    expect(info).toMatchObject({ id: 'vae', model: 'vae', data: 'synthetic-digits', seed: 1, totalSteps: 12 });
    const events = await studio.events('vae', 1, isState('done'));
    expect(numbersOf(events)).toEqual(range(1, events.length));
    expect(events.every(({ run }) => run === 'vae')).toBe(true);
    const bodies = events.map(({ event }) => event);
    expect(bodies[0]).toMatchObject({ kind: 'status', state: 'preparing' });
    expect(bodies.flatMap((e) => (e.kind === 'step' ? [e.step] : []))).toEqual(range(1, 12));
    const pictures = bodies.flatMap((e) => (e.kind === 'samples' ? [fromJson(e.samples)] : []));
    expect(pictures.at(-1)).toMatchObject({ shape: [64, 1, 28, 28], data: expect.any(Float32Array) });
    expect(await studio.events('vae', 17, isState('done'))).toEqual(events.slice(16));
    expect((await studio.runs())[0]).toMatchObject({ id: 'vae', state: 'done', step: 12 }); // the newest is the first
    expect(existsSync('runs/vae/checkpoints/step-12')).toBe(true);
    // What was trained here is what the command line would have trained.
    await succeed('train vae --preset tiny --seed 1 --steps 12 --out twin');
    expect(readFileSync('runs/vae/model/model.safetensors')).toEqual(readFileSync('twin/model/model.safetensors'));
  });

  it('is paused, taken step by step, resumed, stopped and reset', async () => {
    const begun = await studio.start({ ...tiny, settings: { steps: 100_000 }, paused: true });
    expect(begun).toMatchObject({ state: 'paused', step: 0 });
    const { id } = begun;
    expect(await studio.ask('POST', `api/runs/${id}/step`, { n: 3 })).toMatchObject({ state: 'paused', step: 3 });
    expect(await studio.ask('POST', `api/runs/${id}/step`, { n: 1 })).toMatchObject({ state: 'paused', step: 4 });
    expect(await studio.ask('POST', `api/runs/${id}/resume`, {})).toMatchObject({ state: 'running' });
    await studio.events(id, 1, (e) => e.kind === 'step' && e.step > 20);
    const paused = await studio.ask('POST', `api/runs/${id}/pause`, {});
    expect(paused.state).toBe('paused');
    expect((await studio.runs()).find((run) => run.id === id)).toEqual(paused);
    // Steps that take long do not keep a pause waiting.
    const many = studio.ask('POST', `api/runs/${id}/step`, { n: 90_000 });
    await studio.events(id, 1, (e) => e.kind === 'step' && e.step > paused.step);
    await studio.ask('POST', `api/runs/${id}/pause`, {});
    expect((await many).state).toBe('paused');
    const stopped = await studio.ask('POST', `api/runs/${id}/stop`, {});
    expect(stopped.state).toBe('stopped');
    expect(readFileSync(`runs/${id}/checkpoints/last`, 'utf8')).toBe(`step-${stopped.step}\n`);
    const before = await studio.events(id, 1, isState('stopped'));
    const reset = await studio.ask('POST', `api/runs/${id}/reset`, {});
    expect(reset).toMatchObject({ state: 'paused', step: 0, totalSteps: 100_000 });
    expect(existsSync(`runs/${id}/checkpoints`)).toBe(false);
    const after = await studio.events(id, before.length + 1, isState('paused'));
    expect(after).toMatchObject([{ number: before.length + 1, event: { state: 'paused', step: 0 } }]);
    expect(await studio.ask('POST', `api/runs/${id}/step`, { n: 1 })).toMatchObject({ step: 1 });
    const [again] = await studio.events(id, after[0]!.number + 2, (e) => e.kind === 'step');
    const first = before.find(({ event }) => event.kind === 'step')!.event;
    expect(again!.event).toMatchObject({ metrics: (first as { metrics: object }).metrics });
    await studio.ask('DELETE', `api/runs/${id}`);
    expect(existsSync(`runs/${id}`)).toBe(false);
    expect((await studio.runs()).map((run) => run.id)).not.toContain(id);
  });

  it('answers questions while it trains, while it is paused and when it is stored', async () => {
    const explore = async (id: string, query: object): Promise<unknown> =>
      fromJson(await studio.ask('POST', `api/runs/${id}/explore`, query));
    const draw = { kind: 'samples', count: 3, seed: 7 };
    const stored = (await explore('stored', draw)) as Answers['samples'];
    expect(stored.items.shape).toEqual([3, 1, 28, 28]);
    expect(stored.items.data).toBeInstanceOf(Float32Array);
    const { id } = await studio.start({ ...tiny, settings: { steps: 100_000 } });
    const running = (await explore(id, draw)) as Answers['samples'];
    expect(running.items.data).not.toEqual(stored.items.data);
    const { step } = await studio.ask('POST', `api/runs/${id}/pause`, {});
    const codes = (await explore(id, { kind: 'encode', items: [0, 5] })) as Answers['encode'];
    expect(codes).toMatchObject({ positions: [0, 5], labels: [expect.any(Number), expect.any(Number)] });
    const back = (await explore(id, {
      kind: 'decode',
      codes: { ...codes.mean, data: base64(codes.mean.data) },
    })) as Answers['decode'];
    expect(back.items.shape).toEqual([2, 1, 28, 28]);
    await expect(explore(id, { kind: 'nextTokens', prompt: 'a' })).rejects.toThrow(/400 .*language model/);
    await expect(explore(id, { kind: 'nothing' })).rejects.toThrow(/400 .*'nothing'/);
    // Asking changes nothing: neither where it stands nor what it becomes.
    expect((await studio.runs()).find((run) => run.id === id)?.step).toBe(step);
    await studio.ask('DELETE', `api/runs/${id}`);
  });

  it('is exported as it stands', async () => {
    const { id } = await studio.start({ ...tiny, settings: { steps: 100_000 }, paused: true });
    await studio.ask('POST', `api/runs/${id}/step`, { n: 2 });
    const fetched = async (kind: string) => {
      const response = await studio.fetch(`api/runs/${id}/export/${kind}`);
      expect(response.status).toBe(200);
      const name = /filename="(.*)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
      return { name, bytes: new Uint8Array(await response.arrayBuffer()) };
    };
    const onnx = await fetched('onnx');
    expect(onnx.name).toBe(`${id}-onnx.zip`);
    expect(Object.keys(unzipSync(onnx.bytes)).sort()).toEqual([
      'decode.onnx',
      'encode.onnx',
      'reconstruct.onnx',
      'sample.onnx',
    ]);
    const weights = await fetched('safetensors');
    expect(weights.name).toBe(`${id}.safetensors`);
    await studio.ask('POST', `api/runs/${id}/step`, { n: 1 });
    expect((await fetched('safetensors')).bytes).not.toEqual(weights.bytes);
    const files = unzipSync((await fetched('zip')).bytes);
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(['config.json', 'model/model.safetensors', 'events.jsonl']),
    );
    expect(Object.keys(files).filter((name) => name.startsWith('.'))).toEqual([]);
    expect((await studio.fetch(`api/runs/${id}/export/exe`)).status).toBe(404);
    await studio.ask('DELETE', `api/runs/${id}`);
  });

  it('that cannot be begun says why, and leaves nothing', async () => {
    const before = readdirSync('runs');
    await expect(studio.start({ model: 'vea' })).rejects.toThrow(/400 .*Did you mean vae/);
    await expect(studio.start({ ...tiny, settings: { latnet: 2 } })).rejects.toThrow(/400 .*Did you mean latent/);
    await expect(studio.start({ ...tiny, data: 'sentences' })).rejects.toThrow(/400 .*kind image/);
    await expect(studio.start({ model: 'gpt', data: '/etc/passwd' })).rejects.toThrow(/400 .*data set/);
    await expect(studio.start({ model: 'gpt', settings: { tokenizer: '/etc/passwd' } })).rejects.toThrow(
      /400 .*tokenizer/,
    );
    await expect(studio.ask('POST', 'api/runs', { model: 3 })).rejects.toThrow(/400 .*'model'/);
    expect(readdirSync('runs')).toEqual(before);
  });

  it('whose process dies tells so, and goes on when it is resumed', async () => {
    const { id } = await studio.start({ ...tiny, settings: { steps: 2000 } });
    await studio.events(id, 1, (e) => e.kind === 'checkpoint');
    process.kill((await trainerOf(`runs/${id}`))!, 'SIGKILL');
    const events = await studio.events(id, 1, isState('failed'));
    expect(numbersOf(events)).toEqual(range(1, events.length));
    expect(events.at(-1)!.event).toMatchObject({ error: { name: 'BackendError', got: 'signal SIGKILL' } });
    const stored = Number(/step-(\d+)/.exec(readFileSync(`runs/${id}/checkpoints/last`, 'utf8'))![1]);
    expect((await studio.runs()).find((run) => run.id === id)).toMatchObject({ state: 'failed', step: stored });
    expect(await studio.ask('POST', `api/runs/${id}/resume`, {})).toMatchObject({ state: 'running' });
    const back = await studio.events(id, events.length + 1, isState('paused'));
    expect(back.at(-1)!.event).toMatchObject({ step: stored });
    await studio.ask('DELETE', `api/runs/${id}`);
  });
});

function base64(data: ArrayBufferView): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
}

describe('runs of the command line', () => {
  it('are watched while they train, and can be resumed when they were stopped', async () => {
    const id = 'outside';
    const train = 'train vae --preset tiny --limit 640 --steps 4000 --log-every 5 --sample-every 50 --seed 2';
    const child = spawnGenera([...train.split(' '), '--out', `runs/${id}`]);
    const ended = new Promise((done) => child.once('close', done));
    while (!(await studio.runs()).some((run) => run.id === id)) expect(child.exitCode).toBeNull();
    const seen: HostEvent[] = [];
    for await (const event of studio.watch(id)) {
      seen.push(event);
      if (event.event.kind === 'samples' && event.event.step >= 100) break;
    }
    expect((await studio.runs()).find((run) => run.id === id)).toMatchObject({ state: 'running', totalSteps: 4000 });
    await expect(studio.ask('POST', `api/runs/${id}/pause`, {})).rejects.toThrow(/400 .*process \d+ trains/);
    await expect(studio.ask('DELETE', `api/runs/${id}`)).rejects.toThrow(/400 .*process \d+ trains/);
    expect(numbersOf(seen)).toEqual(range(1, seen.length));
    const steps = seen.flatMap(({ event }) => (event.kind === 'step' ? [event.step] : []));
    expect(steps).toEqual(range(0, steps.length).map((i) => (i + 1) * 5));
    const drawn = seen.find(({ event }) => event.kind === 'samples')!.event as { samples: unknown };
    expect(fromJson(drawn.samples)).toMatchObject({ shape: [100, 1, 28, 28] });
    child.kill('SIGINT');
    await ended;
    const { step, state } = (await studio.runs()).find((run) => run.id === id)!;
    expect(state).toBe('stopped');
    expect(readFileSync(`runs/${id}/checkpoints/last`, 'utf8')).toBe(`step-${step}\n`);
    const all = await studio.events(id, 1, (e) => e.kind === 'step' && e.step > step - 5);
    expect(all.slice(0, seen.length)).toEqual(seen);
    // In the log they keep their numbers.
    expect(await studio.ask('POST', `api/runs/${id}/step`, { n: 1 })).toMatchObject({
      step: step + 1,
      state: 'paused',
    });
    const logged = await studio.events(id, 1, (e) => e.kind === 'step' && e.step === step + 1);
    expect(logged.slice(0, all.length)).toEqual(all);
    expect(numbersOf(logged)).toEqual(range(1, logged.length));
    await studio.ask('DELETE', `api/runs/${id}`);
  });

  it('of a newer version, damaged or foreign are listed with a readable message', async () => {
    put('runs/newer/config.json', JSON.stringify({ format: 'genera-run', version: 2, model: 'vae' }));
    put('runs/damaged/config.json', '{"format": "genera-r');
    put('runs/notes/readme.txt', 'no run');
    const runs = await studio.runs();
    const errorOf = (id: string) => runs.find((run) => run.id === id)?.error?.message;
    expect(errorOf('newer')).toMatch(/version 2.*newer genera/);
    expect(errorOf('damaged')).toMatch(/expected a JSON object/);
    expect(runs.map(({ id }) => id)).toEqual(expect.arrayContaining(['stored']));
    expect(runs.map(({ id }) => id)).not.toContain('notes');
    await expect(studio.ask('POST', 'api/runs/newer/resume', {})).rejects.toThrow(/newer genera/);
    await expect(studio.events('newer', 1, () => true)).rejects.toThrow(/newer genera/);
    await expect(studio.ask('DELETE', 'api/runs/notes')).rejects.toThrow(/404/);
    expect(existsSync('runs/notes/readme.txt')).toBe(true);
    await studio.ask('DELETE', 'api/runs/damaged');
    expect(existsSync('runs/damaged')).toBe(false);
  });
});

describe('the server', () => {
  it('lets in who has its token, from its own pages', async () => {
    const bare = (path: string, headers: HeadersInit = {}) => fetch(`${studio.url}${path}`, { headers });
    expect((await bare('api/info')).status).toBe(401);
    expect((await bare('api/info', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await bare('api/runs/stored/events')).status).toBe(401);
    expect((await studio.fetch('api/info', { headers: { origin: 'http://evil.example' } })).status).toBe(403);
    const { host, port } = new URL(studio.url);
    expect((await studio.fetch('api/info', { headers: { origin: `http://${host}` } })).status).toBe(200);
    expect((await bare(`api/info?token=${studio.token}`)).status).toBe(200);
    expect(await (await studio.fetch('api/info')).json()).toMatchObject({
      kind: 'server',
      backend: 'cpu',
      memory: expect.any(Number),
    });
    const rebound = await new Promise<number>((done) => {
      const headers = { host: `evil.example:${port}`, authorization: `Bearer ${studio.token}` };
      httpRequest(`${studio.url}api/runs`, { headers }, ({ statusCode = 0 }) => done(statusCode)).end();
    });
    expect(rebound).toBe(403);
  });

  it('keeps to the folder of the runs', async () => {
    put('secret/config.json', readFileSync('runs/stored/config.json', 'utf8'));
    symlinkSync(join(process.cwd(), 'secret'), 'runs/link');
    mkdirSync('runs/.hidden');
    const ids = ['..', '..%2fsecret', '%2e%2e%2fsecret', '..%5csecret', '%2fetc', '.hidden', 'link', 'secret%00', '%'];
    for (const id of ids) {
      for (const [method, rest] of [
        ['GET', '/events'],
        ['POST', '/resume'],
        ['POST', '/explore'],
        ['GET', '/export/zip'],
        ['DELETE', ''],
      ] as const) {
        // As it is, without the tidying up that URL does.
        const status = await new Promise<number>((done) => {
          const { hostname, port } = new URL(studio.url);
          const headers = { authorization: `Bearer ${studio.token}` };
          httpRequest({ hostname, port, method, path: `/api/runs/${id}${rest}`, headers }, (response) => {
            response.resume();
            done(response.statusCode ?? 0);
          }).end();
        });
        expect([method, id, rest, status]).toEqual([method, id, rest, expect.toBeOneOf([404, 405])]);
      }
    }
    expect(existsSync('secret/config.json')).toBe(true);
    expect((await studio.runs()).map(({ id }) => id)).not.toContain('link');
  });

  it('refuses bodies that are malformed or too large', async () => {
    await expect(studio.ask('POST', 'api/runs/stored/explore', 'a')).rejects.toThrow(/400 .*JSON object/);
    const large = await studio.fetch('api/runs', { method: 'POST', body: `"${'a'.repeat(17 << 20)}"` });
    expect(large.status).toBe(413);
    expect((await studio.fetch('api/runs/stored/events?from=0')).status).toBe(400);
    expect((await studio.fetch('api/runs/none/events')).status).toBe(404);
    expect((await studio.fetch('api/runs', { method: 'DELETE' })).status).toBe(405);
  });

  it('refuses to serve a run in the place of a folder of runs', () => {
    const child = spawnSync(process.execPath, [join(project, 'dist/cli/main.js'), 'studio', 'runs/stored'], {
      encoding: 'utf8',
    });
    expect(child).toMatchObject({ status: 2, stdout: '' });
    expect(child.stderr).toMatch(/expected a folder with runs in it, got a run.*genera studio runs/);
  });
});

describe('a server that ends', () => {
  it('by SIGKILL in mid-training loses no event, and the run goes on', async () => {
    const first = await StudioProcess.start();
    const { id } = await first.start({ ...tiny, settings: { steps: 20_000 } });
    const seen: HostEvent[] = [];
    try {
      for await (const event of first.watch(id)) {
        seen.push(event);
        if (seen.length === 60) await first.end();
      }
    } catch {
      // The connection broke off.
    }
    const second = await StudioProcess.start();
    try {
      // What was at work has stored its state when it saw that nobody was there any more.
      const all = await second.events(id, 1, isState('stopped'));
      expect(numbersOf(all)).toEqual(range(1, all.length));
      expect(all.length).toBeGreaterThanOrEqual(seen.length);
      expect(all.slice(0, seen.length)).toEqual(seen);
      const steps = all.flatMap(({ event }) => (event.kind === 'step' ? [event.step] : []));
      expect(steps).toEqual(range(1, steps.length).map((i) => i * 10));
      const info = (await second.runs()).find((run) => run.id === id)!;
      expect(info).toMatchObject({ state: 'stopped', step: (all.at(-1)!.event as { step: number }).step });
      const resumed = await second.ask('POST', `api/runs/${id}/resume`, {});
      expect(resumed.state).toBe('running');
      const next = await second.events(id, all.length + 1, (e) => e.kind === 'step');
      expect(next[0]!.number).toBe(all.length + 1);
      expect((next.at(-1)!.event as { step: number }).step).toBeGreaterThan(info.step);
      await second.ask('DELETE', `api/runs/${id}`);
    } finally {
      await second.end();
    }
  });

  it('while another one watches: who listens there hears that the run has stopped', async () => {
    const [first, second] = [await StudioProcess.start(), await StudioProcess.start()];
    try {
      const { id } = await first.start({ ...tiny, settings: { steps: 100_000 } });
      const stopped = second.events(id, 1, isState('stopped'));
      await second.events(id, 1, (e) => e.kind === 'step');
      const trainer = (await trainerOf(`runs/${id}`))!;
      process.kill(trainer, 'SIGSTOP'); // so that it cannot store its state when it finds the server gone
      await first.end();
      process.kill(trainer, 'SIGKILL');
      expect((await stopped).at(-1)!.event).toMatchObject({ note: expect.stringContaining('its last checkpoint') });
      await second.ask('DELETE', `api/runs/${id}`);
    } finally {
      await first.end();
      await second.end();
    }
  });

  it('by SIGTERM stores what is trained', async () => {
    const server = await StudioProcess.start();
    const { id } = await server.start({ ...tiny, settings: { steps: 100_000 } });
    const events: HostEvent[] = [];
    let ended: Promise<number | null> | undefined;
    for await (const event of server.watch(id)) {
      events.push(event);
      if (event.event.kind === 'step' && event.event.step > 30) ended ??= server.end('SIGTERM');
    }
    expect(await ended).toBe(0);
    // Who watched has heard the end.
    const log = readFileSync(`runs/${id}/events.jsonl`, 'utf8').trimEnd().split('\n');
    expect(JSON.parse(log.at(-1)!)).toMatchObject({ kind: 'status', state: 'stopped' });
    expect(events.map(({ event }) => event)).toEqual(log.map((line) => JSON.parse(line)));
    expect(readdirSync(`runs/${id}`).filter((name) => name.startsWith('.'))).toEqual([]);
    const step = Number(/step-(\d+)/.exec(readFileSync(`runs/${id}/checkpoints/last`, 'utf8'))![1]);
    expect(step).toBeGreaterThan(30);
    await studio.ask('DELETE', `api/runs/${id}`);
  });
});
