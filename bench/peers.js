/** Who is measured, how it is started, and how it is spoken to. */
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const file = (name) => fileURLToPath(new URL(`./peers/${name}`, import.meta.url));
const node = (name, ...args) => [process.execPath, [file(name), ...args]];

/** The first Python that has the module. */
function python(module) {
  for (const command of [
    fileURLToPath(new URL('./.venv/bin/python', import.meta.url)),
    '/usr/bin/python3',
    'python3',
  ]) {
    const { status } = spawnSync(command, ['-c', `import ${module}`], { stdio: 'ignore' });
    if (status === 0) return command;
  }
  return undefined;
}

function withPython(module, name, ...args) {
  const command = python(module);
  return command === undefined
    ? { missing: `no Python here can import ${module}` }
    : { command: [command, [file(name), ...args]] };
}

/** By name: the program, or why there is none. `library` is the name in the ratios. */
export const peers = {
  genera: { library: 'genera', start: () => ({ command: node('genera.js') }) },
  pytorch: { library: 'pytorch', start: () => withPython('torch', 'pytorch.py') },
  jax: { library: 'jax', start: (threads) => withPython('jax', 'jax_peer.py', '--threads', String(threads)) },
  'tfjs-wasm': { library: 'tfjs', start: () => ({ command: node('tfjs.js', 'wasm') }) },
  'tfjs-cpu': { library: 'tfjs', start: () => ({ command: node('tfjs.js', 'cpu') }) },
  jaxjs: { library: 'jaxjs', start: () => ({ command: node('jaxjs.js') }) },
};

/** A running peer. `ask` rejects when the peer says an error, dies, or takes longer than the limit. */
export class Peer {
  #child;
  #lines;
  #complaints = '';

  constructor([command, args], threads) {
    // Waiting threads sleep: with the default, spinning, PyTorch's and OpenBLAS's own threads keep each other from their
    // cores (GPT, two cores, in ms: 177 spinning, 57 sleeping, 75 with one thread).
    const env = {
      ...process.env,
      OMP_NUM_THREADS: String(threads),
      OPENBLAS_NUM_THREADS: String(threads),
      OMP_WAIT_POLICY: 'passive',
    };
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.on('data', (text) => {
      this.#complaints = `${this.#complaints}${text}`.slice(-2000);
    });
    this.#child.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(request, limit) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer to '${request.do}' within ${limit} s`)), 1000 * limit);
    });
    try {
      for (;;) {
        const { value, done } = await Promise.race([this.#lines.next(), late]);
        if (done) throw new Error(this.#complaints.trim().split('\n').at(-1) || 'the process ended');
        if (!value.startsWith('{')) continue; // libraries print things
        const reply = JSON.parse(value);
        if (reply.error !== undefined) throw new Error(reply.error);
        return reply;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  stop() {
    this.#child.kill('SIGKILL');
  }
}
