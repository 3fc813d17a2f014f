/** The server of `genera serve`: runs behind OpenAI's interface. */
import { useDevice } from '../../node/index.js';
import { HttpError, notFound } from '../errors.js';
import { EventStream } from '../event-stream.js';
import { requireToken } from '../guard.js';
import { listen } from '../listen.js';
import { type Exchange, type Route, readJson, router, sendJson } from '../router.js';
import { stopping, WorkQueue } from '../work-queue.js';
import { chatRequest, streamChat, wholeChat } from './chat.js';
import { completionRequest, streamCompletion, wholeCompletion } from './completions.js';
import { generateImages, imageRequest } from './images.js';
import { chooseServed, openServed, type ServedRun, type Skill } from './served.js';

/** Largest body of a request, in bytes. */
const bodyLimit = 1 << 20;
/** Requests that may wait for those before them. */
const waitingLimit = 64;

export interface ServeOptions {
  /** Run directories. */
  readonly runs: readonly string[];
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly token?: string | undefined;
  readonly device?: string | undefined;
  readonly threads?: number | undefined;
}

export interface GenerationServer {
  /** Of the interface: 'http://127.0.0.1:8000/v1' */
  readonly url: string;
  /** Names of the models. */
  readonly models: readonly string[];
  /** Finishes the request that is at work, refuses all others with 503, then closes. */
  stop(): Promise<void>;
}

/** @throws UsageError, FormatError for a run that cannot be served, for an address that cannot be listened on */
export async function startGenerationServer(options: ServeOptions): Promise<GenerationServer> {
  const { runs, host, port, token, device, threads } = options;
  const guard = { host, token };
  requireToken('genera serve', guard);
  useDevice(device, { threads });
  const served = await openServed(runs);
  const queue = new WorkQueue(waitingLimit);
  let ending = false;
  const listener = router({
    guard,
    prefix: '/',
    routes: routesOf(served, queue),
    errorBody,
    refusal: () => (ending ? stopping() : undefined),
  });
  const { url, close } = await listen(listener, host, port);
  return {
    url: `${url}/v1`,
    models: served.map(({ id }) => id),
    async stop() {
      ending = true;
      await queue.stop();
      await close();
    },
  };
}

function routesOf(served: readonly ServedRun[], queue: WorkQueue): Route[] {
  /** A request for a run, in its turn. */
  const post = <R extends { model?: string | null | undefined }>(
    path: string,
    skill: Skill,
    parse: (body: unknown) => R,
    answer: (run: ServedRun, request: R, exchange: Exchange) => Promise<void>,
  ): Route => ({
    method: 'POST',
    path,
    async handle(exchange) {
      const request = parse(await readJson(exchange, bodyLimit));
      const run = chooseServed(served, request.model ?? undefined, skill);
      await queue.run(exchange.signal, () => answer(run, request, exchange));
    },
  });
  return [
    {
      method: 'GET',
      path: '/v1/models',
      handle: ({ response }) => sendJson(response, { object: 'list', data: served.map(entryOf) }),
    },
    {
      method: 'GET',
      path: '/v1/models/:id',
      handle({ response, params }) {
        const run = served.find(({ id }) => id === params.id);
        if (run === undefined) {
          const names = served.map(({ id }) => id).join(', ');
          throw notFound('model', `one of ${names}`, `'${params.id}'`, { code: 'model_not_found', field: 'model' });
        }
        sendJson(response, entryOf(run));
      },
    },
    post('/v1/images/generations', 'images', imageRequest, async (run, request, { response, signal }) => {
      sendJson(response, await generateImages(run, request, signal));
    }),
    post('/v1/completions', 'text', completionRequest, (run, request, exchange) =>
      answerText(exchange, request, streamCompletion(run, request, exchange.signal), wholeCompletion),
    ),
    post('/v1/chat/completions', 'text', chatRequest, (run, request, exchange) =>
      answerText(exchange, request, streamChat(run, request, exchange.signal), wholeChat),
    ),
  ];
}

function entryOf({ id, config }: ServedRun): object {
  const created = Math.floor(Date.parse(config.created) / 1000);
  return { id, object: 'model', created, owned_by: 'genera' };
}

interface Piece {
  readonly choices: readonly unknown[];
  readonly usage?: unknown;
}

/** Sends pieces as they come, or as a whole. */
async function answerText<P extends Piece>(
  exchange: Exchange,
  { stream, stream_options: options }: { stream?: boolean | null | undefined; stream_options?: unknown },
  pieces: AsyncGenerator<P, void, undefined>,
  whole: (pieces: AsyncIterable<P>) => Promise<object>,
): Promise<void> {
  if (stream !== true) return sendJson(exchange.response, await whole(pieces));
  const usage = (options as { include_usage?: boolean } | null | undefined)?.include_usage === true;
  // The first piece is waited for: what is wrong with the request shows by then, and has a status of its own.
  const first = await pieces.next();
  const events = new EventStream(exchange);
  try {
    for (let next = first; !next.done; next = await pieces.next()) {
      const piece = next.value;
      if (piece.choices.length > 0) events.post(JSON.stringify(usage ? { ...piece, usage: null } : piece));
      else if (usage) events.post(JSON.stringify(piece));
    }
    events.post('[DONE]');
  } catch (error) {
    exchange.signal.throwIfAborted();
    events.post(JSON.stringify(errorBody(error, 500)));
  } finally {
    await pieces.return();
    events.end();
  }
}

/** An error in OpenAI's form. */
function errorBody(error: unknown, status: number): unknown {
  const { code, field } = error instanceof HttpError ? error : {};
  const message = error instanceof Error ? error.message : String(error);
  return { error: { message, type: typeOf(status), param: field ?? null, code: code ?? null } };
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
