/** One moment of a trajectory: what the sampler has, what it takes for noise, what it takes for the clean item. */
import type { HostTensor } from 'genera';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Answers } from '../../../../src/inference/explore-queries.js';
import { itemTable } from '../../pictures/numbers.js';
import { Picture, type Surface } from '../../pictures/picture.js';
import { drawPlane, drawPoints, extentOf } from '../../pictures/plane.js';
import { Images } from '../parts.js';

type Trajectory = Answers['trajectory'];

const titles: Readonly<Record<string, { name: string; note: string }>> = {
  x_t: { name: 'Noisy, x_t', note: 'what the sampler holds' },
  epsilon: { name: 'Noise, ε̂', note: 'what the network takes for noise' },
  x_0: { name: 'Clean, x̂₀', note: 'what would be left without it' },
};

/** The frame at a part of the way, 0…1. */
export function frameOf({ fractions }: Trajectory, part: number): number {
  return Math.round(part * (fractions.length - 1));
}

interface WayProps {
  readonly trajectory: Trajectory;
  readonly frame: number;
  readonly step: number;
  readonly views?: readonly string[];
}

export function Way({ trajectory, frame, step, views = ['x_t', 'epsilon', 'x_0'] }: WayProps): JSX.Element {
  const present = views.filter((view) => trajectory.views[view] !== undefined);
  return (
    <div class="ways">
      {present.map((view) => (
        <View key={view} view={view} all={trajectory.views[view]!} frame={frame} step={step} />
      ))}
    </div>
  );
}

function View({ view, all, frame, step }: { view: string; all: HostTensor; frame: number; step: number }): JSX.Element {
  const items = useMemo(() => atFrame(all, frame), [all, frame]);
  const { name, note } = titles[view] ?? { name: view, note: '' };
  const description = `${note.replace(/^./, (c) => c.toUpperCase())}, with the model of step ${step}.`;
  if (items.shape.length === 4) {
    const film = { count: () => all.shape[1]!, items: (moment: number) => atFrame(all, moment) };
    const columns = Math.min(2, items.shape[0]!);
    return <Images name={name} description={description} items={items} columns={columns} film={film} />;
  }
  return <PointView name={name} description={description} all={all} items={items} />;
}

function PointView({
  name,
  description,
  all,
  items,
}: {
  name: string;
  description: string;
  all: HostTensor;
  items: HostTensor;
}): JSX.Element {
  const drawAt = useMemo(() => {
    const width = items.shape[1]!;
    const extent = extentOf([{ data: all.data as Float32Array, width }]);
    return (surface: Surface, { data }: HostTensor) => {
      const plane = drawPlane(surface.context, surface, extent, { ...surface.style, ink: surface.style.muted });
      drawPoints(surface.context, plane, { data: data as Float32Array, width }, { colour: surface.style.accent });
    };
  }, [all]);
  const draw = useMemo(() => (surface: Surface) => drawAt(surface, items), [all, items]);
  return (
    <Picture
      name={name}
      description={description}
      height={(width) => width}
      draw={draw}
      table={() => itemTable(items)}
      film={{
        count: () => all.shape[1]!,
        height: (width) => width,
        draw: (surface, moment) => drawAt(surface, atFrame(all, moment)),
      }}
    />
  );
}

/** [count, frames, ...shape] at one frame. */
export function atFrame({ shape, data }: HostTensor, frame: number): HostTensor {
  const [count, frames, ...rest] = shape as [number, number, ...number[]];
  const size = rest.reduce((a, b) => a * b, 1);
  const out = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const from = (i * frames + frame) * size;
    out.set((data as Float32Array).subarray(from, from + size), i * size);
  }
  return { shape: [count, ...rest], dtype: 'float32', data: out };
}
