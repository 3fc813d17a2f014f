/** Data sets of text: their record, Tiny Shakespeare, and text that a seeded grammar makes up. */
import { DataError, UsageError } from '../core/errors.js';
import { RandomSequence } from '../random/sequence.js';
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

/**
 * Texts of several classes as one labelled data set: the windows of the first, then those of the second, … The token that
 * follows a window in its own text is not kept where two texts meet; models that classify do not see it.
 *
 * @param parts of one tokenizer and one context
 * @param labels names of the classes, one for each part
 * @throws UsageError where the parts do not fit together
 */
export function labelledText(id: string, parts: readonly DataSet[], labels: readonly string[]): DataSet {
  const first = parts[0];
  const fits = parts.every(
    (part) => part.text?.tokenizer === first?.text?.tokenizer && part.shape[0] === first?.shape[0],
  );
  if (first?.text === undefined || !fits || labels.length !== parts.length) {
    throw new UsageError({
      operation: `labelled text ${id}`,
      expected: 'texts of one tokenizer and one context, and a label for each',
      got: `${parts.length} parts, ${labels.length} labels`,
      remedy: 'Load all parts with the tokenizer of the first.',
    });
  }
  const context = first.shape[0]! - 1;
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const all = new Int32Array(count * context + 1);
  let at = 0;
  for (const part of parts) {
    part.text!.tokens.read(0, all.subarray(at, at + part.count * context));
    at += part.count * context;
  }
  const tokens = tokensInMemory(all);
  const classes = Int32Array.from(parts.flatMap((part, label) => new Array<number>(part.count).fill(label)));
  const text = { tokens, tokenizer: first.text.tokenizer };
  return { ...first, id, count, labels: classes, labelNames: labels, text, checksum: tokens.checksum };
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
