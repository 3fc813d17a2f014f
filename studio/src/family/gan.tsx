/** Adversarial networks: the layers of the game in the plane, pictures of the same codes over time, and the scores. */
import { useSignal } from '@preact/signals';
import type { HostTensor } from 'genera';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { diverging } from '../pictures/colour.js';
import { Picture, type Surface } from '../pictures/picture.js';
import { cellsOf, drawHeat, drawPlane, drawPoints, extentOf } from '../pictures/plane.js';
import { type Answers, type Explore, useAnswers } from '../run/answers.js';
import { classesOf, type FamilyProps } from './family.js';
import { Answered, ClassPick, Images, rowsOf, stacked, Tabs } from './parts.js';

const items = 300;
const cells = 32;

export default function Gans(props: FamilyProps): JSX.Element {
  const plane = props.data?.kind === 'points';
  const scores = { id: 'scores', title: 'Scores', body: () => <Scores {...props} /> };
  return (
    <Tabs
      label="Views of the game"
      tabs={
        plane
          ? [{ id: 'plane', title: 'The game in the plane', body: () => <PlaneGame {...props} /> }, scores]
          : [{ id: 'film', title: 'The same codes over time', body: () => <Film {...props} /> }, scores]
      }
    />
  );
}

interface Game {
  readonly real: HostTensor;
  readonly fake: HostTensor;
  /** Of the cells of the plane. */
  readonly surface?: HostTensor;
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
    count: Math.min(items, 100 * (withSurface ? 3 : 1)),
    seed: 1,
    ...told,
  });
  try {
    if (withSurface) {
      const extent = extentOf([{ data: real.data as Float32Array, width: 2 }]);
      const points = { shape: [cells * cells, 2], dtype: 'float32', data: cellsOf(extent, cells) } as const;
      return { real, fake, surface: (await explore({ kind: 'judge', points, ...told })).scores };
    }
    const few = rowsOf(real, 0, Math.min(100, real.shape[0]!));
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

function useGame(props: FamilyProps, withSurface: boolean): { answers: Answers<Game>; pick: JSX.Element } {
  const classes = classesOf(props);
  const label = useSignal(0);
  const asked = classes.length === 0 ? undefined : label.value;
  const answers = useAnswers(props.run, `game ${withSurface} ${asked}`, (explore) =>
    askGame(explore, asked, withSurface),
  );
  return { answers, pick: <div class="row">{<ClassPick classes={classes} value={label} />}</div> };
}

const colours = { real: '#2b8a3e', fake: '#7048e8' } as const;

function PlaneGame(props: FamilyProps): JSX.Element {
  const { answers, pick } = useGame(props, true);
  return (
    <>
      {pick}
      <Answered answers={answers}>{(game, step) => <GamePicture game={game} step={step} />}</Answered>
      <ul class="classes" aria-label="Colours">
        <li>
          <span class="dot" style={{ background: colours.real }} /> real
        </li>
        <li>
          <span class="dot" style={{ background: colours.fake }} /> generated
        </li>
        <li>
          <span class="swatch" /> the discriminator believes: blue generated, red real
        </li>
      </ul>
    </>
  );
}

function GamePicture({ game, step }: { game: Game; step: number }): JSX.Element {
  const { real, fake, surface } = game;
  const draw = useMemo(
    () => (canvas: Surface) => {
      const points = { data: real.data as Float32Array, width: 2 };
      const extent = extentOf([points]);
      const { context, style } = canvas;
      const plane = drawPlane(context, canvas, extent, { ...style, ink: style.muted });
      if (surface !== undefined) {
        drawHeat(context, plane, extent, surface.data as Float32Array, cells, {
          map: diverging,
          range: rangeOf(surface),
          alpha: 0.75,
        });
      }
      context.save();
      context.beginPath();
      context.rect(
        plane.x(extent.x[0]),
        plane.y(extent.y[1]),
        plane.x(extent.x[1]) - plane.x(extent.x[0]),
        plane.y(extent.y[0]) - plane.y(extent.y[1]),
      );
      context.clip();
      for (const [set, colour] of [
        [real, colours.real],
        [fake, colours.fake],
      ] as const) {
        const layer = { data: set.data as Float32Array, width: 2 };
        drawPoints(context, plane, layer, { colour: '#ffffffb0', radius: 3.2 });
        drawPoints(context, plane, layer, { colour, radius: 2.3 });
      }
      context.restore();
    },
    [game],
  );
  return (
    <Picture
      name="Real, generated, and what the discriminator believes"
      description={`${real.shape[0]} real points and ${fake.shape[0]} generated ones at step ${step}. Where the ground is pale, the discriminator cannot tell.`}
      height={(width) => Math.min(width, 560)}
      maxWidth={560}
      draw={draw}
      table={() => ({
        columns: ['kind', 'x', 'y'],
        rows: [
          [real, 'real'],
          [fake, 'generated'],
        ].flatMap(([set, kind]) =>
          Array.from({ length: 100 }, (_, i) => [
            kind as string,
            Number((set as HostTensor).data[2 * i] ?? 0),
            Number((set as HostTensor).data[2 * i + 1] ?? 0),
          ]),
        ),
      })}
    />
  );
}

/** Probabilities have 0…1; other scores their own range, even on both sides of its middle. */
function rangeOf(scores: HostTensor): readonly [number, number] {
  const values = scores.data as Float32Array;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low >= 0 && high <= 1 ? [0, 1] : [low, high];
}

const columns = 8;
const frames = 6;

function Film({ run }: FamilyProps): JSX.Element {
  const at = run.shown.value;
  const tick = run.pictures.value;
  const strip = useMemo(() => {
    const steps = run.samples.steps.filter((step) => step <= at);
    const chosen =
      steps.length <= frames
        ? steps
        : Array.from({ length: frames }, (_, i) => steps[Math.round((i * (steps.length - 1)) / (frames - 1))]!);
    return chosen.map((step) => ({ step, items: run.samples.at(step)!.value }));
  }, [run, at, tick]);
  if (strip.length === 0) return <p class="empty">The first samples come after some steps.</p>;
  const images = stacked(strip.map(({ items }) => rowsOf(items, 0, Math.min(columns, items.shape[0]!))));
  const last = strip.at(-1)!;
  return (
    <>
      <Images
        name="The same codes over time"
        description={`Each column is one code. Rows from above: steps ${strip.map(({ step }) => step).join(', ')}. If the columns come to look alike, modes are collapsing.`}
        items={images}
        columns={columns}
        maxWidth={620}
      />
      <Images name="All samples" description={`At step ${last.step}.`} items={last.items} columns={10} maxWidth={620} />
    </>
  );
}

const bins = 30;

function Scores(props: FamilyProps): JSX.Element {
  const { answers, pick } = useGame(props, false);
  return (
    <>
      {pick}
      <Answered answers={answers}>
        {({ scores }, step) =>
          scores === undefined ? (
            <p class="empty">The discriminator of this model does not judge items one by one.</p>
          ) : (
            <Histogram scores={scores} step={step} />
          )
        }
      </Answered>
    </>
  );
}

function Histogram({ scores, step }: { scores: readonly [HostTensor, HostTensor]; step: number }): JSX.Element {
  const { counts, low, high } = useMemo(() => {
    const all = scores.flatMap((s) => Array.from(s.data as Float32Array));
    const from = Math.min(...all);
    const to = Math.max(...all);
    const [least, most] = from >= 0 && to <= 1 ? [0, 1] : [from, to];
    const counted = scores.map((s) => {
      const n = new Array<number>(bins).fill(0);
      for (const value of s.data as Float32Array)
        n[Math.min(bins - 1, Math.floor(((value - least) / (most - least || 1)) * bins))]!++;
      return n.map((c) => c / s.data.length);
    }) as [number[], number[]];
    return { counts: counted, low: least, high: most };
  }, [scores]);
  const draw = useMemo(
    () =>
      ({ context, width, height, style }: Surface) => {
        const largest = Math.max(...counts.flat(), 0.01);
        const pitch = (width - 20) / bins;
        for (const [k, colour] of [colours.real, colours.fake].entries()) {
          context.fillStyle = colour;
          for (const [i, part] of counts[k as 0 | 1].entries()) {
            const tall = (part / largest) * (height - 30);
            context.fillRect(10 + i * pitch + (k * pitch) / 2, height - 20 - tall, pitch / 2 - 1, tall);
          }
        }
        context.fillStyle = style.muted;
        context.font = `11px ${style.font}`;
        context.textAlign = 'left';
        context.fillText(`${low.toFixed(2)}: generated`, 10, height - 5);
        context.textAlign = 'right';
        context.fillText(`real: ${high.toFixed(2)}`, width - 10, height - 5);
      },
    [counts],
  );
  return (
    <Picture
      name="Scores of real and generated items"
      description={`How often the discriminator gives which score, green for real items and violet for generated ones, at step ${step}. Where they lie upon each other it cannot tell them apart.`}
      height={() => 240}
      maxWidth={620}
      draw={draw}
      table={() => ({
        columns: ['score from', 'real', 'generated'],
        rows: counts[0].map((part, i) => [low + (i / bins) * (high - low), part, counts[1][i]!]),
      })}
    />
  );
}
