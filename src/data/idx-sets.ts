/**
 * The data sets that are published as MNIST's four IDX files: MNIST, Fashion-MNIST, Kuzushiji-MNIST. Checksums are
 * those of the published files, as several public catalogues list them.
 */

import { DataError, UsageError } from '../core/errors.js';
import { type DataSetContents, type DataSetRecord, defineDataSet, type LoadOptions, sliceItems } from './data-set.js';
import { readIdxImages, readIdxLabels } from './idx.js';
import type { DataFile } from './source.js';

const SHAPE = [1, 28, 28] as const;
const DEFAULT_VALIDATION = 5000;
const FILES = {
  trainImages: 'train-images-idx3-ubyte.gz',
  trainLabels: 'train-labels-idx1-ubyte.gz',
  testImages: 't10k-images-idx3-ubyte.gz',
  testLabels: 't10k-labels-idx1-ubyte.gz',
} as const;

interface Published {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly licence: string;
  readonly labels: readonly string[];
  /** Folder that holds the four files; with a trailing slash. */
  readonly addresses: readonly string[];
  readonly checksums: Readonly<Record<keyof typeof FILES, readonly [sha256: string, bytes: number]>>;
}

export const mnist = idxDataSet({
  id: 'mnist',
  title: 'MNIST',
  summary: 'Handwritten digits, 28×28 grey, size-normalised and centred by mass (LeCun, Cortes, Burges, 1998).',
  licence: 'CC BY-SA 3.0',
  labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  addresses: ['https://ossci-datasets.s3.amazonaws.com/mnist/'],
  checksums: {
    trainImages: ['440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609', 9912422],
    trainLabels: ['3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c', 28881],
    testImages: ['8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6', 1648877],
    testLabels: ['f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6', 4542],
  },
});

export const fashionMnist = idxDataSet({
  id: 'fashion-mnist',
  title: 'Fashion-MNIST',
  summary: "Pictures of clothes from a shop's catalogue, 28×28 grey, ten kinds (Xiao, Rasul, Vollgraf, 2017).",
  licence: 'MIT',
  labels: ['T-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'ankle boot'],
  addresses: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
  checksums: {
    trainImages: ['3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84', 26421880],
    trainLabels: ['a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845', 29515],
    testImages: ['346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073', 4422102],
    testLabels: ['67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5', 5148],
  },
});

export const kmnist = idxDataSet({
  id: 'kmnist',
  title: 'Kuzushiji-MNIST',
  summary: 'Cursive Japanese characters from old books, 28×28 grey, ten classes (Clanuwat et al., 2018).',
  licence:
    'CC BY-SA 4.0, "KMNIST Dataset" (created by CODH), adapted from "Kuzushiji Dataset" (created by NIJL and others)',
  labels: ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'],
  addresses: ['http://codh.rois.ac.jp/kmnist/dataset/kmnist/'],
  checksums: {
    trainImages: ['51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4', 18165135],
    trainLabels: ['e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17', 29497],
    testImages: ['edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5', 3041136],
    testLabels: ['20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c', 5120],
  },
});

function idxDataSet({ checksums, addresses, ...described }: Published): DataSetRecord {
  const { id, labels: names } = described;
  const fileOf = (key: keyof typeof FILES): DataFile => {
    const [sha256, bytes] = checksums[key];
    return { path: `${id}/${FILES[key]}`, addresses: addresses.map((folder) => folder + FILES[key]), sha256, bytes };
  };

  async function readPair(part: 'train' | 'test', source: LoadOptions['source']): Promise<DataSetContents> {
    if (source === undefined) {
      throw new UsageError({
        operation: `data set ${id}`,
        expected: 'a source of files',
        got: 'none',
        remedy: 'Give load() a source: nodeDataSource() of genera/node, or its equal in the browser.',
      });
    }
    // One after the other, so that of two missing files the images are named, each time.
    const imageFile = await source.read(fileOf(`${part}Images`));
    const labelFile = await source.read(fileOf(`${part}Labels`));
    const [, height, width] = SHAPE;
    const items = readIdxImages(imageFile.bytes, imageFile.location, height, width);
    const labels = readIdxLabels(labelFile.bytes, labelFile.location, names.length);
    const count = items.length / (height * width);
    if (labels.length !== count) {
      throw new DataError({
        operation: `reading ${labelFile.location}`,
        expected: `${count} labels, one for each image of ${imageFile.location}`,
        got: `${labels.length}`,
        remedy: 'Put the two files of one data set side by side.',
      });
    }
    return { count, items, labels };
  }

  return defineDataSet({
    ...described,
    kind: 'image',
    shape: SHAPE,
    splits: { train: 60000, validation: DEFAULT_VALIDATION, test: 10000 },
    files: (Object.keys(FILES) as (keyof typeof FILES)[]).map(fileOf),
    async load(split, { source, validation, count }) {
      const whole = await readPair(split === 'test' ? 'test' : 'train', source);
      // The training file is [train | validation]; 'train' is all of it unless validation items are asked for.
      const held = split === 'test' ? 0 : (validation ?? (split === 'train' ? 0 : DEFAULT_VALIDATION));
      const border = whole.count - held;
      const [start, end] = split === 'validation' ? [border, whole.count] : [0, border];
      if (border < 0 || end - start < (count ?? 1)) {
        throw new UsageError({
          operation: `data set ${id}, split ${split}`,
          expected: `at least ${count ?? 1} items`,
          got: `${Math.max(end - start, 0)} (of ${whole.count} in the file, ${held} are kept for validation)`,
          remedy: 'Ask for fewer items.',
        });
      }
      return sliceItems(whole, start, Math.min(end, start + (count ?? end)), SHAPE);
    },
  });
}
