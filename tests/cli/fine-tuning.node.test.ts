/** Runs that begin with what another one has learned, and texts with classes. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeSafetensors } from '../../src/runtime/safetensors.js';
import { expectFailure, genera, put, sha256, succeed, workspace } from './harness.js';

const fails = async (args: string, status: number, message: RegExp) =>
  expectFailure(await genera(args), status, message);
const weightsOf = (run: string, file = 'model/model.safetensors') =>
  decodeSafetensors(new Uint8Array(readFileSync(`${run}/${file}`)), run).tensors;

const questions = Array.from({ length: 60 }, (_, i) => ({ text: `what is ${i}`, asks: true }));
const answers = Array.from({ length: 60 }, (_, i) => ({ text: `${i} is not`, asks: false }));
const fineTuned =
  'train bert --from runs/base --data lines.jsonl:text:asks --set task=classify --steps 60 --learning-rate 0.003 --sample-every 0';

let leave = () => {};
beforeAll(async () => {
  leave = workspace();
  put('corpus.txt', [...questions, ...answers].map(({ text }) => text).join('\n'));
  put('lines.jsonl', [...questions, ...answers].map((line) => JSON.stringify(line)).join('\n'));
  await succeed('train bert --preset tiny --data ./corpus.txt --steps 5 --set context=16 --seed 3 --out runs/base');
});
afterAll(() => leave());

it('begins with the weights, the settings and the tokenizer of the other run', async () => {
  const { stderr } = await succeed(`${fineTuned} --out runs/start --steps 1 --learning-rate 1e-30`);
  expect(stderr).toMatch(/it begins with \d+ of \d+ tensors of runs\/base; anew: classifier\.pooler\.weight/);
  const [before, after] = [weightsOf('runs/base'), weightsOf('runs/start', 'checkpoints/step-0/state.safetensors')];
  const shared = [...before.keys()].filter((name) => after.has(name));
  expect(shared.length).toBe(17);
  for (const name of shared) expect(after.get(name)!.data).toEqual(before.get(name)!.data);
  const config = JSON.parse(readFileSync('runs/start/config.json', 'utf8'));
  expect(config).toMatchObject({
    from: { run: 'runs/base', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    settings: { context: 16, task: 'classify', steps: 1 },
    data: { labels: ['false', 'true'] },
  });
  expect(sha256('runs/start/model/tokenizer.json')).toBe(sha256('runs/base/model/tokenizer.json'));
});

it('learns the classes, says them, and continues to the same weights', async () => {
  await succeed(`${fineTuned} --out runs/classes`);
  const { json } = await succeed('eval runs/classes --metrics accuracy --json');
  expect(json).toMatchObject({ n: 12 });
  expect((json.metrics as { accuracy: number }).accuracy).toBeGreaterThan(0.9);
  const told = await succeed('classify runs/classes what --json');
  expect(told.json.texts).toMatchObject([{ text: 'what', classes: [{ label: 'true' }, { label: 'false' }] }]);
  expect((await succeed('classify runs/classes 7')).stdout).toMatch(/"7"\s+false\s+\d+\.\d\d %\n\s+true/);

  // Stopped before its first step, it still has the other run's weights.
  const first = (_: string, signals: NodeJS.EventEmitter) => signals.emit('SIGINT', 'SIGINT');
  await genera(`${fineTuned} --out runs/again`, { onStderr: first });
  await succeed('train bert --resume --out runs/again');
  expect(sha256('runs/again/model/model.safetensors')).toBe(sha256('runs/classes/model/model.safetensors'));
  await fails('train bert --resume --out runs/again --from runs/other --steps 80', 2, /first weights runs\/base/);
});

it('refuses runs and files that do not serve', async () => {
  await fails('train gpt --from runs/base', 2, /expected a run of gpt, got a run of bert/);
  await succeed('train ngram --data ./corpus.txt --out runs/table');
  await fails('train ngram --data ./corpus.txt --from runs/table', 2, /one of which 0 % fit/);
  await fails('train bert --from runs/none', 2, /got no run/);
  await fails('train bert --from runs/base --preset tiny', 2, /got the preset 'tiny'/);
  await fails(
    'train bert --from runs/base --data ./lines.jsonl:text --set width=20 heads=2 context=8 layers=1',
    2,
    /one of which \d+ % fit/,
  );
  await fails(
    'train bert --data ./lines.jsonl:text:kind --set task=classify',
    1,
    /field 'kind' with a class.*fields text, asks/,
  );
  await fails(
    'train bert --data ./lines.jsonl:text:text --set task=classify context=4',
    1,
    /10 texts of a class or more.*120 texts of 120 classes/,
  );
  put('one.jsonl', '{"text": "a", "label": 1}\n{"text": "b", "label": 1}');
  await fails('train bert --data ./one.jsonl:text:label --set task=classify', 1, /the class '1' alone/);
  await fails('classify runs/base what', 2, /a model that tells classes apart/);
});
