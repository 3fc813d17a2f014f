/** The server of `genera studio`: the app's files, and training behind the interface of `train/host.ts`. */
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from '../../core/errors.js';
import { useDevice } from '../../node/devices.js';
import { type ExportKind, hostError, type StartRequest } from '../../train/host.js';
import { fromJson } from '../../train/json.js';
import { HttpError, notFound } from '../errors.js';
import { EventStream } from '../event-stream.js';
import { listen } from '../listen.js';
import { type Exchange, type Route, readJson, router, sendJson } from '../router.js';
import { stopping } from '../work-queue.js';
import { studioFiles, studioIsBuilt } from './files.js';
import { StudioHost } from './host.js';
import type { Surroundings } from './messages.js';

/** Largest body of a request, in bytes: a question may bring points or codes along. */
const bodyLimit = 16 << 20;

/** Milliseconds after which a stream that has nothing to tell shows that it is alive, and looks whether the run is. */
const beatEvery = 5000;

export interface StudioOptions extends Surroundings {
  /** The folder of the runs; it is made when it is needed. */
  readonly runs: string;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface StudioServer {
  /** Of the app, without the token. */
  readonly url: string;
  /** Made anew each time; the app finds it in the fragment of its address: `<url>#token=<token>`. */
  readonly token: string;
  /** Whether there is an app to serve; the interface is there without it. */
  readonly built: boolean;
  /** Stores and ends what is trained, then closes. */
  stop(): Promise<void>;
}

/** @throws UsageError for a folder that is a run, for an address that cannot be listened on */
export async function startStudio({ runs, host, port, ...surroundings }: StudioOptions): Promise<StudioServer> {
  await refuseRun(runs);
  useDevice(surroundings.device, surroundings);
  const token = randomBytes(24).toString('base64url');
  const studio = new StudioHost(resolve(runs), surroundings);
  let ending = false;
  const listener = router({
    guard: { host, token },
    prefix: '/api/',
    routes: routesOf(studio),
    errorBody: (error) => ({ error: hostError(error) }),
    otherwise: studioFiles(),
    refusal: () => (ending ? stopping() : undefined),
  });
  const { url, close } = await listen(listener, host, port);
  return {
    url: `${url}/`,
    token,
    built: studioIsBuilt(),
    async stop() {
      ending = true;
      await studio.close();
      await close();
    },
  };
}

async function refuseRun(runs: string): Promise<void> {
  if ((await stat(join(runs, 'config.json')).catch(() => undefined)) === undefined) return;
  throw new UsageError({
    operation: `studio ${runs}`,
    expected: 'a folder with runs in it',
    got: 'a run',
    remedy: `Name the folder that it lies in: genera studio ${join(runs, '..')}.`,
  });
}

function routesOf(host: StudioHost): Route[] {
  const act = (action: 'pause' | 'resume' | 'stop' | 'reset'): Route => ({
    method: 'POST',
    path: `/api/runs/:id/${action}`,
    handle: async ({ response, params }) => sendJson(response, await host[action](params.id!)),
  });
  return [
    { method: 'GET', path: '/api/info', handle: ({ response }) => sendJson(response, host.info()) },
    {
      method: 'GET',
      path: '/api/runs',
      handle: async ({ response }) => sendJson(response, await host.runs()),
    },
    {
      method: 'POST',
      path: '/api/runs',
      async handle(exchange) {
        const request = checkStart(fromJson(await readJson(exchange, bodyLimit)) as Record<string, unknown>);
        sendJson(exchange.response, await host.start(request), 201);
      },
    },
    act('pause'),
    act('resume'),
    act('stop'),
    act('reset'),
    {
      method: 'POST',
      path: '/api/runs/:id/step',
      async handle(exchange) {
        const { n = 1 } = await readJson(exchange, bodyLimit);
        sendJson(exchange.response, await host.step(exchange.params.id!, Number(n)));
      },
    },
    {
      method: 'DELETE',
      path: '/api/runs/:id',
      async handle({ response, params }) {
        await host.remove(params.id!);
        response.writeHead(204).end();
      },
    },
    { method: 'GET', path: '/api/runs/:id/events', handle: (exchange) => sendEvents(host, exchange) },
    {
      method: 'POST',
      path: '/api/runs/:id/explore',
      async handle(exchange) {
        const answer = await host.explore(exchange.params.id!, await readJson(exchange, bodyLimit));
        exchange.response
          .writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
          .end(answer);
      },
    },
    {
      method: 'GET',
      path: '/api/runs/:id/export/:kind',
      async handle({ response, params }) {
        const kinds: readonly string[] = ['onnx', 'safetensors', 'zip'] satisfies ExportKind[];
        if (!kinds.includes(params.kind!)) throw notFound('export', kinds.join(', '), `'${params.kind}'`);
        const { name, bytes } = await host.export(params.id!, params.kind as ExportKind);
        response
          .writeHead(200, {
            'content-type': name.endsWith('.zip') ? 'application/zip' : 'application/octet-stream',
            'content-length': bytes.length,
            'content-disposition': `attachment; filename="${name.replace(/[^\w.-]/g, '_')}"`,
            'cache-control': 'no-store',
          })
          .end(bytes);
      },
    },
  ];
}

/** Sends events of a run, past ones first, as long as the client listens and the run is there. */
async function sendEvents(host: StudioHost, exchange: Exchange): Promise<void> {
  const { url, request, params, signal } = exchange;
  const last = request.headers['last-event-id'];
  let next = last === undefined ? Number(url.searchParams.get('from') ?? 1) : Number(last) + 1;
  if (!Number.isSafeInteger(next) || next < 1) {
    throw new HttpError(400, { operation: 'events', expected: 'a number from 1 on', got: `from ${next}` });
  }
  const events = await host.events(params.id!);
  await events.refresh();
  const stream = new EventStream(exchange);
  for (;;) {
    for (; next <= events.count && !signal.aborted; next++) await stream.send(await events.json(next), next);
    if (signal.aborted || events.isClosed) break;
    await events.more(next - 1, { signal, milliseconds: beatEvery });
    if (next <= events.count || signal.aborted || events.isClosed) continue;
    await stream.beat();
    await host.settle(params.id!);
  }
  stream.end();
}

function checkStart(body: Record<string, unknown>): StartRequest {
  const wrong = (field: string, expected: string): HttpError =>
    new HttpError(400, { operation: `start, field '${field}'`, expected, got: JSON.stringify(body[field]) ?? 'none' });
  const { model, data, settings = {}, preset, seed = 0, paused = false } = body;
  if (typeof model !== 'string') throw wrong('model', 'the id of a model');
  if (data !== undefined && typeof data !== 'string') throw wrong('data', 'the id of a data set');
  if (preset !== undefined && typeof preset !== 'string') throw wrong('preset', 'the name of a preset');
  if (typeof settings !== 'object' || settings === null) throw wrong('settings', 'an object');
  if (!Number.isSafeInteger(seed) || (seed as number) < 0) throw wrong('seed', 'a whole number from 0 on');
  if (typeof paused !== 'boolean') throw wrong('paused', 'true or false');
  return {
    model,
    settings: settings as Record<string, unknown>,
    seed: seed as number,
    paused,
    ...(data === undefined ? {} : { data }),
    ...(preset === undefined ? {} : { preset }),
  };
}
