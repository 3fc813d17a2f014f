/**
 * Denoising diffusion.
 *
 * Ho, Jain & Abbeel, "Denoising Diffusion Probabilistic Models", 2020 (arXiv:2006.11239).
 *
 *   q(x_t | x₀) = N(√ᾱ_t·x₀, (1 − ᾱ_t)·I)                 an item and more and more noise, t = 1 … T            (eq. 4)
 *   p(x_{t−1} | x_t) = N(μ_θ(x_t, t), σ_t²·I)             the way back, learned; p(x_T) = N(0, I)               (eq. 1)
 *   L_simple = E ‖ε − ε_θ(√ᾱ_t·x₀ + √(1 − ᾱ_t)·ε, t)‖²    the network finds the noise, t uniform                (eq. 14)
 *   x_{t−1} = (x_t − β_t/√(1 − ᾱ_t)·ε_θ(x_t, t))/√α_t + σ_t·z,  z ~ N(0, I)                                     (alg. 2)
 *
 * and on top of it: sampling in few steps (Song et al. 2021; Lu et al. 2022; Karras et al. 2022), learned variances and
 * the cosine schedule (Nichol & Dhariwal 2021), v-prediction (Salimans & Ho 2022), min-SNR weights (Hang et al. 2023),
 * guidance by a classifier (Dhariwal & Nichol 2021) and without one (Ho & Salimans 2022), inpainting (Lugmayr et al. 2022).
 *
 * What differs from the paper: the network gives v = √ᾱ_t·ε − √(1 − ᾱ_t)·x₀, from which ε follows, unless ε is asked for;
 * of images, times with little noise weigh less (min-SNR weights) and are drawn as often as they weigh; sizes for small
 * images and two cores (squares of 2×2 pixels taken together as channels, Luhman & Luhman 2022, arXiv:2207.04316; 32
 * channels and one block a resolution instead of 128 and two); a learning rate that falls along a cosine after a warm-up;
 * an average of the weights over the last thousand steps instead of ten thousand; labels where the data have them; a
 * residual network instead of the U-Net for points.
 */
import { z } from 'zod';
import { type Conditions, defineModel } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import { meanCrossEntropy, mse } from '../losses/index.js';
import { Module } from '../nn/index.js';
import { concat, full, grad, where } from '../ops/index.js';
import { adam, cosine, warmUp } from '../optim/index.js';
import {
  atTimes,
  betaSchedules,
  type Coefficients,
  clipSample,
  drawTimes,
  dynamicThreshold,
  minSnrWeight,
  NoiseSchedule,
  originalOf,
  predictionTypes,
  targetOf,
  VariationalBound,
  varianceTypes,
} from '../processes/index.js';
import type { Rng } from '../random/rng.js';
import { type Denoiser, UNet, VectorNetwork } from './blocks/denoiser.js';
import { diffusionSettings, refuseGuidance, type SamplingSettings } from './blocks/diffusion-settings.js';
import {
  type Denoising,
  edit,
  generate,
  generateFrom,
  inpaint,
  invert,
  noisingOf,
  schedulerOf,
  ways,
} from './blocks/diffusion-walks.js';
import { NoisyClassifier } from './blocks/noisy-classifier.js';

/** Times as the network is told them run from 0 to 1000, whatever T is. */
const timeScale = 1000;

class Ddpm extends Module {
  readonly denoiser: Denoiser;
  readonly classifier: Denoiser | null;

  constructor(denoiser: Denoiser, classifier: Denoiser | null) {
    super();
    this.denoiser = denoiser;
    this.classifier = classifier;
  }
}

const count = z.number().int().positive();

export default defineModel({
  id: 'ddpm',
  title: 'Denoising diffusion',
  family: 'diffusion',
  summary: 'Learns to find the noise in noisy items at every level of noise, and makes new ones out of noise alone.',
  paper: {
    title: 'Denoising Diffusion Probabilistic Models',
    authors: 'Ho, Jain, Abbeel',
    year: 2020,
    arxiv: '2006.11239',
  },
  data: { kinds: ['image', 'points'], default: 'synthetic-digits', labels: 'optional' },
  config: {
    epochs: z.number().positive().default(12).describe('Passes over the training data; 12 of MNIST fit in an hour.'),
    batchSize: count
      .default(32)
      .describe('Items per step; a quarter of the paper’s, so that an hour has four times the steps.'),
    learningRate: z.number().positive().default(2e-3).describe('Peak rate; the paper’s 2e-4 is for a larger network.'),
    ema: z.number().min(0).lt(1).default(0.999).describe('Decay of the average of the weights; 0.9999 for long runs.'),
    timesteps: count.default(1000).describe('T, the number of noise levels.'),
    betaSchedule: z.enum(betaSchedules).default('linear').describe('How the noise of a step grows with the time.'),
    betaStart: z
      .number()
      .positive()
      .default(1e-4)
      .describe('First β for T = 1000; for other T it is scaled by 1000/T.'),
    betaEnd: z.number().positive().default(0.02).describe('Last β, likewise.'),
    prediction: z
      .enum(predictionTypes)
      .default('v_prediction')
      .describe('What the network gives: ε as in the paper, x₀ (sample), or v, which small networks do better with.'),
    variance: z
      .enum(varianceTypes)
      .default('fixed_large')
      .describe('Variance of the steps back: β̃, β, or learned between them, which adds the bound to the loss.'),
    objective: z
      .enum(['simple', 'vlb'])
      .default('simple')
      .describe('Loss: the squared error, or the variational bound itself, which likelihood gains from.'),
    boundWeight: z.number().positive().default(1e-3).describe('Weight of the bound where variances are learned (λ).'),
    minSnr: z
      .number()
      .min(0)
      .default(5)
      .describe('γ of min-SNR weights, 5 as in that paper, by which times are drawn; 0: all weigh the same.'),
    architecture: z
      .enum(['auto', 'unet', 'mlp'])
      .default('auto')
      .describe('auto: the U-Net for images, the residual network for points.'),
    patch: count
      .default(2)
      .describe('Side of the squares of pixels that the U-Net takes together as channels; 1 in the paper.'),
    width: count.default(32).describe('Channels of the U-Net at its full size, or units of the residual network.'),
    multipliers: z.array(count).default([1, 2]).describe('Channels at each halved size, as multiples of the width.'),
    blocks: count.default(1).describe('Residual blocks at each size; 2 in the paper.'),
    attention: z
      .number()
      .int()
      .min(0)
      .default(4)
      .describe('Attention where the image is this many times smaller; 2 in the paper. 0: in the middle only.'),
    dropout: z.number().min(0).lt(1).default(0).describe('Part of the features that is dropped; 0.1 in the paper.'),
    conditional: z.boolean().default(true).describe('Whether labels are learned, where the data have them.'),
    labelDropout: z.number().min(0).max(1).default(0.1).describe('How often a label is withheld, for guidance.'),
    classifier: z.boolean().default(false).describe('Whether a classifier of noisy items is trained beside, to guide.'),
  },
  defaultsFor: {
    points: {
      epochs: 100,
      batchSize: 256,
      learningRate: 1e-3,
      width: 128,
      blocks: 4,
      betaSchedule: 'squaredcos_cap_v2',
      variance: 'fixed_small',
      minSnr: 0,
    },
  },
  presets: {
    tiny: {
      epochs: 1,
      batchSize: 16,
      timesteps: 20,
      width: 8,
    },
  },

  create(config, { data, rng, totalSteps }) {
    const { shape } = data;
    const images = data.kind === 'image';
    const T = config.timesteps;
    const classes = config.conditional ? (data.labels?.length ?? 0) : 0;
    const learned = config.variance === 'learned_range';
    const useUNet = config.architecture === 'auto' ? images : config.architecture === 'unet';
    refuseImpossible(config, { images, useUNet, labelled: data.labels !== undefined });

    const network = { ...config, classes, outputs: learned ? 2 : 1 };
    const vector = (outputs: number, options: typeof network): Denoiser =>
      new VectorNetwork(shape[0]!, outputs, options, rng);
    const denoiser = useUNet ? new UNet(shape, network, rng) : vector(network.outputs * shape[0]!, network);
    const labelCount = data.labels?.length ?? 0;
    const judge = (): Denoiser =>
      useUNet
        ? new NoisyClassifier(shape, { ...network, classes: labelCount }, rng)
        : vector(labelCount, { ...network, classes: 0 });
    const net = new Ddpm(denoiser, config.classifier ? judge() : null);

    const schedule = new NoiseSchedule({
      numTrainTimesteps: T,
      betaSchedule: config.betaSchedule,
      betaStart: Math.min((config.betaStart * timeScale) / T, 0.999),
      betaEnd: Math.min((config.betaEnd * timeScale) / T, 0.999),
    });
    const bound = new VariationalBound(schedule, { varianceType: config.variance, ...(images ? { levels: 256 } : {}) });
    const fromItems = (x: Tensor): Tensor => (images ? x.mul(2).sub(1) : x);
    const toItems = (x: Tensor): Tensor => (images ? x.add(1).mul(0.5).clip(0, 1) : x);
    const keep = (kind: 'clip' | 'dynamic' | 'none') =>
      !images || kind === 'none' ? undefined : kind === 'clip' ? clipSample() : dynamicThreshold();

    /** The network's output, and v where it learns variances. `time` is that of the process, 0 … T − 1. */
    const ask = (x: Tensor, time: Tensor, labels: Tensor | undefined, context: { train?: boolean; rng?: Rng } = {}) => {
      const y = net.denoiser.forward(x, { time: time.cast('float32').mul(timeScale / T), labels, ...context });
      const [output, variance] = learned ? (y.split(2, 1) as [Tensor, Tensor]) : [y];
      return { output: output!, ...(variance === undefined ? {} : { variance }) };
    };
    const noLabels = (n: number): Tensor => full([n], classes, 'int32');
    /** Labels as the network takes them: none for an unconditional model, 'none' where none is said. */
    const told = (labels: Tensor | undefined, n: number): Tensor | undefined =>
      classes === 0 ? undefined : (labels ?? noLabels(n));

    const table = (at: (t: number) => number): number[] => Array.from({ length: T }, (_, t) => at(t));
    const alphas = table((t) => schedule.alpha(t));
    const sigmas = table((t) => schedule.sigma(t));
    const mixture = alphas.map((alpha, t) => ({
      ...originalOf(config.prediction, alpha, sigmas[t]!),
      target: targetOf(config.prediction, alpha, sigmas[t]!),
    }));
    const weights = table((t) =>
      config.minSnr === 0 ? 1 : minSnrWeight(config.prediction, schedule.snr(t), config.minSnr),
    );
    // Times drawn as often as they weigh give the same loss with less variance; the bound wants all times alike.
    const drawnByWeight = config.minSnr > 0 && config.objective === 'simple' && !learned;
    const meanWeight = weights.reduce((sum, weight) => sum + weight, 0) / T;
    const shares = weights.map((weight) => weight / (T * meanWeight));

    /** Noise for items at times t, the network's answer, and the estimate of the clean items. */
    const noised = (x: Tensor, t: Tensor, labels: Tensor | undefined, r: Rng, train: boolean) => {
      const at = (values: number[]): Tensor => atTimes(values, t, x.rank);
      const noise = r.normal(x.shape);
      const sample = x.mul(at(alphas)).add(noise.mul(at(sigmas))); // eq. 4
      const answer = ask(sample, t, labels, { train, rng: r });
      const predOriginal = sample
        .mul(at(mixture.map((m) => m.sample)))
        .add(answer.output.mul(at(mixture.map((m) => m.output))));
      const target = x
        .mul(at(mixture.map((m) => m.target.original)))
        .add(noise.mul(at(mixture.map((m) => m.target.noise))));
      return { sample, target, predOriginal, ...answer };
    };

    const loss = (items: Tensor, labels: Tensor | undefined, { rng: r, train }: { rng: Rng; train: boolean }) => {
      const B = items.shape[0]!;
      const x = fromItems(items);
      const t = drawnByWeight ? drawTimes(shares, B, r) : r.integers([B], T);
      const withheld = (y: Tensor): Tensor => where(r.bernoulli(config.labelDropout, [B]).greater(0.5), classes, y);
      const { sample, target, predOriginal, output, variance } = noised(
        x,
        t,
        classes === 0 || labels === undefined ? undefined : withheld(labels),
        r,
        train,
      );
      const weight = drawnByWeight ? meanWeight : atTimes(weights, t, 1);
      const errors = mse(output, target).mul(weight); // eq. 14, a mean over the elements
      if (config.objective === 'simple' && !learned) return { loss: errors.mean() };
      // T times the term of a time drawn evenly estimates the sum over all of them: bits per element.
      const frozen = config.objective === 'simple' ? predOriginal.stopGradient() : predOriginal;
      const term = bound.term({ original: x, sample, predOriginal: frozen, t, ...(variance && { variance }) });
      const bits = term.mean().mul((T * B) / x.size / Math.LN2);
      if (config.objective === 'vlb') return { loss: bits, metrics: { mse: errors.mean() } };
      return { loss: errors.mean().add(bits.mul(config.boundWeight)), metrics: { mse: errors.mean(), bound: bits } };
    };

    const fitted = (settings: Readonly<Record<string, unknown>>): Denoising => {
      const { guidance: scale, classifierGuidance = 0, threshold: kind } = settings as unknown as SamplingSettings;
      refuseGuidance(scale, classifierGuidance, { classes, classifier: config.classifier });
      return {
        shape,
        classes: config.classifier ? labelCount : classes,
        clean: keep(kind),
        fromItems,
        toItems,
        predict: (x, c, labels) => {
          const answer =
            classes > 0 && scale !== 1 ? freely(x, c, labels!, scale) : ask(x, c.time, told(labels, x.shape[0]!));
          if (classifierGuidance === 0) return answer;
          return { ...answer, output: answer.output.add(pull(x, c, labels!).mul(classifierGuidance)) };
        },
      };
    };

    /** ε(∅) + s·(ε(y) − ε(∅)), both in one pass (Ho & Salimans 2022, eq. 6, where s = 1 + w). */
    const freely = (x: Tensor, c: Coefficients<Tensor>, labels: Tensor, scale: number) => {
      const both = ask(concat([x, x]), c.time, concat([labels, noLabels(x.shape[0]!)]));
      const [given, free] = both.output.split(2) as [Tensor, Tensor];
      const variance = both.variance?.split(2)[0];
      return { output: free.add(given.sub(free).mul(scale)), ...(variance && { variance }) };
    };

    /** What ε̂ − σ·∇ ln p(y | x_t) adds to the output (Dhariwal & Nichol 2021, alg. 2): x̂₀ moves by σ²/α·∇. */
    const pull = (x: Tensor, c: Coefficients<Tensor>, labels: Tensor): Tensor => {
      const logits = net.classifier!.forward(x, { time: c.time.mul(timeScale / T) });
      const slope = grad(logits.logSoftmax().pick(labels).sum(), x);
      const moved = c.epsilonFromSample.mul(c.epsilonFromOriginal).neg().reciprocal(); // σ²/α
      return slope.mul(moved.div(c.originalFromOutput));
    };

    const process = { schedule, predictionType: config.prediction, varianceType: config.variance };
    const schedulerFor = (settings: Readonly<Record<string, unknown>>) => {
      const { variance = 'auto', ...asked } = settings as unknown as SamplingSettings;
      return schedulerOf(asked, variance === 'auto' ? process : { ...process, varianceType: variance });
    };
    const settingsOf = diffusionSettings(T);
    const learningRate = warmUp(
      Math.min(200, Math.floor(totalSteps / 10)),
      cosine(config.learningRate, { to: config.learningRate / 100, steps: totalSteps }),
    );
    const optimizer = adam();

    return {
      module: net,
      phases: [
        {
          name: 'denoise',
          parameters: net.denoiser.parameters(),
          optimizer,
          learningRate,
          clipNorm: 1,
          loss: ({ x, labels }, context) => loss(x, labels, context),
        },
        ...(net.classifier === null
          ? []
          : [
              {
                name: 'classify',
                parameters: net.classifier.parameters(),
                optimizer,
                learningRate,
                clipNorm: 1,
                loss: (
                  { x, labels }: { x: Tensor; labels?: Tensor },
                  { rng: r, train }: { rng: Rng; train: boolean },
                ) => {
                  const t = r.integers([x.shape[0]!], T);
                  const at = (values: number[]): Tensor => atTimes(values, t, x.rank);
                  const sample = fromItems(x)
                    .mul(at(alphas))
                    .add(r.normal(x.shape).mul(at(sigmas)));
                  const time = t.cast('float32').mul(timeScale / T);
                  return { loss: meanCrossEntropy(net.classifier!.forward(sample, { time, train, rng: r }), labels!) };
                },
              },
            ]),
      ],
      capabilities: {
        latent: { shape, prior: 'normal' },
        ...(classes === 0 && !config.classifier ? {} : { classes: { count: labelCount, required: false } }),
        sampling: settingsOf.sampling,
        denoiser: (x, time, { labels } = {}) => ask(x, time, classes === 0 ? undefined : labels).output,
        iterate: (settings) => generate(fitted(settings), schedulerFor(settings)),
        iteratedEncode: {
          settings: settingsOf.way,
          iterate: (settings) => invert(fitted(settings), ways(settings.steps as number, process).inverse),
        },
        iteratedDecode: {
          settings: settingsOf.way,
          iterate: (settings) => generateFrom(fitted(settings), ways(settings.steps as number, process).forward),
        },
        noising: noisingOf({ fromItems, toItems }, schedule),
        imageToImage: {
          settings: settingsOf.editing,
          iterate: (settings) => edit(fitted(settings), schedulerFor(settings), settings.strength as number),
        },
        ...(images && {
          inpaint: {
            settings: settingsOf.inpainting,
            iterate: (settings) => {
              const { jumpLength, jumpSamples } = settings as { jumpLength: number; jumpSamples: number };
              const plain = { sampler: 'ddpm', eta: 0, spacing: 'auto', variance: 'auto', ...settings };
              return inpaint(fitted(settings), schedulerFor(plain), { jumpLength, jumpSamples });
            },
          },
        }),
        ...(images && { levels: 256 }),
        // The bound with one time an item, drawn where its terms are large (Nichol & Dhariwal 2021, §3.3)
        elbo: (items, { rng: r, labels }: { rng: Rng } & Conditions) => {
          const B = items.shape[0]!;
          const x = fromItems(items);
          const { t, probability } = bound.drawTimes(B, r);
          const { sample, predOriginal, variance } = noised(x, t, told(labels, B), r, false);
          const estimate = keep('clip')?.(predOriginal) ?? predOriginal;
          const terms = bound.term({ original: x, sample, predOriginal: estimate, t, ...(variance && { variance }) });
          const prior = bound.prior(x);
          return { elbo: terms.div(probability).add(prior).neg(), prior };
        },
      },
    };
  },
});

/** @throws UsageError for settings that do not go together */
function refuseImpossible(
  config: { architecture: string; classifier: boolean },
  { images, useUNet, labelled }: { images: boolean; useUNet: boolean; labelled: boolean },
): void {
  if (useUNet !== images) {
    throw new UsageError({
      operation: "ddpm setting 'architecture'",
      expected: images ? 'unet, since the data are images' : 'mlp, since the data are points',
      got: config.architecture,
      remedy: 'Leave it at auto.',
    });
  }
  if (config.classifier && !labelled) {
    throw new UsageError({
      operation: "ddpm setting 'classifier'",
      expected: 'false, since the data have no labels',
      got: 'true',
      remedy: 'Choose a labelled data set.',
    });
  }
}
