/**
 * Is a sentence of Shakespeare a question? Told without its end mark, by runs/recipes/bert-shakespeare fine-tuned on it
 * (which must have been trained: `npm run recipes -- bert-shakespeare`), by the same network trained on nothing else, and by
 * naive Bayes over the words (one and two) and over the characters (one to five in a row).
 *
 * Taken are sentences, or what follows a colon or semicolon in one, of 12 to 64 characters that end in a question mark, and
 * as many that end in a full stop. Those of the last tenth of the text, which the pre-training did not see, are the test.
 * Arguments: --data-dir DIR, --run DIR, --threads N. Prints one JSON object.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findDataSet, nodeDataSource } from '../dist/node/index.js';

const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    run: { type: 'string', default: 'runs/recipes/bert-shakespeare' },
    threads: { type: 'string', default: '1' },
  },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'runs/recipes/questions');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

/** Sentences with their class, as many of either, in the order of the text. */
function sentencesOf(text) {
  const spoken = text.replace(/^[A-Z][^\n]*:\n/gm, '').replace(/\s+/g, ' ');
  const all = [...spoken.matchAll(/(?<=[.?!;:-] )([^.?!;:]{12,64})([.?])(?= )/g)].map(([, words, mark]) => ({
    text: words.trim(),
    question: mark === '?',
  }));
  const questions = all.filter(({ question }) => question);
  const others = all.filter(({ question }) => !question);
  const step = others.length / questions.length;
  const statements = questions.map((_, i) => others[Math.floor(i * step)]);
  return questions.flatMap((question, i) => [question, statements[i]]);
}

const source = nodeDataSource(values['data-dir'] === undefined ? {} : { dataDir: values['data-dir'] });
const shakespeare = findDataSet('tiny-shakespeare');
const parts = {};
for (const split of ['train', 'test']) {
  const { tokens, tokenizer } = (await shakespeare.load(split, { source })).text;
  const all = new Int32Array(tokens.length);
  tokens.read(0, all);
  parts[split] = sentencesOf(tokenizer.decode(all));
  writeFileSync(join(out, `${split}.jsonl`), parts[split].map((line) => `${JSON.stringify(line)}\n`).join(''));
}

function genera(...args) {
  const stdout = execFileSync(process.execPath, [join(root, 'dist/cli/main.js'), ...args, '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  return JSON.parse(stdout);
}

/** Accuracy of a network on the test sentences, all of them. */
function accuracyOf(name, ...first) {
  const run = join(out, name);
  const data = (file) => ['--data', `${join(out, file)}.jsonl:text:question`];
  const common = [
    '--set',
    'task=classify',
    'context=64',
    '--seed',
    '1',
    '--sample-every',
    '0',
    '--threads',
    values.threads,
  ];
  genera('train', 'bert', ...data('train'), ...first, ...common, '--epochs', '6', '--out', run);
  const halves = ['train', 'test'].map((split) =>
    genera('eval', run, ...data('test'), '--split', split, '--metrics', 'accuracy', '--threads', values.threads),
  );
  const n = halves.reduce((sum, half) => sum + half.n, 0);
  return halves.reduce((sum, half) => sum + (half.n / n) * half.metrics.accuracy, 0);
}

/** Multinomial naive Bayes, ln p(class) + Σ ln p(n-gram | class), with add-one smoothing over the n-grams of the training. */
function naiveBayes(gramsOf) {
  const counts = [new Map(), new Map()];
  const totals = [0, 0];
  const known = new Set();
  for (const { text, question } of parts.train) {
    for (const gram of gramsOf(text)) {
      known.add(gram);
      counts[+question].set(gram, (counts[+question].get(gram) ?? 0) + 1);
      totals[+question]++;
    }
  }
  const score = (grams, k) =>
    grams.reduce((sum, gram) => sum + Math.log(((counts[k].get(gram) ?? 0) + 1) / (totals[k] + known.size)), 0);
  const right = parts.test.filter(({ text, question }) => {
    const grams = gramsOf(text).filter((gram) => known.has(gram));
    return score(grams, 1) > score(grams, 0) === question;
  });
  return right.length / parts.test.length;
}
const windows = (list, n) => list.slice(n - 1).map((_, i) => list.slice(i, i + n).join(' '));
const characters = (text) => [1, 2, 3, 4, 5].flatMap((n) => windows([...`^${text}$`], n));
const words = (text) => {
  const list = ['^', ...text.toLowerCase().match(/[a-z']+/g), '$'];
  return [...windows(list, 1), ...windows(list, 2)];
};

const metrics = {
  naive_bayes_words: naiveBayes(words),
  naive_bayes_characters: naiveBayes(characters),
};
console.error(`${parts.train.length} and ${parts.test.length} sentences; naive Bayes: ${JSON.stringify(metrics)}`);
metrics.accuracy_from_nothing = accuracyOf('from-nothing');
metrics.accuracy = accuracyOf('fine-tuned', '--from', values.run);
metrics.ahead = metrics.accuracy - Math.max(metrics.naive_bayes_words, metrics.naive_bayes_characters);
console.log(JSON.stringify({ n_real: parts.test.length, split: 'test', metrics }));
