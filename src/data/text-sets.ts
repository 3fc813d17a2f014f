/** Data sets of text: their record, Tiny Shakespeare, and text that a seeded grammar makes up. */
import { DataError, UsageError } from '../core/errors.js';
import { RandomSequence } from '../random/sequence.js';
import { sha256 } from '../util/sha256.js';
import {
  checkArguments,
  type DataSet,
  type DataSetRecord,
  type LoadOptions,
  type Split,
  splitNames,
} from './data-set.js';
import { sites } from './sites.js';
import type { DataFile } from './source.js';
import {
  packDocuments,
  sliceTokens,
  splitDocuments,
  type TextItems,
  textDefaults,
  tokenizerFor,
  tokensInMemory,
  windowCount,
} from './text.js';
import type { Tokenizer } from './tokenizers/index.js';

/** Part of a published text, by position, that is trained on; the rest is held out. */
const trainedPart = 0.9;

export interface TextSetDefinition {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly licence?: string;
  readonly files?: readonly DataFile[];
  /** Characters of each split, for lists. */
  readonly characters: Readonly<Record<Split, number>>;
  /**
   * All documents of the set, to be cut by position; or, of a set that is made up, those of each split.
   */
  documents(options: LoadOptions): Promise<readonly string[] | Readonly<Record<Split, readonly string[]>>>;
}

/**
 * A record of text. Where the documents come as one list, 'train' is the first nine tenths of the characters and both
 * 'validation' and 'test' are the rest.
 */
export function defineTextDataSet(definition: TextSetDefinition): DataSetRecord {
  const { id, title, summary, licence, files = [], characters, documents } = definition;
  const windows = (count: number): number => windowCount(count, textDefaults.context);
  return {
    id,
    title,
    summary,
    ...(licence === undefined ? {} : { licence }),
    files,
    kind: 'text',
    shape: [textDefaults.context + 1],
    splits: {
      train: windows(characters.train),
      validation: windows(characters.validation),
      test: windows(characters.test),
    },
    async load(split, options = {}) {
      checkArguments(id, split, options);
      const parts = splitsOf(await documents(options), id);
      const tokenizer = tokenizerFor(options.text ?? {}, parts.train, alphabetOf(parts));
      const tokens = tokensInMemory(packDocuments(parts[split], tokenizer));
      return textDataSet({ id, split, tokens, tokenizer }, options);
    },
  };
}

/**
 * A split of text in windows.
 * @throws DataError where it is too short for one, UsageError where more are asked for than there are
 */
export function textDataSet(
  { id, split, tokens: whole, tokenizer }: TextItems & Pick<DataSet, 'id' | 'split'>,
  { text: { context = textDefaults.context } = {}, count: asked }: LoadOptions,
): DataSet {
  const operation = `data set ${id}, split ${split}`;
  const available = windowCount(whole.length, context);
  if (available === 0) {
    throw new DataError({
      operation,
      expected: `text of at least ${context + 1} tokens, one window of the context ${context}`,
      got: whole.length === 0 ? 'an empty text' : `${whole.length} token${whole.length === 1 ? '' : 's'}`,
      remedy: 'Give more text, or choose a shorter context.',
    });
  }
  const count = asked ?? available;
  if (count > available) {
    throw new UsageError({
      operation,
      expected: `at most ${available} windows of ${context} tokens`,
      got: `${count}`,
      remedy: 'Ask for fewer items.',
    });
  }
  const tokens = sliceTokens(whole, 0, count === available ? whole.length : count * context + 1);
  const text = { tokens, tokenizer };
  const { checksum } = tokens;
  return { id, split, kind: 'text', shape: [context + 1], count, items: new Uint8Array(0), text, checksum };
}

/** A text and the class that it is of. */
export interface LabelledDocument {
  readonly text: string;
  readonly label: string;
}

/** Of the documents of a class, each one in so many is held out. */
const heldOutOf = 10;

/**
 * A record of short texts with a class each, one item a text: cut to the context, or filled up with end-of-text tokens (line
 * breaks where the tokenizer has none). Of each class every tenth text is 'validation' and 'test', the rest is 'train'.
 */
export function defineLabelledTextDataSet(definition: {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  documents(): Promise<readonly LabelledDocument[]>;
}): DataSetRecord {
  const { id, title, summary, documents } = definition;
  return {
    id,
    title,
    summary,
    files: [],
    kind: 'text',
    shape: [textDefaults.context + 1],
    splits: { train: 0, validation: 0, test: 0 },
    async load(split, options = {}) {
      checkArguments(id, split, options);
      const all = await documents();
      const labelNames = [...new Set(all.map(({ label }) => label))].sort();
      if (labelNames.length < 2) {
        throw new DataError({
          operation: `data set ${id}`,
          expected: 'texts of two classes or more',
          got: all.length === 0 ? 'no texts' : `the class '${labelNames[0]}' alone`,
        });
      }
      const seen = new Map<string, number>();
      const held = all.map(({ label }) => {
        const n = seen.get(label) ?? 0;
        seen.set(label, n + 1);
        return n % heldOutOf === heldOutOf - 1;
      });
      if (!held.includes(true)) {
        throw new DataError({
          operation: `data set ${id}`,
          expected: `${heldOutOf} texts of a class or more: every ${heldOutOf}th is held out`,
          got: `${all.length} texts of ${labelNames.length} classes`,
          remedy: 'Give more texts, or name the field that has the class.',
        });
      }
      const training = all.filter((_, i) => !held[i]);
      const alphabet = `${all.map(({ text }) => text).join('')}\n`;
      const tokenizer = tokenizerFor(
        options.text ?? {},
        training.map(({ text }) => text),
        alphabet,
      );
      const chosen = split === 'train' ? training : all.filter((_, i) => held[i]);
      const context = options.text?.context ?? textDefaults.context;
      const tokens = fitted('', tokenizer, chosen.length * context + 1);
      for (const [i, { text }] of chosen.entries()) tokens.set(fitted(text, tokenizer, context), i * context);
      const store = tokensInMemory(tokens);
      const data = textDataSet({ id, split, tokens: store, tokenizer }, options);
      const labels = Int32Array.from(chosen, ({ label }) => labelNames.indexOf(label)).slice(0, data.count);
      const checksum = `sha256:${sha256(new TextEncoder().encode(`${data.checksum} ${labels.join(' ')}`))}`;
      return { ...data, labels, labelNames, checksum };
    },
  };
}

/** The tokens of a text, cut to a length or filled up to it. */
export function fitted(text: string, tokenizer: Tokenizer, length: number): Int32Array {
  const out = new Int32Array(length).fill(tokenizer.endOfText ?? tokenizer.encode('\n')[0]!);
  out.set(tokenizer.encode(text).subarray(0, length));
  return out;
}

function splitsOf(
  documents: readonly string[] | Readonly<Record<Split, readonly string[]>>,
  id: string,
): Readonly<Record<Split, readonly string[]>> {
  if (!isList(documents)) return documents;
  if (documents.every((document) => document.trim() === '')) {
    throw new DataError({
      operation: `data set ${id}`,
      expected: 'text',
      got: documents.length === 0 ? 'no documents' : 'nothing but white space',
      remedy: 'Give a file or folder with text in it.',
    });
  }
  const [train, rest] = splitDocuments(documents, trainedPart);
  return { train, validation: rest, test: rest };
}

/** All characters: of the documents, and of what stands between two. */
function alphabetOf({ train, validation, test }: Readonly<Record<Split, readonly string[]>>): string {
  const border = train.length > 1 || validation.length > 1 ? '\n' : '';
  return [...train, ...validation, ...(test === validation ? [] : test), border].join('');
}

function isList(documents: readonly string[] | object): documents is readonly string[] {
  return Array.isArray(documents);
}

const shakespeare: DataFile = {
  path: 'tiny-shakespeare/input.txt',
  addresses: ['https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt'],
  sha256: '86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed',
  bytes: 1115394,
};

export const tinyShakespeare = defineTextDataSet({
  id: 'tiny-shakespeare',
  title: 'Tiny Shakespeare',
  summary:
    'Forty thousand lines of plays by Shakespeare, 1.1 million characters of 65 kinds; the last tenth is held out.',
  licence: 'MIT (the repository it is published in); the plays are in the public domain',
  files: [shakespeare],
  characters: { train: 1003854, validation: 111540, test: 111540 },
  async documents({ source }) {
    if (source === undefined) {
      throw new UsageError({
        operation: 'data set tiny-shakespeare',
        expected: 'a source of files',
        got: 'none',
        remedy: 'Give load() a source: nodeDataSource() of genera/node, or its equal in the browser.',
      });
    }
    const { bytes } = await source.read(shakespeare);
    return [new TextDecoder('utf-8').decode(bytes)];
  },
});

const sentenceCharacters = { train: 200_000, validation: 20_000, test: 20_000 };

export const sentences = defineTextDataSet({
  id: 'sentences',
  title: 'Sentences',
  summary: 'Short English sentences that a seeded grammar makes up: subject and verb agree, sums are right.',
  characters: sentenceCharacters,
  async documents({ seed = 0 }) {
    const parts = splitNames.map((split, step) => {
      const random = new RandomSequence({ seed, site: sites.sentences, step });
      const lines: string[] = [];
      let length = 0;
      while (length < sentenceCharacters[split]) {
        const line = sentence(random);
        length += line.length + 1;
        lines.push(line);
      }
      return [split, [`${lines.join('\n')}\n`.slice(0, sentenceCharacters[split])]] as [Split, readonly string[]];
    });
    return Object.fromEntries(parts) as Record<Split, readonly string[]>;
  },
});

const nouns = ['cat', 'dog', 'bird', 'child', 'king', 'river', 'garden', 'teacher', 'sailor', 'star'] as const;
const plurals: Readonly<Record<string, string>> = { child: 'children' };
const adjectives = ['old', 'small', 'green', 'quiet', 'happy', 'bright', 'lost', 'brave'] as const;
const verbs = ['see', 'follow', 'love', 'find', 'remember', 'paint', 'call', 'know'] as const;
const numbers = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'] as const;

function sentence(random: RandomSequence): string {
  const pick = (from: readonly string[]): string => from[random.int(from.length)]!;
  const phrase = (): { text: string; plural: boolean } => {
    const plural = random.int(2) === 1;
    const noun = pick(nouns);
    const adjective = random.int(2) === 1 ? `${pick(adjectives)} ` : '';
    return { text: `the ${adjective}${plural ? (plurals[noun] ?? `${noun}s`) : noun}`, plural };
  };
  if (random.int(5) === 0) {
    const a = random.int(6);
    const b = random.int(6);
    return `${numbers[a]} and ${numbers[b]} make ${numbers[a + b]}.`;
  }
  const subject = phrase();
  const verb = `${pick(verbs)}${subject.plural ? '' : 's'}`;
  return `${subject.text} ${verb} ${phrase().text}.`;
}
