/** `genera studio`: the browser app, with training on this machine behind it. */
import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { isLoopback, startStudio } from '../server/index.js';
import { type Context, note, print } from './io.js';
import { type DataOptions, type DeviceOptions, type JsonOption, withDataDir, withDevice, withJson } from './options.js';
import { untilStopped, withAddress } from './serve.js';

interface StudioOptions extends JsonOption, DeviceOptions, DataOptions {
  readonly port: number;
  readonly host: string;
  readonly open: boolean;
}

const afterHelp = `
The address that it prints carries a token, made anew at each start: whoever has it may train, and remove runs.
What it shows of runs that 'genera train' makes in RUNS meanwhile is read from their files.

Ctrl-C stores what is trained and stops; a second one quits at once. Runs go on from their last checkpoint.`;

export function addStudio(program: Command, { io }: Context): void {
  const command = program
    .command('studio')
    .summary('open the Studio: models to watch and to explore')
    .description('Serves the Studio, the browser app, and trains natively what is started there.')
    .argument('[runs]', 'folder of the runs', 'runs');
  withDataDir(withDevice(withAddress(command, 4600))).option('--no-open', 'do not open the browser');
  withJson(command)
    .addHelpText('after', afterHelp)
    .action(async (runs: string, { json, open, ...options }: StudioOptions) => {
      const server = await startStudio({ runs, ...options });
      const { url, token, built } = server;
      const address = `${url}#token=${token}`;
      print(io, { url, token }, { json, text: address });
      if (open && json !== true && io.stderr.isTTY === true && isLoopback(options.host)) openBrowser(address);
      if (!built) note(io, 'the app has not been built: run `npm run build:studio`, then load its page again');
      note(io, 'Ctrl-C stops it');
      await untilStopped(io, () => server.stop());
    });
}

/** Opens an address in the user's browser, where there is one. */
function openBrowser(address: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', address]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', address]
        : ['xdg-open', address];
  const child = spawn(command!, args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined); // the address has been printed
  child.unref();
}
