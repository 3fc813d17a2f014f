/**
 * Runs recipes (recipes/README.md): trains, measures, and writes docs/results/<id>.json, docs/images/<id>.png and
 * docs/RESULTS.md. Usage: npm run recipes -- [ID…] [--data-dir DIR] [--keep] [--list] [--table]
 *   --keep   measure runs/recipes/<id> again where it has been trained already, with the settings that it would have now
 *   --table  only write docs/RESULTS.md anew from docs/results
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const recipesFolder = join(root, 'recipes');
const genera = join(root, 'dist/cli/main.js');
const knownKeys = ['title', 'model', 'data', 'seed', 'train', 'eval', 'picture', 'script', 'arguments', 'metrics'];

/** @typedef {{ low?: number, high?: number, source: string }} Expected */

function readRecipes() {
  return readdirSync(recipesFolder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const recipe = JSON.parse(readFileSync(join(recipesFolder, file), 'utf8'));
      for (const key of Object.keys(recipe)) {
        if (!knownKeys.includes(key))
          throw new Error(`recipes/${file}: expected ${knownKeys.join(', ')}, got '${key}'.`);
      }
      for (const [name, { source }] of Object.entries(recipe.metrics)) {
        if (!source) throw new Error(`recipes/${file}: the range of ${name} needs a source.`);
      }
      return { id: file.replace(/\.json$/, ''), ...recipe };
    });
}

/** Runs a program of ours, its progress going to the terminal; its one JSON object comes back. */
function runJson(args) {
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with status ${status}.`);
  return stdout.trim() === '' ? {} : JSON.parse(stdout);
}

const quoted = (args) => args.map((word) => (/^[\w./=:,-]+$/.test(word) ? word : `'${word}'`)).join(' ');

/** The commands that a user types to repeat it; data directories are the user's own. */
function commandsOf({ id, model, data, seed, train = [], eval: measure, script, arguments: given = [] }) {
  if (script !== undefined) return [`npm run recipes -- ${id}`];
  const run = `runs/recipes/${id}`;
  return [
    quoted(['genera', 'train', model, '--data', data, '--seed', String(seed), ...train, ...given, '--out', run]),
    ...(measure === undefined ? [] : [quoted(['genera', 'eval', run, ...measure])]),
  ];
}

function runRecipe(recipe, { dataDir, keep }) {
  const { id, model, data, seed, train = [], eval: measure, picture, script, arguments: given = [] } = recipe;
  const where = dataDir === undefined ? [] : ['--data-dir', dataDir];
  const image = join(root, 'docs/images', `${id}.png`);
  const start = performance.now();
  const secondsSince = () => Number(((performance.now() - start) / 1000).toFixed(1));
  if (script !== undefined) {
    const { png, ...result } = runJson([join(recipesFolder, script), ...given, ...where]);
    if (png !== undefined) writeFileSync(image, Buffer.from(png, 'base64'));
    return { ...result, seconds: secondsSince(), picture: png !== undefined };
  }
  const run = join('runs/recipes', id);
  const base = [genera, 'train', model, '--data', data, '--seed', String(seed), ...train, ...given];
  const described = join(root, `${run}.json`);
  const description = JSON.stringify([...base.slice(1), runJson([genera, 'list', 'models', model, '--json'])]);
  const same = existsSync(described) && readFileSync(described, 'utf8') === description;
  const known = keep && same && existsSync(join(root, run, 'model'));
  if (!known) rmSync(join(root, run), { recursive: true, force: true });
  const resume = known ? ['--resume'] : [];
  const trained = runJson([...base, ...where, '--out', run, '--json', ...resume]);
  writeFileSync(described, description);
  const evaluated = measure === undefined ? {} : runJson([genera, 'eval', run, ...measure, ...where, '--json']);
  if (picture !== undefined) {
    const [command, ...rest] = picture;
    runJson([genera, command, run, ...rest, '--out', image, '--json']);
  }
  const { step, seconds, train: last, validation } = trained;
  const { run: _, model: __, metrics, ...told } = evaluated;
  return {
    ...told,
    ...(known ? { note: 'trained before, with --keep measured again at this commit' } : {}),
    steps: step,
    training: { ...last, ...(validation === undefined ? {} : { validation }) },
    metrics: metrics ?? last,
    seconds: Number(seconds.toFixed(1)),
    picture: picture !== undefined,
  };
}

/** Metrics outside of what is expected. */
function shortfalls({ metrics: expected }, { metrics }) {
  return Object.entries(expected).filter(([name, { low = -Infinity, high = Infinity }]) => {
    const value = metrics[name];
    return !(value >= low && value <= high);
  });
}

const machine = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  node: process.version,
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
});

const number = (value) => String(Number(Number(value).toPrecision(5)));
const rangeOf = ({ low, high }) =>
  low === undefined ? `≤ ${high}` : high === undefined ? `≥ ${low}` : low === high ? `${low}` : `${low} … ${high}`;
const duration = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

function writeResults(recipes) {
  const results = recipes.map((recipe) => {
    const path = join(root, 'docs/results', `${recipe.id}.json`);
    return [recipe, existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined];
  });
  const rows = results.flatMap(([recipe, result]) =>
    result === undefined
      ? []
      : Object.entries(recipe.metrics).map(([name, expected], i) => {
          const value = result.metrics[name];
          const short = shortfalls({ metrics: { [name]: expected } }, result).length > 0;
          const reached =
            value === undefined ? '**missing**' : short ? `**${number(value)}** falls short` : number(value);
          const { model = '—', data } = recipe;
          const head = i === 0 ? [`[${recipe.id}](#${recipe.id})`, model, data, recipe.seed ?? '—'] : ['', '', '', ''];
          const tail = i === 0 ? [duration(result.seconds)] : [''];
          return `| ${[...head, `\`${name}\``, rangeOf(expected), reached, ...tail].join(' | ')} |`;
        }),
  );
  const sections = results.flatMap(([recipe, result]) => (result === undefined ? [] : [sectionOf(recipe, result)]));
  const missing = results.filter(([, result]) => result === undefined).map(([{ id }]) => id);
  const { models } = runJson([genera, 'list', 'models', '--json']);
  const without = models.map(({ id }) => id).filter((id) => recipes.every(({ model }) => model !== id));
  const notes = [
    ...(missing.length === 0 ? [] : [`Not run yet: ${missing.join(', ')}.`]),
    ...(without.length === 0 ? [] : [`Models without a recipe: ${without.join(', ')}.`]),
  ];
  const text = `# Results

Written by \`npm run recipes\`; what a recipe is, and how to run one, says [recipes/README.md](../recipes/README.md). Each
row is one figure, with the range that it is expected in; where a range comes from is said below. **Figures that fall short
are marked.** Times are those of training, on the machine named below, and of a machine that may have had other work.

| recipe | model | data | seed | metric | expected | reached | time |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}
${notes.map((note) => `\n${note}\n`).join('')}
${sections.join('\n')}`;
  writeFileSync(join(root, 'docs/RESULTS.md'), text);
}

function sectionOf(recipe, result) {
  const { id, title, metrics: expected } = recipe;
  const { metrics, n, n_real: real, n_fake: fake, split, extractor, ema, seed, steps, machine: at, seconds } = result;
  const facts = [
    ...(n === undefined ? [] : [`n ${n}`]),
    ...(real === undefined ? [] : [`n_real ${real}, n_fake ${fake}`]),
    ...(split === undefined ? [] : [`split ${split}`]),
    ...(extractor === undefined ? [] : [`extractor ${extractor.id}, sha256 ${extractor.sha256}`]),
    ...(ema === undefined ? [] : [ema ? 'averaged weights' : 'weights as trained']),
    ...(seed === undefined ? [] : [`seed of the evaluation ${seed}`]),
    ...(steps === undefined ? [] : [`${steps} steps`]),
    `${seconds} s on ${at.cpu}, ${at.cores} cores, Node ${at.node}, commit ${at.commit}`,
    ...(result.note === undefined ? [] : [result.note]),
  ];
  const sources = Object.entries(expected).map(([name, e]) => `- \`${name}\` ${rangeOf(e)}: ${e.source}.`);
  const figures = Object.entries(metrics).map(([name, value]) => `\`${name}\` ${number(value)}`);
  return `## ${id}

${title}.

\`\`\`sh
${commandsOf(recipe).join('\n')}
\`\`\`

${figures.join(', ')}.

${facts.join('; ')}.

Expected:

${sources.join('\n')}
${result.picture ? `\n![${title}](images/${id}.png)\n` : ''}`;
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'data-dir': { type: 'string' },
      keep: { type: 'boolean' },
      list: { type: 'boolean' },
      table: { type: 'boolean' },
    },
  });
  const recipes = readRecipes();
  const ids = recipes.map(({ id }) => id);
  if (values.list) return console.log(recipes.map(({ id, title }) => `${id}: ${title}`).join('\n'));
  if (values.table) return writeResults(recipes);
  const unknown = positionals.find((id) => !ids.includes(id));
  if (unknown !== undefined) throw new Error(`recipes: expected one of ${ids.join(', ')}, got '${unknown}'.`);
  if (!existsSync(genera)) throw new Error('recipes: expected a build, got none. Run `npm run build`.');
  mkdirSync(join(root, 'docs/results'), { recursive: true });
  for (const recipe of recipes.filter(({ id }) => positionals.length === 0 || positionals.includes(id))) {
    console.error(`recipe ${recipe.id}: ${recipe.title}`);
    const result = { ...runRecipe(recipe, { dataDir: values['data-dir'], keep: values.keep }), machine: machine() };
    writeFileSync(join(root, 'docs/results', `${recipe.id}.json`), `${JSON.stringify(result, null, 2)}\n`);
    writeResults(recipes);
    for (const [name, expected] of shortfalls(recipe, result)) {
      console.error(
        `recipe ${recipe.id} falls short: ${name} is ${result.metrics[name]}, expected ${rangeOf(expected)}`,
      );
      process.exitCode = 1;
    }
  }
  writeResults(recipes);
}

try {
  main();
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
