/** Adversarial networks: the layers of the game in the plane, pictures of the same codes over time, modes and scores. */
import { type Signal, useSignal } from '@preact/signals';
import type { HostTensor } from 'genera';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { diverging } from '../pictures/colour.js';
import { Picture, type Surface } from '../pictures/picture.js';
import { drawHeat, drawPlane, drawPoints, extentOf } from '../pictures/plane.js';
import './family.css';
import type { FamilyProps } from './family.js';
import { drawArrows } from './gan/arrows.js';
import { cells, colours, type Game, useGame } from './gan/game.js';
import { Modes } from './gan/modes.js';
import { Scores } from './gan/scores.js';
import { Answered, Images, rowsOf, stacked, Tabs } from './parts.js';

export default function Gans(props: FamilyProps): JSX.Element {
  const plane = props.data?.kind === 'points';
  const scores = { id: 'scores', title: 'Scores', body: () => <Scores {...props} /> };
  const modes = { id: 'modes', title: 'Modes', body: () => <Modes {...props} /> };
  return (
    <Tabs
      label="Views of the game"
      tabs={
        plane
          ? [
              { id: 'plane', title: 'The game in the plane', body: () => <PlaneGame {...props} /> },
              ...(props.run.info.data === 'gaussians' ? [modes] : []),
              scores,
            ]
          : [{ id: 'film', title: 'The same codes over time', body: () => <Film {...props} /> }, scores]
      }
    />
  );
}

function PlaneGame(props: FamilyProps): JSX.Element {
  const { answers, pick } = useGame(props, true);
  const arrows = useSignal(true);
  return (
    <>
      {pick}
      <label class="check">
        <input
          type="checkbox"
          checked={arrows.value}
          onChange={(event) => {
            arrows.value = event.currentTarget.checked;
          }}
        />
        Where generated points are pushed
      </label>
      <Answered answers={answers}>{(game, step) => <GamePicture game={game} step={step} arrows={arrows} />}</Answered>
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

interface GamePictureProps {
  readonly game: Game;
  readonly step: number;
  readonly arrows: Signal<boolean>;
}

function GamePicture({ game, step, arrows }: GamePictureProps): JSX.Element {
  const { real, fake, surface } = game;
  const directions = arrows.value ? game.directions : undefined;
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
      if (directions !== undefined) {
        const pushes = { points: fake.data as Float32Array, directions: directions.data as Float32Array };
        drawArrows(context, plane, pushes, '#10141b');
      }
      context.restore();
    },
    [game, directions],
  );
  return (
    <Picture
      name="Real, generated, and what the discriminator believes"
      description={`${real.shape[0]} real points and ${fake.shape[0]} generated ones at step ${step}. Where the ground is pale, the discriminator cannot tell.${directions === undefined ? '' : ' Arrows: where the generator’s loss pushes its points, down its slope through the discriminator.'}`}
      height={(width) => Math.min(width, 560)}
      maxWidth={560}
      draw={draw}
      table={() => ({
        columns: ['kind', 'x', 'y', 'pushed by x', 'pushed by y'],
        rows: [...rowsFor('generated', fake, game.directions), ...rowsFor('real', real)],
      })}
    />
  );
}

/** The first hundred of a kind, for the table; not all are pushed. */
function rowsFor(kind: string, { data, shape }: HostTensor, directions?: HostTensor): (string | number)[][] {
  const pushed = (at: number): string | number => {
    const value = directions?.data[at];
    return value === undefined ? '' : Number(value);
  };
  return Array.from({ length: Math.min(100, shape[0]!) }, (_, i) => [
    kind,
    Number(data[2 * i]),
    Number(data[2 * i + 1]),
    pushed(2 * i),
    pushed(2 * i + 1),
  ]);
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
      <Images
        name="All samples"
        description={`At step ${last.step}.`}
        items={last.items}
        columns={10}
        maxWidth={620}
        film={{
          count: () => run.samples.steps.length,
          items: (i) => run.samples.values[i]!,
          caption: (i) => `Step ${run.samples.steps[i]}`,
        }}
      />
    </>
  );
}
