/**
 * Measures genera beside its peers: each row in processes of its own, in turns (A B A B …), so that what else the machine
 * does meets all of them alike. `npm run bench -- --help` says how to ask.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Peer, peers } from './peers.js';
import { rows } from './rows.js';

const help = `npm run bench -- [options]
  --rows a,b       rows to run (default: all): ${rows.map((r) => r.name).join(', ')}
  --peers a,b      peers beside genera (default: all): ${Object.keys(peers).slice(1).join(', ')}
  --threads N      cores that each of them may use (default: all)
  --rounds N       turns that each takes per row (default: 5)
  --seconds S      length of one turn (default: 0.8)
  --limit S        seconds in which a peer must have built a row and done its first step (default: 120)
  --json           one JSON object on standard output, the table on standard error`;

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string' },
    peers: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.8' },
    limit: { type: 'string', default: '120' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) {
  console.log(help);
  process.exit(0);
}
const threads = Number(options.threads);
const say = (text) => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
const pick = (list, names, what) => {
  const known = list.map((x) => x.name ?? x);
  const unknown = names?.split(',').filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0) {
    console.error(`unknown ${what} ${unknown.join(', ')}; there are ${known.join(', ')}`);
    process.exit(2);
  }
  return names === undefined ? list : list.filter((x) => names.split(',').includes(x.name ?? x));
};
const chosenRows = pick(rows, options.rows, 'row');
const chosenPeers = pick(Object.keys(peers).slice(1), options.peers, 'peer');

const here = fileURLToPath(new URL('.', import.meta.url));
if (chosenPeers.some((name) => /^tfjs|^jaxjs/.test(name)) && !existsSync(`${here}node_modules`)) {
  say('installing the JavaScript peers …');
  const stdio = ['ignore', options.json ? 2 : 1, 2];
  if (spawnSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: here, stdio }).status !== 0) {
    say('they could not be installed; their columns will say so');
  }
}

const median = (list) => {
  const sorted = list.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

/** Sets up every peer, gives them turns, and returns what was seen of each. */
async function measure(row, names) {
  const seen = new Map();
  const running = new Map();
  for (const name of names) {
    const result = { rounds: [], all: [] };
    seen.set(name, result);
    const { command, missing } = peers[name].start(threads);
    if (missing !== undefined) {
      result.error = missing;
      continue;
    }
    const peer = new Peer(command, threads);
    try {
      result.about = await peer.ask({ do: 'setup', kind: row.kind, size: row.size, threads }, Number(options.limit));
      running.set(name, peer);
    } catch (error) {
      result.error = error.message;
      peer.stop();
    }
  }
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [name, peer] of running) {
      const result = seen.get(name);
      // Who needs longer than ten turns for one step takes part once.
      const slow = result.rounds.length > 0 && median(result.rounds) > 10_000 * Number(options.seconds);
      if (slow) continue;
      try {
        const least = result.about.createMs > 5000 ? 1 : 3;
        const { ms, cpuMs } = await peer.ask({ do: 'run', seconds: Number(options.seconds), least }, 600);
        result.rounds.push(median(ms));
        result.all.push(...ms);
        result.cpuMs = Math.min(cpuMs, result.cpuMs ?? Infinity);
      } catch (error) {
        result.error = error.message;
        peer.stop();
        running.delete(name);
      }
      await pause(50); // threads that spin for a while after their work come to rest
    }
  }
  for (const [name, peer] of running) {
    seen.get(name).memory = (await peer.ask({ do: 'memory' }, 60)).bytes;
    peer.stop();
  }
  return seen;
}

/** What is reported of one peer: times in ms, memory in bytes, and our time by theirs, turn by turn. */
function summary(result, ours) {
  if (result.error !== undefined || result.rounds.length === 0) return { error: result.error ?? 'no turn was taken' };
  const pairs = result.rounds.map((theirs, i) => (ours.rounds[i] ?? median(ours.rounds)) / theirs);
  return {
    ms: median(result.rounds),
    min: Math.min(...result.all),
    cpuMs: result.cpuMs,
    createMs: result.about.createMs,
    memory: result.memory,
    parameters: result.about.parameters,
    ratio: median(pairs),
    ratioOfMinima: Math.min(...ours.all) / Math.min(...result.all),
  };
}

const round3 = (x) => (x === undefined ? undefined : Number(x.toPrecision(4)));
const rounded = (record) =>
  Object.fromEntries(Object.entries(record).map(([k, v]) => [k, typeof v === 'number' ? round3(v) : v]));

function line(name, s) {
  const cell = (text, width) => String(text).padStart(width);
  if (s.error !== undefined) return `${name.padEnd(12)} ${s.error}`;
  const mb = s.memory === undefined ? '' : (s.memory / 2 ** 20).toFixed(0);
  const ratio = name === 'genera' ? ['', ''] : [s.ratio.toFixed(2), s.ratioOfMinima.toFixed(2)];
  return [
    name.padEnd(12),
    cell(s.ms.toFixed(2), 10),
    cell(s.min.toFixed(2), 10),
    cell(s.cpuMs.toFixed(1), 10),
    cell(ratio[0], 8),
    cell(ratio[1], 8),
    cell(s.createMs.toFixed(0), 10),
    cell(mb, 8),
  ].join('');
}

const version = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  threads,
  memory: totalmem(),
  node: process.version,
  genera: version,
};
say(`genera ${version}, Node ${process.version}, ${machine.cpu}, ${threads} of ${machine.cores} cores`);
say('times in ms per repetition; ratio = our time / theirs, median of the turns, and of the minima; memory in MiB\n');
say(
  `${''.padEnd(12)}${['median', 'min', 'cpu'].map((t) => t.padStart(10)).join('')}${'ratio'.padStart(8)}${'of min'.padStart(8)}${'create'.padStart(10)}${'memory'.padStart(8)}`,
);

const gemmGflops = (s) => (2 * 1024 ** 3) / s.min / 1e6;
if (!chosenRows.some((row) => row.name === 'gemm-1024')) chosenRows.unshift(rows[0]);
const reports = [];
for (const row of chosenRows) {
  const seen = await measure(row, ['genera', ...chosenPeers]);
  const ours = seen.get('genera');
  const all = Object.fromEntries([...seen].map(([name, result]) => [name, rounded(summary(result, ours))]));
  const { genera, ...others } = all;
  say(`\n${row.name}`);
  for (const [name, s] of Object.entries(all)) say(line(name, s));
  if (genera.parameters !== undefined) {
    for (const [name, s] of Object.entries(others)) {
      if (s.parameters !== undefined && s.parameters !== genera.parameters) {
        say(`${name}: ${s.parameters} parameters instead of ${genera.parameters}: not the same network`);
      }
    }
  }
  if (row.name === 'gemm-1024') {
    machine.gemmGflops = Object.fromEntries(
      Object.entries(all).flatMap(([name, s]) => (s.error === undefined ? [[name, round3(gemmGflops(s))]] : [])),
    );
    say(
      `GFLOP/s: ${Object.entries(machine.gemmGflops)
        .map(([name, g]) => `${name} ${g}`)
        .join(', ')}`,
    );
    const { blas } = seen.get('pytorch')?.about ?? {};
    if (blas !== undefined) {
      machine.blas = blas;
      say(`PyTorch multiplies with ${blas.join(', ') || 'a library of its own'}`);
      if (machine.gemmGflops.pytorch < machine.gemmGflops.genera / 3) {
        say(
          'WARNING: this PyTorch has a slow BLAS (on Debian: apt install libopenblas0-pthread); the ratios flatter genera.',
        );
      }
    }
  }
  // TensorFlow.js has two backends: the better one counts.
  const ratios = {};
  for (const [name, s] of Object.entries(others)) {
    const { library } = peers[name];
    if (s.ratio !== undefined) ratios[library] = Math.max(s.ratio, ratios[library] ?? 0);
  }
  reports.push({ name: row.name, ms: genera.ms, ratios, memory: genera.memory, genera, peers: others });
}
if (options.json) console.log(JSON.stringify({ machine, rows: reports }));
