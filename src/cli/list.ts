/** `genera list`: what there is. */
import type { Command } from 'commander';
import { didYouMean, listDataSets, listMetrics, listModels, type ModelEntry, UsageError } from '../node/index.js';
import { type Context, counted, print, table } from './io.js';
import { type JsonOption, oneOf, withJson } from './options.js';

const kinds = ['models', 'datasets', 'metrics'] as const;
type Kind = (typeof kinds)[number];

export function addList(program: Command, { io }: Context): void {
  const command = program
    .command('list')
    .summary('what there is: models, data sets, metrics')
    .description('Lists models, data sets and metrics; with the name of one, all there is to say of it.')
    .argument('[kind]', 'models, datasets or metrics; default: all', oneOf('genera list', kinds))
    .argument('[name]', 'one of them, in full');
  withJson(command).action((kind: Kind | undefined, name: string | undefined, { json }: JsonOption) => {
    const result: { -readonly [K in Kind]?: readonly { readonly id: string }[] } = {};
    const parts: string[] = [];
    for (const each of kind === undefined ? kinds : [kind]) {
      const { entries, text } = listings[each](name);
      result[each] = entries;
      parts.push(kind === undefined ? `${each.toUpperCase()}\n${text}` : text);
    }
    print(io, result, { json, text: parts.join('\n\n') });
  });
}

interface Listing {
  readonly entries: readonly { readonly id: string }[];
  readonly text: string;
}

const listings: Readonly<Record<Kind, (name: string | undefined) => Listing>> = {
  models: (name) => {
    const entries = only('model', listModels(), name);
    const rows = entries.map(({ id, title, data, can }) => [id, title, `on ${data.kinds.join(', ')}`, can.join(', ')]);
    return { entries, text: name === undefined ? table(rows) : entries.map(inFull).join('\n\n') };
  },
  datasets: (name) => {
    const entries = only('data set', listDataSets(), name);
    const rows = entries.map(({ id, kind, shape, splits, labels, files }) => [
      id,
      describeItems(kind, shape),
      `${Object.values(splits)
        .map((n) => n.toLocaleString('en-US'))
        .join(' / ')} items`,
      labels === undefined ? '' : counted(labels.length, 'class', 'classes'),
      files.length === 0 ? 'generated' : 'downloaded or from --data-dir',
    ]);
    const details = entries.map(({ id, title, summary, labels, files, licence }) =>
      [
        `${id}: ${title}`,
        summary,
        ...(labels === undefined ? [] : [`classes: ${labels.join(', ')}`]),
        ...(licence === undefined ? [] : [`licence: ${licence}`]),
        ...files.map((file) => `file: ${file}`),
      ].join('\n'),
    );
    return { entries, text: name === undefined ? table(rows) : [table(rows), ...details].join('\n') };
  },
  metrics: (name) => {
    const entries = only('metric', listMetrics(), name);
    const rows = entries.map(({ id, title, unit, better }) => [id, `${better} is better`, unit, title]);
    return { entries, text: table(rows) };
  },
};

function only<E extends { readonly id: string }>(
  noun: string,
  entries: readonly E[],
  name: string | undefined,
): readonly E[] {
  const found = name === undefined ? entries : entries.filter(({ id }) => id === name);
  if (name === undefined || found.length > 0) return found;
  const ids = entries.map(({ id }) => id);
  throw new UsageError({
    operation: 'list',
    expected: `a ${noun}: ${ids.join(', ')}`,
    got: `'${name}'`,
    remedy: didYouMean(name, ids),
  });
}

function inFull({
  id,
  title,
  summary,
  paper,
  data,
  can,
  settings,
  sampling,
  defaultsFor,
  presets,
}: ModelEntry): string {
  const labels = data.labels === undefined ? '' : ` with labels (${data.labels})`;
  const arxiv = paper.arxiv === undefined ? '' : ` (arXiv ${paper.arxiv})`;
  return [
    `${id}: ${title}`,
    summary,
    `paper: ${paper.authors}, ${paper.year}: ${paper.title}${arxiv}`,
    `data: ${data.kinds.join(', ')}${labels}; default ${data.default}`,
    `can: ${can.join(', ')}`,
    'settings, with their defaults (genera train --set name=value):',
    settingsTable(settings),
    ...Object.entries(defaultsFor).map(([kind, values]) => `defaults on ${kind}: ${JSON.stringify(values)}`),
    ...(Object.keys(sampling).length === 0
      ? []
      : ['settings of sampling (genera sample --set name=value):', settingsTable(sampling)]),
    ...Object.entries(presets).map(([name, values]) => `preset ${name}: ${JSON.stringify(values)}`),
  ].join('\n');
}

function settingsTable(settings: ModelEntry['settings']): string {
  return table(
    Object.entries(settings).map(([name, { default: value, takes, about }]) => [
      `  ${name}`,
      String(JSON.stringify(value)),
      takes,
      about,
    ]),
  );
}

function describeItems(kind: string, shape: readonly number[]): string {
  if (kind === 'image') return `images ${shape.join('×')}`;
  return kind === 'text' ? `text, here in windows of ${shape[0]! - 1}` : `points in ${shape.join('×')} dimensions`;
}
