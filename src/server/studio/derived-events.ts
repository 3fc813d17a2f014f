/**
 * Events of a run that were not logged, told by its files: those of `genera train`, whether it runs now or is over. The
 * same files always tell the same events in the same order, so their numbers hold.
 */
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { namesIn, readIfThere, readTextIfThere } from '../../node/files.js';
import { imagesOf } from '../../node/images.js';
import type { HostEventBody } from '../../train/host.js';
import type { MetricsLine, RunConfig } from '../../train/run-format.js';

/** How to read an event: pictures are large, and read when somebody wants to see them. */
export interface DerivedEvent {
  readonly step: number;
  read(): Promise<HostEventBody>;
}

/**
 * Events of steps after `after`. Within a step: its numbers, then what the model drew or wrote, as the files are written.
 */
export async function deriveEvents(directory: string, config: RunConfig, after: number): Promise<DerivedEvent[]> {
  // What a step draws is on the disk after all numbers of that step, and before those of the next. So of the steps up to
  // the last one that is told now, all that was drawn will be found, and with it all of their numbers.
  const last = (await readMetrics(directory)).at(-1)?.step;
  if (last === undefined) return [];
  const names = await namesIn(join(directory, 'samples'));
  const lines = (await readMetrics(directory)).filter(({ step }) => step > after && step <= last);
  const told = lines.flatMap((line) =>
    bodiesOf(line, config).map((body): DerivedEvent => ({ step: line.step, read: async () => body })),
  );
  const drawn = names.flatMap((name): DerivedEvent[] => {
    const [, step, ending] = /^step-(\d+)\.(png|txt)$/.exec(name) ?? [];
    const line = lines.findLast((candidate) => candidate.step === Number(step));
    if (line === undefined || (ending === 'png' && config.data.kind !== 'image')) return [];
    const path = join(directory, 'samples', name);
    return [{ step: line.step, read: () => (ending === 'png' ? readPicture : readText)(path, line, config) }];
  });
  return [...told, ...drawn].sort((a, b) => a.step - b.step); // a stable sort: what is told stays first
}

/** Lines of metrics.jsonl; one that is still being written is left out. */
async function readMetrics(directory: string): Promise<MetricsLine[]> {
  const text = (await readTextIfThere(join(directory, 'metrics.jsonl'))) ?? '';
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as MetricsLine];
      } catch {
        return [];
      }
    });
}

function placeOf({ step, epoch, seconds }: MetricsLine, { totalSteps }: RunConfig) {
  return { step, totalSteps, epoch, seconds };
}

function bodiesOf(line: MetricsLine, config: RunConfig): HostEventBody[] {
  const place = placeOf(line, config);
  const { train, validation, evaluation, items_per_second: itemsPerSecond = 0 } = line;
  return [
    ...(train === undefined ? [] : [{ kind: 'step', metrics: train, itemsPerSecond, ...place } as const]),
    ...(validation === undefined ? [] : [{ kind: 'validation', metrics: validation, ...place } as const]),
    ...(evaluation === undefined
      ? []
      : [
          {
            kind: 'evaluation',
            metrics: evaluation,
            score: Object.values(evaluation)[0] ?? 0,
            best: false,
            ...place,
          } as const,
        ]),
  ];
}

async function readPicture(path: string, line: MetricsLine, config: RunConfig): Promise<HostEventBody> {
  const place = placeOf(line, config);
  try {
    const samples = imagesOf(PNG.sync.read(Buffer.from((await readIfThere(path))!)), config.data.shape);
    if (samples !== undefined) return { kind: 'samples', samples, ...place };
  } catch {
    // Damaged, or gone. The event keeps its number.
  }
  return { kind: 'text', text: `${path} cannot be read.`, ...place };
}

async function readText(path: string, line: MetricsLine, config: RunConfig): Promise<HostEventBody> {
  const text = (await readTextIfThere(path)) ?? `${path} cannot be read.`;
  return { kind: 'text', text: text.replace(/\n$/, ''), ...placeOf(line, config) };
}
