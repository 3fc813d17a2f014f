import { describe, expect, test } from 'vitest';
import { dataSets as dataRecords } from '../../src/data/registry.js';
import { models } from '../../src/models/index.js';
import { describeData, describeModel } from '../../studio/build/models.js';
import { type Choice, defaultChoice, readChoice, writeChoice } from '../../studio/src/settings/choice.js';
import { defaultsOf } from '../../studio/src/settings/values.js';

const dataSets = describeData(dataRecords);
const described = models.map(describeModel);
const modelOf = (id: string) => described.find((model) => model.id === id)!;
const vae = modelOf('vae');
const read = (text: string) => readChoice(vae, dataSets, text);

describe('the choice in the address', () => {
  test('is empty for the defaults', () => {
    for (const model of described) expect(writeChoice(model, dataSets, defaultChoice(model))).toBe('');
  });

  test('has a version and only what differs', () => {
    const choice: Choice = { ...defaultChoice(vae), seed: 7, settings: { latent: 2, hidden: 400 } };
    expect(writeChoice(vae, dataSets, choice)).toBe('v=1&seed=7&latent=2');
  });

  test.each(described.map((model) => [model.id, model] as const))('comes back as it was: %s', (_, model) => {
    const preset = Object.keys(model.presets)[0]!;
    const numbers = model.fields.filter((field) => field.type === 'number' && field.whole);
    const flags = model.fields.filter((field) => field.type === 'flag');
    const kind = dataSets.find(({ id }) => id === model.data.default)!.kind;
    const usual = defaultsOf(model, kind, preset);
    const settings = Object.fromEntries([
      ...numbers.map(({ key }) => [key, Number(usual[key]) + 1]),
      ...flags.map(({ key }) => [key, usual[key] !== true]),
    ]);
    // A part that has a highest value may be there already.
    for (const field of model.fields) {
      if (field.type === 'number' && field.max !== undefined && Number(settings[field.key]) > field.max) {
        delete settings[field.key];
      }
    }
    const choice: Choice = { ...defaultChoice(model), preset, seed: 3, settings, paused: true };
    expect(readChoice(model, dataSets, writeChoice(model, dataSets, choice))).toEqual({ choice, problems: [] });
  });

  test('settings of a preset are not repeated', () => {
    const { choice } = read('v=1&preset=tiny&latent=4&hidden=33');
    expect(choice.settings).toEqual({ hidden: 33 });
  });

  test('settings of the kind of data are not repeated', () => {
    const gan = modelOf('gan');
    const { choice } = readChoice(gan, dataSets, 'data=synthetic-digits&latent=64');
    expect(choice.settings).toEqual({});
    expect(readChoice(gan, dataSets, 'data=gaussians&latent=64').choice.settings).toEqual({ latent: 64 });
  });

  test.each([
    ['latent=0', 'latent', 1],
    ['latent=-5', 'latent', 1],
    ['latent=2.4', 'latent', 2],
    ['ema=1', 'ema', 1 - 1e-6],
    ['ema=-1', 'ema', undefined],
  ])('numbers out of range are moved into it, and told: %s', (text, key, value) => {
    const { choice, problems } = read(text);
    expect(choice.settings[key]).toBe(value);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(key);
  });

  test.each([
    ['latent=many', 'latent takes a number'],
    ['latent=', 'latent takes a number'],
    ['architecture=unet', 'one of mlp, conv'],
    ['nonsense=1', 'no setting “nonsense”'],
    ['data=moons', 'does not take the data set “moons”'],
    ['data=nowhere', 'does not take the data set “nowhere”'],
    ['preset=huge', 'no preset “huge”; it has tiny'],
    ['preset=toString', 'no preset “toString”'],
    ['seed=x', 'whole number'],
    ['v=9&latent=2', 'version 9'],
    ['%E0%A4%A&latent=many', 'latent'],
  ])('what cannot be read is told, and leaves the defaults: %s', (text, message) => {
    const { choice, problems } = read(text);
    expect(choice).toEqual(defaultChoice(vae));
    expect(problems.join(' ')).toContain(message);
  });

  test('what can be read is taken beside what cannot', () => {
    const { choice, problems } = read('v=1&latent=2&hidden=lots&seed=12');
    expect(choice).toEqual({ ...defaultChoice(vae), seed: 12, settings: { latent: 2 } });
    expect(problems).toHaveLength(1);
  });

  test('lists of numbers', () => {
    const ddpm = modelOf('ddpm');
    expect(readChoice(ddpm, dataSets, 'multipliers=1,2,2').choice.settings['multipliers']).toEqual([1, 2, 2]);
    expect(readChoice(ddpm, dataSets, 'multipliers=1,2').choice.settings).toEqual({});
    expect(readChoice(ddpm, dataSets, 'multipliers=1,a').problems).toHaveLength(1);
  });
});

test('every setting of every model has a help text and a default that its schema takes', () => {
  for (const model of models) {
    const description = describeModel(model);
    for (const field of description.fields) expect(`${model.id}.${field.key}: ${field.help}`).toMatch(/: .{10,}/);
    const defaults = defaultsOf(description, undefined);
    expect(model.config.safeParse(defaults).error?.issues ?? []).toEqual([]);
  }
});
