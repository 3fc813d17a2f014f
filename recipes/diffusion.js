/**
 * What steps, noise and guidance do to the samples of runs/recipes/ddpm-mnist, which must have been trained
 * (`npm run recipes -- ddpm-mnist`).
 *   steps     table 1 of the DDIM paper in small: FID of --count samples (default 1,000) against the test split, for S steps
 *             and noise η, for linear and quadratic sub-sequences, and seconds per 1,000 samples; beside it the Fréchet
 *             distance of the pixels themselves, means of 2×2, and means of FID over four seeds where steps are few. Labels
 *             in turn, as eval has them; --free for none
 *   guidance  accuracy of the label asked for, and diversity within a label, by the scale of guidance
 * Arguments: steps | guidance, --data-dir DIR, --run DIR, --count N, --threads N, --free. Prints one JSON object.
 */
import { parseArgs } from 'node:util';
import {
  drawSamples,
  findDataSet,
  frechetDistance,
  hostBatch,
  loadExtractor,
  loadRun,
  nodeDataSource,
  pointPlot,
  useDevice,
} from '../dist/node/index.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    'data-dir': { type: 'string' },
    run: { type: 'string', default: 'runs/recipes/ddpm-mnist' },
    count: { type: 'string' },
    threads: { type: 'string' },
    free: { type: 'boolean', default: false },
  },
});
if (values.threads !== undefined) useDevice('cpu', { threads: Number(values.threads) });
const source = nodeDataSource(values['data-dir'] === undefined ? {} : { dataDir: values['data-dir'] });
const { instance, config } = await loadRun(values.run);
const data = findDataSet(config.data.id);
const extractor = await loadExtractor('genera-cnn-28');
const upTo = (count) => Array.from({ length: count }, (_, i) => i);
const itemsOf = (split, count) => hostBatch(split, upTo(count));
const digits = upTo(10);
const test = await data.load('test', { source });
const extras = { n_real: test.count, split: 'test', extractor: { id: extractor.id, sha256: extractor.sha256 } };

/** Means of 2×2 pixels of grey images, as features. */
function pixels({ shape: [count, , H, W], data }) {
  const [h, w] = [H / 2, W / 2];
  const means = new Float32Array(count * h * w);
  for (let p = 0; p < data.length; p++) {
    const [item, row, column] = [Math.floor(p / (H * W)), Math.floor(p / W) % H, p % W];
    means[(item * h + (row >> 1)) * w + (column >> 1)] += data[p] / 4;
  }
  return { count, width: h * w, values: means };
}

async function steps() {
  const count = Number(values.count ?? 1000);
  const real = itemsOf(test, test.count).x;
  const realFeatures = (await extractor.extract(real)).features;
  const realPixels = pixels(real);
  const metrics = {};
  const etas = [0, 0.2, 0.5, 1];
  const fidOf = async (images) => frechetDistance(realFeatures, (await extractor.extract(images)).features);
  const measure = async (name, images) => {
    metrics[`fid_${name}`] = await fidOf(images);
    metrics[`pixels_${name}`] = frechetDistance(realPixels, pixels(images));
  };
  const train = await data.load('train', { source, count });
  await measure('floor', itemsOf(train, count).x);
  const T = config.settings.timesteps;
  const labels = values.free ? {} : { labels: digits };
  const draw = (seed, settings) => drawSamples(instance, { count, seed, settings, ...labels });
  const cell = async (name, settings) => {
    const start = performance.now();
    const samples = await draw(1, settings);
    const seconds = (performance.now() - start) / 1000;
    await measure(name, samples);
    metrics[`seconds_per_1000_${name}`] = Number(((seconds * 1000) / count).toFixed(1));
    const [fid, ofPixels] = [metrics[`fid_${name}`], metrics[`pixels_${name}`]].map((value) => value.toFixed(3));
    console.error(`${name}: FID ${fid}, of pixels ${ofPixels}, ${seconds.toFixed(0)} s`);
  };
  const all = [10, 20, 50, 100].filter((S) => S <= T);
  for (const S of all) {
    for (const eta of etas) await cell(`S${S}_eta${eta}`, { steps: S, sampler: 'ddim', eta });
    await cell(`S${S}_sigma_hat`, { steps: S, sampler: 'ddpm', variance: 'fixed_large' });
    await cell(`S${S}_eta0_quadratic`, { steps: S, sampler: 'ddim', spacing: 'quadratic' });
  }
  await cell('ddpm', { steps: T, sampler: 'ddpm' });
  // What of the differences is chance: means over four seeds where steps are few.
  const few = all.filter((S) => S <= 20);
  for (const S of few) {
    for (const eta of etas) {
      let sum = metrics[`fid_S${S}_eta${eta}`];
      for (const seed of [2, 3, 4]) sum += await fidOf(await draw(seed, { steps: S, sampler: 'ddim', eta }));
      metrics[`fid_mean_S${S}_eta${eta}`] = sum / 4;
      console.error(`S${S}_eta${eta}: FID ${(sum / 4).toFixed(3)} over four seeds`);
    }
  }
  // Lowest noise best, most noise worst, where steps are few.
  const ordered = (measured) =>
    few.every((S) => {
      const of = (name) => metrics[`${measured}_S${S}_${name}`];
      const others = ['eta0.2', 'eta0.5', 'eta1'].map(of);
      return others.every((value) => of('eta0') <= value && value <= of('sigma_hat'));
    });
  const middle = all.includes(50) ? 50 : all.at(-1);
  return {
    n_fake: count,
    metrics: {
      ordered: Number(ordered('fid')),
      ordered_pixels: Number(ordered('pixels')),
      ratio_50: metrics[`fid_S${middle}_eta0`] / metrics.fid_ddpm,
      ratio_50_pixels: metrics[`pixels_S${middle}_eta0`] / metrics.pixels_ddpm,
      time_ratio_50: metrics[`seconds_per_1000_S${middle}_eta0`] / metrics.seconds_per_1000_ddpm,
      ...metrics,
    },
  };
}

/** Mean distance of features within each label, where there are two items of it. */
function diversity({ count, width, values: features }, labels) {
  let total = 0;
  let pairs = 0;
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      if (labels[i] !== labels[j]) continue;
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (features[i * width + k] - features[j * width + k]) ** 2;
      total += Math.sqrt(sum);
      pairs++;
    }
  }
  return total / pairs;
}

async function guidance() {
  const count = Number(values.count ?? 500);
  const some = itemsOf(test, count);
  const natural = diversity((await extractor.extract(some.x)).features, some.labels.data);
  const metrics = {};
  const curves = { accuracy: [], diversity: [] };
  for (const scale of [0, 0.5, 1, 1.5, 2, 3, 5]) {
    const samples = await drawSamples(instance, { count, seed: 1, labels: digits, settings: { guidance: scale } });
    const { features, probabilities } = await extractor.extract(samples);
    const { width, values: p } = probabilities;
    let right = 0;
    for (let i = 0; i < count; i++) {
      const row = p.subarray(i * width, (i + 1) * width);
      right += Number(row.indexOf(Math.max(...row)) === i % 10);
    }
    const asked = upTo(count).map((i) => i % 10);
    metrics[`accuracy_${scale}`] = right / count;
    metrics[`diversity_${scale}`] = diversity(features, asked) / natural;
    for (const name of ['accuracy', 'diversity']) curves[name].push(scale / 5, metrics[`${name}_${scale}`]);
    console.error(`scale ${scale}: accuracy ${right / count}, diversity ${metrics[`diversity_${scale}`].toFixed(3)}`);
  }
  const series = (list, color) => {
    const shape = [list.length / 2, 2];
    return { points: { shape, dtype: 'float32', data: Float32Array.from(list) }, color };
  };
  const picture = pointPlot([series(curves.accuracy, [36, 92, 190]), series(curves.diversity, [206, 92, 40])]);
  return { n_fake: count, metrics, png: Buffer.from(picture).toString('base64') };
}

const result = await (positionals[0] === 'guidance' ? guidance() : steps());
console.log(JSON.stringify({ ...extras, ...result }));
