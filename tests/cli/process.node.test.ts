/** What only real processes show: signals, exit statuses, limits of the system. Runs the built command. */
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, type Result, sha256, snapshot, workspace } from './harness.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const built = join(project, 'dist/cli/main.js');

let leave = () => {};
beforeAll(() => {
  // Up to date already after `npm test`'s own build; needed where this file is run alone.
  spawnSync(process.execPath, [join(project, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: project });
  leave = workspace();
});
afterAll(() => leave());

interface ProcessOptions {
  readonly uid?: number;
  /** Called with what comes on stderr. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

function genera(args: string, { uid, onStderr }: ProcessOptions = {}): Promise<Result> {
  const child = spawn(process.execPath, [built, ...args.split(' ')], uid === undefined ? {} : { uid, gid: uid });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => {
    stderr += text;
    onStderr?.(String(text), (signal) => child.kill(signal));
  });
  return new Promise((done) =>
    child.on('close', (code, signal) => done({ status: code ?? (signal === null ? -1 : -2), stdout, stderr })),
  );
}

const train = 'train vae --preset tiny --limit 640 --checkpoint-every 15 --seed 1';

describe('signals', () => {
  it('SIGKILL at arbitrary moments, then --resume: the bytes of an undisturbed run', () => {
    const output = execFileSync(process.execPath, [join(project, 'tests/kill-resume.mjs'), '2'], { encoding: 'utf8' });
    expect(output).toContain('every one ended with the bytes of the undisturbed run');
  });

  it('Ctrl-C stores a checkpoint and ends with 130', async () => {
    const { status, stdout, stderr } = await genera(`${train} --steps 2000 --out interrupted`, {
      onStderr: (text, kill) => /% {2}step/.test(text) && kill('SIGINT'),
    });
    expect(stderr).toMatch(/stopped at step \d+, which is stored; continue with: .*--resume --out interrupted\n$/);
    expect(status).toBe(130);
    expect(stdout).toBe('');
    const step = /stopped at step (\d+)/.exec(stderr)?.[1];
    expect(readFileSync('interrupted/checkpoints/last', 'utf8')).toBe(`step-${step}\n`);
    expect(readdirSync('interrupted').filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('two processes', () => {
  it('never train in one run', async () => {
    const results = await Promise.all([1, 2, 3].map(() => genera(`${train} --steps 60 --out contested`)));
    const statuses = results.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(0);
    expect(statuses.slice(1)).toEqual([2, 2]);
    for (const result of results) if (result.status !== 0) expectFailure(result, 2, /at work in it|holds a run/);
    expect((await genera(`${train} --steps 60 --out alone`)).status).toBe(0);
    expect(sha256('contested/model/model.safetensors')).toBe(sha256('alone/model/model.safetensors'));
  });
});

describe('output', () => {
  it('with --json is one object on stdout, progress on stderr', async () => {
    const { status, stdout, stderr } = await genera(`${train} --steps 3 --out json --json`);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ run: 'json', step: 3 });
    expect(stderr).toContain('training vae');
  });

  it.skipIf(process.platform === 'win32')('may be cut short by its reader', () => {
    const pipe = spawnSync(
      'bash',
      ['-o', 'pipefail', '-c', `"${process.execPath}" "${built}" list --json | head -c 5`],
      { encoding: 'utf8' },
    );
    expect(pipe).toMatchObject({ status: 0, stdout: '{"mod', stderr: '' });
  });
});

describe.skipIf(process.platform === 'win32')('limits of the system', () => {
  it('a file that may not grow is a storage error', async () => {
    const result = await new Promise<Result>((done) => {
      const command = `ulimit -f 100; exec "${process.execPath}" "${built}" ${train} --steps 20 --out limited`;
      execFile('bash', ['-c', command], (error, stdout, stderr) =>
        done({ status: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
    expectFailure(result, 1, /limited\/checkpoints.*EFBIG.*ulimit/);
    expect(Object.keys(snapshot('limited')).filter((name) => name.includes('.tmp-'))).toEqual([]);
    // With the limit gone the run goes on from its beginning.
    expect((await genera(`${train} --steps 20 --out limited --resume`)).status).toBe(0);
    expect(existsSync('limited/model/model.safetensors')).toBe(true);
  });

  it('a directory without rights is a storage error, and nothing is changed', async (context) => {
    const root = process.getuid?.() === 0;
    const uid = root ? 65534 : undefined; // nobody: root itself is refused nothing
    if (uid !== undefined) {
      const reach = spawnSync(process.execPath, [built, '--version'], { uid, gid: uid });
      if (reach.status !== 0) context.skip('the account nobody cannot reach this directory');
    }
    const options = uid === undefined ? {} : { uid };
    expect((await genera(`${train} --steps 2 --out run`)).status).toBe(0);
    mkdirSync('locked');
    chmodSync('.', 0o755);
    for (const path of ['locked', 'run', 'run/samples', 'run/checkpoints', 'run/model']) chmodSync(path, 0o555);
    const before = snapshot();
    expectFailure(
      await genera(`${train} --steps 2 --out locked/run`, options),
      1,
      /locked\/run.*EACCES.*rights.*--out/,
    );
    expectFailure(await genera(`${train} --steps 2 --out locked`, options), 1, /locked.*EACCES.*rights.*--out/);
    expectFailure(await genera('train vae --resume --out run --steps 4', options), 1, /run.*EACCES.*rights/);
    expectFailure(await genera('sample run --num-samples 1', options), 1, /run\/samples.*EACCES.*rights.*--out/);
    expect(snapshot()).toEqual(before);
    if (root) chownSync('run/config.json', 0, 0);
    chmodSync('run/config.json', 0o000);
    expectFailure(await genera('sample run --num-samples 1', options), 1, /config\.json.*EACCES.*rights/);
    for (const path of ['locked', 'run', 'run/samples', 'run/checkpoints', 'run/model', 'run/config.json'])
      chmodSync(resolve(path), 0o755);
  });
});
