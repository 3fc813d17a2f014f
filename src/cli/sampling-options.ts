/** Options of sampling in steps. Each is a setting of the model by the same name; others go through --set. */
import type { Command } from 'commander';
import { collectSetting, parseValue } from './options.js';

export interface SamplingOptions {
  readonly steps?: unknown;
  readonly sampler?: string;
  readonly eta?: unknown;
  readonly guidance?: unknown;
  readonly set?: Readonly<Record<string, unknown>>;
}

export function withSampling(command: Command, { steps = true } = {}): Command {
  if (steps) command.option('--steps <n>', 'steps of the sampler, for models that take many', parseValue);
  return command
    .option('--sampler <name>', 'how a diffusion model samples: ddim, ddpm, dpm-solver++, euler or heun')
    .option('--eta <x>', 'noise in the steps of ddim, 0…1', parseValue)
    .option(
      '--guidance <scale>',
      'how much a conditional diffusion model is drawn to the label; 1: as trained',
      parseValue,
    )
    .option(
      '--set <key=value...>',
      "the model's settings of sampling; 'genera list models MODEL' shows them",
      collectSetting,
    );
}

/** The settings that were asked for. */
export function samplingSettings({ steps, sampler, eta, guidance, set }: SamplingOptions): Record<string, unknown> {
  const named = Object.entries({ steps, sampler, eta, guidance }).filter(([, value]) => value !== undefined);
  return { ...set, ...Object.fromEntries(named) };
}
