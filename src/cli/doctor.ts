/** `genera doctor`: is this machine fit, does genera compute rightly on it, and what to do if not. */
import type { Command } from 'commander';
import { examine, useDevice } from '../node/index.js';
import { type Context, print } from './io.js';
import { type DataOptions, type DeviceOptions, type JsonOption, withDataDir, withDevice, withJson } from './options.js';

type DoctorOptions = JsonOption & DeviceOptions & DataOptions;

export function addDoctor(program: Command, context: Context): void {
  const { io } = context;
  const command = program
    .command('doctor')
    .summary('check this machine, and genera on it')
    .description('Checks this machine, and that genera computes rightly on it. Exit status 1 where anything is wrong.');
  withJson(withDevice(withDataDir(command))).action(async ({ json, device, threads, dataDir }: DoctorOptions) => {
    useDevice(device, { threads });
    const checks = await examine({ dataDir, env: io.env });
    const ok = checks.every((check) => check.ok);
    const width = Math.max(...checks.map(({ name }) => name.length));
    const lines = checks.map(({ name, ok: fine, found, remedy }) =>
      [
        `${fine ? 'ok   ' : 'FAULT'} ${name.padEnd(width)}  ${found}`,
        ...(remedy === undefined ? [] : [`      → ${remedy}`]),
      ].join('\n'),
    );
    print(io, { ok, checks }, { json, text: lines.join('\n') });
    context.status = ok ? 0 : 1;
  });
}
