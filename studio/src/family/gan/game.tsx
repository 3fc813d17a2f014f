/** What is asked of an adversarial pair: real items, generated ones, and what the discriminator says of them. */
import { useSignal } from '@preact/signals';
import type { HostTensor } from 'genera';
import type { JSX } from 'preact';
import { cellsOf, extentOf } from '../../pictures/plane.js';
import { type Answers, type Explore, useAnswers } from '../../run/answers.js';
import { classesOf, type FamilyProps } from '../family.js';
import { ClassPick, rowsOf } from '../parts.js';

/** Real items and generated ones in the plane, those of them with an arrow, and items of either kind that are judged. */
const [items, made, pushed, judged] = [300, 300, 60, 100];
/** Cells along a side of the plane. */
export const cells = 32;

export const colours = { real: '#2b8a3e', fake: '#7048e8' } as const;

export interface Game {
  readonly real: HostTensor;
  readonly fake: HostTensor;
  /** Of the cells of the plane. */
  readonly surface?: HostTensor;
  /** Where the generator's loss pushes the first of the fake points, [n, 2]. */
  readonly directions?: HostTensor;
  /** Of the real and of the fake items. */
  readonly scores?: readonly [HostTensor, HostTensor];
}

/** Held-out items, generated ones, and what the discriminator says; of one class where there are classes. */
async function askGame(explore: Explore, label: number | undefined, withSurface: boolean): Promise<Game> {
  const told = label === undefined ? {} : { label };
  const data = await explore({ kind: 'data', count: items });
  const real = label === undefined ? data.items : ofClass(data.items, data.labels ?? [], label);
  const { items: fake } = await explore({
    kind: 'samples',
    count: withSurface ? made : judged,
    seed: 1,
    ...told,
  });
  try {
    if (withSurface) {
      const extent = extentOf([{ data: real.data as Float32Array, width: 2 }]);
      const points = { shape: [cells * cells, 2], dtype: 'float32', data: cellsOf(extent, cells) } as const;
      const { scores: surface } = await explore({ kind: 'judge', points, ...told });
      const { directions } = await explore({ kind: 'push', points: rowsOf(fake, 0, pushed), ...told });
      return { real, fake, surface, directions };
    }
    const few = rowsOf(real, 0, Math.min(judged, real.shape[0]!));
    const onReal = await explore({ kind: 'judge', points: few, ...told });
    const onFake = await explore({ kind: 'judge', points: fake, ...told });
    return { real, fake, scores: [onReal.scores, onFake.scores] };
  } catch (error) {
    // A discriminator that compares whole batches judges nothing by itself; its game is shown without it.
    if ((error as Error).name === 'UsageError' || (error as Error).name === 'HostFailure') return { real, fake };
    throw error;
  }
}

function ofClass(tensor: HostTensor, labels: readonly number[], label: number): HostTensor {
  const size = tensor.data.length / tensor.shape[0]!;
  const rows = labels.flatMap((l, i) => (l === label ? [i] : []));
  const data = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries())
    data.set((tensor.data as Float32Array).subarray(row * size, (row + 1) * size), i * size);
  return { shape: [rows.length, ...tensor.shape.slice(1)], dtype: 'float32', data };
}

export function useGame(props: FamilyProps, withSurface: boolean): { answers: Answers<Game>; pick: JSX.Element } {
  const classes = classesOf(props);
  const label = useSignal(0);
  const asked = classes.length === 0 ? undefined : label.value;
  const answers = useAnswers(props.run, `game ${withSurface} ${asked}`, (explore) =>
    askGame(explore, asked, withSurface),
  );
  return { answers, pick: <div class="row">{<ClassPick classes={classes} value={label} />}</div> };
}
