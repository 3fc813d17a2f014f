/**
 * The training step: forward pass, backward pass and optimizer of one phase in one compiled graph. Parameters, moments
 * and averages are whole arenas, so the optimizer is a handful of nodes whatever the network.
 */
import type { Phase, TensorBatch } from '../contract/index.js';
import { fromStep, type Variable } from '../core/leaves.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import type { HostBatch } from '../data/host-batches.js';
import { concat, grad } from '../ops/index.js';
import { type Accumulator, accumulate, clipScale, type Ema, ema, globalNorm, type Moments } from '../optim/index.js';
import type { Rng } from '../random/rng.js';
import { compile, type Program, type RunOptions } from '../runtime/program.js';
import { type Arena, allot, arenasOf, mirrorViews, type StateView } from '../runtime/state.js';

export interface PhaseStepOptions {
  readonly rng: Rng;
  /** Decay of the moving average of the weights; 0: none is kept. */
  readonly ema: number;
  /** Micro-batches whose mean gradient makes one update. */
  readonly accumulate: number;
}

/** Scalars of one step by name: `loss`, `gradient_norm` and the phase's own. */
export type StepMetrics = Readonly<Record<string, number>>;

type StepProgram = Program<[TensorBatch], Record<string, Tensor>>;

export class PhaseStep {
  readonly phase: Phase;
  readonly arenas: readonly Arena[];
  /** Averaged weights, one for each arena; empty when off. */
  readonly averages: readonly Variable[];
  private readonly options: PhaseStepOptions;
  private readonly moments: Moments;
  private readonly ema: Ema | undefined;
  private readonly accumulator: Accumulator | undefined;

  constructor(phase: Phase, options: PhaseStepOptions) {
    this.phase = phase;
    this.options = options;
    allot(phase.parameters);
    this.arenas = arenasOf(phase.parameters);
    const shapes = this.arenas.map((arena) => [arena.length]);
    this.moments = phase.optimizer.init(shapes);
    this.ema = options.ema === 0 ? undefined : ema({ decay: options.ema, warmUp: true });
    this.averages = this.ema?.init(shapes) ?? [];
    this.accumulator = options.accumulate === 1 ? undefined : accumulate(shapes);
    const others = [...Object.values(this.moments).flat(), ...this.averages, ...(this.accumulator?.sums ?? [])];
    for (const variable of others) allot([variable]);
  }

  /** What a checkpoint holds besides the parameters. Gradient sums are not among it: checkpoints fall between steps. */
  views(): StateView[] {
    return this.arenas.flatMap((arena, i) => [
      ...Object.entries(this.moments).flatMap(([name, list]) =>
        mirrorViews(list[i]!, arena, `optimizer.${this.phase.name}.${name}`),
      ),
      ...(this.averages.length === 0 ? [] : mirrorViews(this.averages[i]!, arena, 'ema')),
    ]);
  }

  /**
   * One update from `accumulate` micro-batches.
   * @param step number of the update, from 1
   * @returns undefined where loss or gradient is not finite: then nothing was changed
   */
  async run(batches: readonly HostBatch[], seed: number, step: number): Promise<StepMetrics | undefined> {
    const totals: Record<string, number> = {};
    const finite = (results: readonly HostTensor[]): boolean => results.every((r) => Number.isFinite(r.data[0]));
    for (const [j, batch] of batches.entries()) {
      // Rows of the micro-batches are numbered through: k of size b see the noise of one of size k·b.
      const options: RunOptions = { seed, step, firstRow: j * batch.x.shape[0]!, accept: finite };
      const program = j < batches.length - 1 ? this.gather : this.update;
      const results = Object.entries(await program.run([batch], options)).map(
        ([k, v]) => [k, Number(v.data[0])] as const,
      );
      if (!results.every(([, value]) => Number.isFinite(value))) return undefined;
      for (const [name, value] of results) {
        totals[name] = (totals[name] ?? 0) + (name === 'gradient_norm' ? value : value / batches.length);
      }
    }
    return totals;
  }

  /** Adds a micro-batch's gradient to the sums. */
  private readonly gather: StepProgram = compile(
    (batch: TensorBatch) => {
      const { metrics, gradients } = this.differentiate(batch);
      this.accumulator!.add(gradients);
      return metrics;
    },
    { name: 'accumulate' },
  );

  /** Adds the last micro-batch's gradient and moves the parameters. */
  private readonly update: StepProgram = compile(
    (batch: TensorBatch) => {
      const { metrics, gradients } = this.differentiate(batch);
      const mean = this.accumulator?.take(gradients, this.options.accumulate) ?? gradients;
      const norm = globalNorm(mean);
      const { clipNorm, optimizer, learningRate } = this.phase;
      const scale = clipNorm === undefined ? undefined : clipScale(norm, clipNorm);
      const moved = optimizer.update({
        gradients: scale === undefined ? mean : mean.map((g) => g.mul(scale)),
        parameters: this.arenas.map((arena) => arena.whole),
        moments: this.moments,
        learningRate,
      });
      for (const [i, arena] of this.arenas.entries()) arena.whole.assign(moved[i]!);
      this.ema?.update(this.averages, moved);
      return { ...metrics, gradient_norm: norm };
    },
    { name: 'train' },
  );

  /** Loss and metrics, and the gradient as one vector for each arena. */
  private differentiate(batch: TensorBatch): { metrics: Record<string, Tensor>; gradients: Tensor[] } {
    const rng = this.options.rng.fork(this.phase.name);
    const { loss, metrics = {} } = this.phase.loss(batch, { rng, train: true, atStep: fromStep });
    const gradients = this.arenas.map((arena) => concat(grad(loss, arena.variables).map((g) => g.reshape([-1]))));
    return { metrics: { loss, ...metrics }, gradients };
  }
}
