/** Text from files of the user's: .txt, .jsonl with a field, folders of them, token files; and tokenizers from files. */
import fs from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { DataError, UsageError } from '../core/errors.js';
import type { DataSetRecord } from '../data/data-set.js';
import { dataSets, findDataSet } from '../data/registry.js';
import { type TextOptions, tokenizerKinds } from '../data/text.js';
import { defineLabelledTextDataSet, defineTextDataSet, type LabelledDocument } from '../data/text-sets.js';
import { bpeFromGpt2Files, type Tokenizer, tokenizerFromJson } from '../data/tokenizers/index.js';
import { namesIn, readIfThere } from './files.js';
import { tokenDataSet, tokenFileEnding } from './token-files.js';

const endings = ['.txt', '.md', '.jsonl', tokenFileEnding] as const;

/** Whether a data set's name is meant as a path: it is not registered, and has a slash or a known ending. */
function isPath(id: string): boolean {
  if (dataSets.some((record) => record.id === id)) return false;
  return /[\\/]/.test(id) || endings.some((ending) => partsOf(id).path.toLowerCase().endsWith(ending));
}

/** 'a.jsonl:story' is the field `story` of a.jsonl; 'a.jsonl:story:kind' has the classes of the texts in `kind`. */
function partsOf(id: string): { readonly path: string; readonly field?: string; readonly label?: string } {
  const { path, field, label } =
    /^(?<path>.*\.jsonl):(?<field>[^:\\/]+)(:(?<label>[^:\\/]+))?$/i.exec(id)?.groups ?? {};
  if (path === undefined) return { path: id };
  return { path, field: field!, ...(label === undefined ? {} : { label }) };
}

/** The name under which a run remembers its data: a path is made absolute. */
export function dataSetName(id: string): string {
  return isPath(id) ? resolve(id) : id;
}

/**
 * A registered data set, or text at a path: a .txt file, a .jsonl file (its field `text`, or another as
 * `file.jsonl:field`; with classes as `file.jsonl:field:label`), a folder with such files at any depth, or a token file.
 * @throws UsageError where there is neither
 */
export function openDataSet(id: string): DataSetRecord {
  if (!isPath(id)) return findDataSet(id);
  const { path, field = 'text', label } = partsOf(id);
  if (path.endsWith(tokenFileEnding)) return tokenDataSet(path);
  if (label !== undefined) {
    return defineLabelledTextDataSet({
      id,
      title: path,
      summary: `Texts of ${path} by their ${label}; every tenth of each is held out.`,
      documents: () => readLabelled(path, field, label),
    });
  }
  return defineTextDataSet({
    id,
    title: path,
    summary: `Text of ${path}; the last tenth is held out.`,
    characters: { train: 0, validation: 0, test: 0 },
    documents: () => readDocuments(path, field),
  });
}

async function readDocuments(path: string, field: string): Promise<string[]> {
  const there = await fs.stat(path).catch(() => undefined);
  if (there === undefined) throw nothingThere(path);
  if (!there.isDirectory()) return readFileDocuments(path, field);
  const documents: string[] = [];
  for (const name of (await namesIn(path)).sort()) {
    const inside = join(path, name);
    const isFolder = (await fs.stat(inside)).isDirectory();
    if (isFolder || /\.(txt|md|jsonl)$/i.test(name)) documents.push(...(await readDocuments(inside, field)));
  }
  return documents;
}

function nothingThere(path: string): UsageError {
  return new UsageError({
    operation: `data ${path}`,
    expected: 'a file or folder with text, or the name of a data set',
    got: 'nothing there',
    remedy: "Check the path; 'genera list datasets' shows the names.",
  });
}

async function readFileDocuments(path: string, field: string): Promise<string[]> {
  const text = await readUtf8(path);
  if (extname(path).toLowerCase() !== '.jsonl') return [text.replaceAll('\r\n', '\n')];
  return recordsOf(text, path).map(({ value, place }) => fieldOf(value, field, place));
}

async function readLabelled(path: string, field: string, label: string): Promise<LabelledDocument[]> {
  if ((await fs.stat(path).catch(() => undefined)) === undefined) throw nothingThere(path);
  return recordsOf(await readUtf8(path), path).map(({ value, place }) => ({
    text: fieldOf(value, field, place),
    label: fieldOf(value, label, place, 'a class: text, a number, true or false'),
  }));
}

async function readUtf8(path: string): Promise<string> {
  const bytes = (await readIfThere(path))!;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DataError({
      operation: `read ${path}`,
      expected: 'text in UTF-8',
      got: 'other bytes',
      remedy: 'Convert the file to UTF-8, or train on text.',
    });
  }
}

/** What the lines of a .jsonl file hold, and where they stand. */
function recordsOf(text: string, path: string): { readonly value: unknown; readonly place: string }[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const place = `${path}, line ${i + 1}`;
    try {
      return [{ value: JSON.parse(line) as unknown, place }];
    } catch (error) {
      throw new DataError({
        operation: `read ${place}`,
        expected: 'JSON',
        got: (error as Error).message,
        remedy: 'Mend that line.',
      });
    }
  });
}

function fieldOf(value: unknown, field: string, place: string, wanted = 'text'): string {
  const found = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
  if (typeof found === 'string') return found;
  if (wanted !== 'text' && ['number', 'boolean'].includes(typeof found)) return String(found);
  const keys = typeof value === 'object' && value !== null ? Object.keys(value).join(', ') : typeof value;
  throw new DataError({
    operation: `read ${place}`,
    expected: `a field '${field}' with ${wanted}`,
    got: found === undefined ? `fields ${keys || 'none'}` : typeof found,
    remedy: 'Name the fields: file.jsonl:field, or file.jsonl:field:label for texts with classes.',
  });
}

/** How a model of text wants its text, from its settings; a run's own tokenizer where it has one already. */
export async function textOptionsOf(
  settings: Readonly<Record<string, unknown>>,
  tokenizer?: Tokenizer,
): Promise<{ text?: TextOptions }> {
  const { tokenizer: named, vocabulary, context } = settings;
  if (typeof named !== 'string' || typeof context !== 'number') return {};
  return { text: { tokenizer: tokenizer ?? (await findTokenizer(named)), context, vocabulary: Number(vocabulary) } };
}

/** A kind of tokenizer by its name, or the tokenizer in a file or folder. */
async function findTokenizer(name: string): Promise<NonNullable<TextOptions['tokenizer']>> {
  return tokenizerKinds.find((kind) => kind === name) ?? readTokenizer(name);
}

/**
 * The tokenizer of a tokenizer.json, or of a folder with one, or with GPT-2's files (encoder.json and vocab.bpe, or
 * vocab.json and merges.txt).
 * @throws UsageError where there is none, FormatError where it is damaged or of another kind
 */
export async function readTokenizer(path: string): Promise<Tokenizer> {
  const text = async (...names: string[]): Promise<string | undefined> => {
    const bytes = await readIfThere(join(path, ...names)).catch(() => undefined);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  };
  if (extname(path) === '.json') {
    const json = await text();
    if (json !== undefined) return tokenizerFromJson(json, path);
  }
  const json = await text('tokenizer.json');
  if (json !== undefined) return tokenizerFromJson(json, join(path, 'tokenizer.json'));
  for (const [vocabulary, merges] of [
    ['encoder.json', 'vocab.bpe'],
    ['vocab.json', 'merges.txt'],
  ] as const) {
    const [encoder, pairs] = [await text(vocabulary), await text(merges)];
    if (encoder !== undefined && pairs !== undefined) {
      return bpeFromGpt2Files(encoder, pairs, `${vocabulary} and ${merges} of ${path}`);
    }
  }
  throw new UsageError({
    operation: 'tokenizer',
    expected: `${tokenizerKinds.join(', ')}, or a tokenizer.json or a folder with one or with GPT-2's files`,
    got: `'${path}'`,
    remedy: 'Check the path.',
  });
}
