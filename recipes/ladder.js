/**
 * What the feature extractor makes of real images: how far two sets of the same kind are apart, and a thousand training
 * images, as they come and with labels in turn, from the test split (floor); how the distances grow as images are blurred,
 * noised, shifted, or replaced by drawn digits (ladder).
 * Arguments: floor | ladder, and --data-dir DIR. Prints one JSON object.
 */
import {
  createLoader,
  findDataSet,
  frechetDistance,
  hostBatch,
  imageGrid,
  kernelDistance,
  loadExtractor,
  neighbourFigures,
  nodeDataSource,
} from '../dist/node/index.js';

const [mode, flag, dataDir] = process.argv.slice(2);
const side = 28;
const size = side * side;
const source = nodeDataSource(flag === '--data-dir' ? { dataDir } : {});
const extractor = await loadExtractor('genera-cnn-28');
const test = await findDataSet('mnist').load('test', { source });
const all = hostBatch(
  test,
  Array.from({ length: test.count }, (_, i) => i),
).x;

const half = test.count / 2;
const imagesAt = (indices, from = all.data) => {
  const data = new Float32Array(indices.length * size);
  indices.forEach((index, i) => {
    data.set(from.subarray(index * size, (index + 1) * size), i * size);
  });
  return { shape: [indices.length, 1, side, side], dtype: 'float32', data };
};
const range = (first, step = 1) => Array.from({ length: half }, (_, i) => first + i * step);
const featuresOf = async (images) => (await extractor.extract(images)).features;

/** Each image changed by a function of its pixels. */
const changed = (images, change) => {
  const data = new Float32Array(images.data.length);
  for (let i = 0; i * size < data.length; i++)
    data.set(change(images.data.subarray(i * size, (i + 1) * size), i), i * size);
  return { ...images, data };
};
const pixel = (pixels, y, x) => (y < 0 || x < 0 || y >= side || x >= side ? 0 : pixels[y * side + x]);

/** Normal window of the given deviation, wide enough for three of them. */
const blurred = (deviation) => (pixels) => {
  const reach = Math.ceil(3 * deviation);
  const window = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)));
  const total = window.reduce((a, b) => a + b, 0);
  const along = (from, dy, dx) =>
    from.map((_, p) => {
      let sum = 0;
      window.forEach((w, i) => {
        sum += (w / total) * pixel(from, Math.floor(p / side) + dy * (i - reach), (p % side) + dx * (i - reach));
      });
      return sum;
    });
  return along(along(pixels, 0, 1), 1, 0);
};

/** Noise of the given deviation from a small generator of its own (mulberry32), clipped to 0…1. */
const noisy = (deviation) => {
  let state = 1;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return (pixels) => pixels.map((v) => Math.min(1, Math.max(0, v + deviation * normal())));
};
const shifted = (by) => (pixels) => pixels.map((_, p) => pixel(pixels, Math.floor(p / side), (p % side) - by));

const first = await featuresOf(imagesAt(range(0)));
const extras = { n_real: half, n_fake: half, split: 'test', extractor: { id: extractor.id, sha256: extractor.sha256 } };

/** Distances of images to the first half. */
const distances = async (images) => {
  const features = await featuresOf(images);
  return { fid: frechetDistance(first, features), kid: kernelDistance(first, features, { subsets: 20 }).mean };
};
const second = imagesAt(range(half));

/** FID of 1,000 training images against the test split: mean and deviation over twelve draws that share no image. */
async function thousands() {
  const real = await featuresOf(all);
  const train = await findDataSet('mnist').load('train', { source });
  const loader = createLoader(train, { batchSize: 4000, seed: 1 });
  const draws = { fid_1000: [], fid_1000_in_turn: [] };
  for (let draw = 0; draw < 12; draw++) {
    const { x, labels } = loader.batch(draw);
    const seen = new Array(10).fill(0);
    const inTurn = [...labels.keys()].filter((i) => seen[labels[i]]++ < 100);
    const asTheyCome = [...inTurn.keys()];
    for (const [name, chosen] of Object.entries({ fid_1000: asTheyCome, fid_1000_in_turn: inTurn })) {
      draws[name].push(frechetDistance(real, await featuresOf(imagesAt(chosen, x))));
    }
  }
  const figures = Object.entries(draws).flatMap(([name, values]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return [
      [name, mean],
      [`${name}_deviation`, Math.sqrt(squares / (values.length - 1))],
    ];
  });
  return Object.fromEntries(figures);
}

if (mode === 'floor') {
  const features = await featuresOf(second);
  const { precision, recall, density, coverage } = neighbourFigures(first, features);
  const metrics = {
    fid: frechetDistance(first, features),
    kid: kernelDistance(first, features, { subsets: 20 }).mean,
    fid_shuffled: frechetDistance(await featuresOf(imagesAt(range(0, 2))), await featuresOf(imagesAt(range(1, 2)))),
    fid_itself: frechetDistance(first, first),
    precision,
    recall,
    density,
    coverage,
    ...(await thousands()),
  };
  console.log(JSON.stringify({ ...extras, metrics }));
} else {
  const drawn = await findDataSet('synthetic-digits').load('test', { count: half });
  const digits = hostBatch(
    drawn,
    Array.from({ length: half }, (_, i) => i),
  ).x;
  const rungs = {
    blur: [0.5, 1, 1.5, 2].map((deviation) => [`blur_${deviation}`, changed(second, blurred(deviation))]),
    noise: [0.1, 0.2, 0.4, 0.8].map((deviation) => [`noise_${deviation}`, changed(second, noisy(deviation))]),
    shift: [1, 2, 4, 8].map((by) => [`shift_${by}`, changed(second, shifted(by))]),
    drawn: [['synthetic_digits', digits]],
  };
  const floor = await distances(second);
  const metrics = { fid_floor: floor.fid, kid_floor: floor.kid };
  let ordered = 1;
  for (const ladder of Object.values(rungs)) {
    let before = floor;
    for (const [name, images] of ladder) {
      const now = await distances(images);
      metrics[`fid_${name}`] = now.fid;
      metrics[`kid_${name}`] = now.kid;
      if (now.fid <= before.fid || now.kid <= before.kid) ordered = 0;
      before = now;
    }
  }
  const rows = Object.values(rungs).flatMap((ladder) => ladder.map(([, images]) => images));
  const columns = 16;
  const data = new Float32Array((rows.length + 1) * columns * size);
  [second, ...rows].forEach((images, r) => {
    data.set(images.data.subarray(0, columns * size), r * columns * size);
  });
  const picture = imageGrid(
    { shape: [(rows.length + 1) * columns, 1, side, side], dtype: 'float32', data },
    { columns },
  );
  const png = Buffer.from(picture).toString('base64');
  console.log(JSON.stringify({ ...extras, metrics: { ordered, ...metrics }, png }));
}
