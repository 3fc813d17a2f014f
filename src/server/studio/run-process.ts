/**
 * The process of one run: trains it or looks at it, as the server asks. It is a process of its own so that the server
 * answers while it computes, and outlives it. When the server is gone, it stores its state and ends.
 */
import { UsageError } from '../../core/errors.js';
import type { Query } from '../../inference/explore-queries.js';
import { hostError } from '../../train/host.js';
import { fromJson, toJson } from '../../train/json.js';
import type { Calls, Message, Request, Surroundings } from './messages.js';
import { ReadingSession } from './reading-session.js';
import { TrainingSession } from './training-session.js';

const [directory = '', given = '{}'] = process.argv.slice(2);
const surroundings = JSON.parse(given) as Surroundings;

let training: TrainingSession | undefined;
let reading: ReadingSession | undefined;

/** Resolves when the message is out, or nobody is there to hear it. */
function send(message: Message): Promise<void> {
  return new Promise((done) => {
    if (process.connected) process.send?.(message, undefined, {}, () => done());
    else done();
  });
}

const grown = (): void => void send({ kind: 'grown', memory: process.memoryUsage.rss() });

function trained(): TrainingSession {
  if (training !== undefined) return training;
  throw unopened('trained');
}

function unopened(purpose: string): UsageError {
  return new UsageError({
    operation: directory,
    expected: `a run that is opened to be ${purpose}`,
    got: 'one that is not',
  });
}

/** Calls that have not been answered. */
const calls = new Set<Promise<void>>();

/** When it is over, the process has nothing left to do. */
function endWith(session: TrainingSession): void {
  training = session;
  void session.ended.then(async () => {
    await Promise.all(calls);
    process.exit(0);
  });
}

type Handlers = { readonly [N in keyof Calls]: (args: Calls[N]['args']) => Promise<Calls[N]['result']> };

const handlers: Handlers = {
  begin: async ({ request }) => {
    endWith(await TrainingSession.begin(request, directory, surroundings, grown));
    return undefined;
  },
  open: async ({ fresh }) => {
    endWith(await TrainingSession.open(directory, { fresh, surroundings, grown }));
    return undefined;
  },
  read: async () => {
    reading = new ReadingSession(directory, surroundings);
    return undefined;
  },
  resume: async () => {
    await trained().resume();
    return undefined;
  },
  pause: async () => {
    await trained().pause();
    return undefined;
  },
  step: async ({ n }) => {
    await trained().step(n);
    return undefined;
  },
  stop: async () => {
    await training?.stop();
    return undefined;
  },
  explore: async ({ query }) => {
    const asked = fromJson(query) as Query;
    return JSON.stringify(toJson(await (reading ?? trained()).explore(asked)));
  },
  store: async () => {
    await trained().store();
    return undefined;
  },
  export: async ({ kind }) => {
    if (reading === undefined) throw unopened('looked at');
    return reading.export(kind);
  },
};

process.on('message', ({ id, name, args }: Request) => {
  const call = (handlers[name] as (args: unknown) => Promise<unknown>)(args).then(
    (result) => send({ kind: 'result', id, result }),
    (error: unknown) => send({ kind: 'error', id, error: hostError(error) }),
  );
  calls.add(call);
  void call.then(() => calls.delete(call));
});

async function end(): Promise<void> {
  await training?.stop();
  process.exit(0);
}

process.on('disconnect', () => void end());
process.on('SIGTERM', () => void end());
process.on('SIGINT', () => undefined); // Ctrl-C reaches the server too, which says what is to be done
