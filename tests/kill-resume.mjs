/**
 * Kills trainings with SIGKILL at arbitrary moments and continues them: the result must be, byte for byte, that of a
 * training that nobody disturbed. Needs a build. Usage: node tests/kill-resume.mjs [kills, default 20] [seed of the moments]
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const genera = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const wanted = Number(process.argv[2] ?? 20);
let state = Number(process.argv[3] ?? Date.now() % 2 ** 31);
console.log(`${wanted} kills, moments by seed ${state}`);

/** A linear congruential generator (Numerical Recipes), enough to choose moments. */
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

const settings =
  '--preset tiny --set ema=0.99 --limit 640 --steps 200 --checkpoint-every 15 --sample-every 50 --seed 1';
const root = mkdtempSync(join(tmpdir(), 'genera-kill-'));

/** Trains; the promise tells how the process ended. With `killAfter` milliseconds it is killed then. */
function train(out, { resume = false, killAfter } = {}) {
  const args = [genera, 'train', 'vae', ...settings.split(' '), '--out', out, ...(resume ? ['--resume'] : [])];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stderr });
    });
  });
}

/** Digests of what a finished run must agree in: the model, all state, the pictures. */
function result(out) {
  const paths = ['model/model.safetensors', 'model/config.json', 'checkpoints/step-200/state.safetensors'];
  const pictures = readdirSync(join(root, out, 'samples')).map((name) => join('samples', name));
  const digest = (path) =>
    createHash('sha256')
      .update(readFileSync(join(root, out, path)))
      .digest('hex');
  const steps = readFileSync(join(root, out, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ step, train: losses, validation }) => ({ step, losses, validation }));
  return JSON.stringify([[...paths, ...pictures.sort()].map((path) => [path, digest(path)]), steps]);
}

function check(condition, message) {
  if (condition) return;
  console.error(`FAILED: ${message} (see ${root})`);
  process.exit(1);
}

const begin = performance.now();
const undisturbed = await train('undisturbed');
const duration = performance.now() - begin;
check(undisturbed.code === 0, undisturbed.stderr);
const expected = result('undisturbed');

let kills = 0;
let finished = 0;
for (let n = 1; kills < wanted; n++) {
  const out = `run-${n}`;
  const moments = [];
  for (;;) {
    const resume = existsSync(join(root, out, 'config.json'));
    const killAfter = kills < wanted ? random() * duration : undefined;
    const { code, signal, stderr } = await train(out, { resume, killAfter });
    if (signal === 'SIGKILL') {
      kills++;
      moments.push(Math.round(killAfter));
      continue;
    }
    check(code === 0, `a training ended with status ${code}: ${stderr}`);
    break;
  }
  check(result(out) === expected, `${out}, killed at ${moments.join(', ')} ms, is not the run that nobody disturbed`);
  finished++;
  console.log(`${out}: killed ${moments.length} times (after ${moments.join(', ')} ms), same bytes`);
}
rmSync(root, { recursive: true });
console.log(`${kills} kills in ${finished} runs: every one ended with the bytes of the undisturbed run`);
