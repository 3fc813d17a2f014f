/** `genera serve`: trained models behind an HTTP interface. */
import type { Command } from 'commander';
import { startGenerationServer } from '../server/index.js';
import { type Context, type Io, note, print } from './io.js';
import { type DeviceOptions, integer, type JsonOption, withDevice, withJson } from './options.js';

interface ServeOptions extends JsonOption, DeviceOptions {
  readonly port: number;
  readonly host: string;
  readonly token?: string;
}

const afterHelp = `
GET /v1/models, POST /v1/images/generations, /v1/completions and /v1/chat/completions, in the shapes of OpenAI's
interface; a model is called by the name of its run directory. docs/SERVER.md tells each field.

Ctrl-C finishes the request that is at work and refuses all others; a second one quits at once.

Example:
  genera serve runs/cvae runs/gpt --port 8000
  curl localhost:8000/v1/completions -H 'content-type: application/json' -d '{"model": "gpt", "prompt": "Once"}'`;

export function addServe(program: Command, { io }: Context): void {
  const command = program
    .command('serve')
    .summary('serve trained models over HTTP')
    .description('Serves trained models over HTTP: images and text, for any client of OpenAI’s interface.')
    .argument('<runs...>', 'run directories that `genera train` has made');
  withAddress(withDevice(command), 8000).option(
    '--token <secret>',
    'what clients must send as Authorization: Bearer <secret>; needed where other machines can reach --host',
  );
  withJson(command)
    .addHelpText('after', afterHelp)
    .action(async (runs: string[], { json, ...options }: ServeOptions) => {
      const server = await startGenerationServer({ runs, ...options });
      const { url, models } = server;
      print(io, { url, models }, { json, text: `${models.join(', ')} at ${url}` });
      note(io, 'Ctrl-C stops it');
      await untilStopped(io, () => server.stop());
    });
}

/** --port and --host. */
export function withAddress(command: Command, port: number): Command {
  return command
    .option('--port <n>', 'port; 0: any that is free', integer('--port'), port)
    .option('--host <address>', 'address to listen on; 0.0.0.0: all of this machine', '127.0.0.1');
}

/** Waits for a signal, then for `stop`; a second signal quits at once. */
export async function untilStopped(io: Io, stop: () => Promise<void>): Promise<void> {
  let quit = (_: 'SIGINT' | 'SIGTERM'): void => undefined;
  const onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => quit(signal);
  io.on('SIGINT', onSignal);
  io.on('SIGTERM', onSignal);
  await new Promise<void>((done) => {
    quit = () => done();
  });
  quit = (signal) => io.exit(signal === 'SIGINT' ? 130 : 143);
  note(io, 'stopping; once more to quit at once');
  try {
    await stop();
  } finally {
    io.off('SIGINT', onSignal);
    io.off('SIGTERM', onSignal);
  }
}
