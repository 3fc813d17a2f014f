/** `genera sample`: new items from a trained model. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadRun, useDevice, writeSamples } from '../node/index.js';
import { type Context, counted, print } from './io.js';
import { integer, type RunOptions, withJson, withRun } from './options.js';
import { Meter } from './progress.js';
import { sampleText, type TextOptions, withTextOptions } from './sample-text.js';
import { type SamplingOptions, samplingSettings, withSampling } from './sampling-options.js';

interface SampleOptions extends RunOptions, TextOptions, SamplingOptions {
  readonly numSamples?: number;
  readonly seed: number;
  readonly label?: string;
  readonly out?: string;
}

export function addSample(program: Command, { io }: Context): void {
  const command = program
    .command('sample')
    .summary('draw samples from a trained model')
    .description('Draws samples from a trained model. Sample i does not depend on how many are asked for.');
  withRun(command)
    .option('--num-samples <n>', 'how many (default: 100; of text 1)', integer('--num-samples', { least: 1 }))
    .option('--seed <n>', 'seed of the noise', integer('--seed'), 0)
    .option('--label <name>', 'class of the samples, by name or number, for models that can be asked for one')
    .option(
      '--out <file>',
      'picture .png, or .npy: float32 [N, C, H, W] in 0…1, [N, 2] for points (default: in the run); .txt for text',
    );
  withTextOptions(withSampling(command));
  withJson(command).action(async (directory: string, options: SampleOptions) => {
    const { numSamples, seed, label, json, checkpoint } = options;
    const settings = samplingSettings(options);
    useDevice(options.device, options);
    const run = await loadRun(directory, { checkpoint });
    if (run.instance.capabilities.language !== undefined) {
      const { prompt, maxNewTokens, temperature, topK, topP, repetitionPenalty, stop, cache, out } = options;
      const choice = { temperature, topK, topP, repetitionPenalty };
      await sampleText(
        run,
        { prompt, maxNewTokens, ...choice, stop, cache, count: numSamples ?? 1, seed, out, json },
        io,
      );
      return;
    }
    const count = numSamples ?? 100;
    const name = `sample-seed${seed}${label === undefined ? '' : `-label${label.replace(/[^\w-]/g, '_')}`}.png`;
    const path = options.out ?? join(directory, 'samples', name);
    const meter = new Meter(io);
    try {
      const onProgress = (fraction: number): void => meter.show(fraction, `sampling from ${directory}`);
      await writeSamples(run, path, { count, seed, label, settings, onProgress });
    } finally {
      meter.stop();
    }
    const result = { run: directory, model: run.model.id, n: count, seed, label, out: path };
    print(io, result, { json, text: `${counted(count, 'sample')} in ${path}` });
  });
}
