/** What the model makes of the same noise, as it learns. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { drawGrid, gridHeight, type ImageSet, imageSet } from '../../pictures/images.js';
import { itemTable } from '../../pictures/numbers.js';
import { Picture, type Surface } from '../../pictures/picture.js';
import { drawPlane, drawPoints, extentOf } from '../../pictures/plane.js';
import type { RunView } from '../../run/run-view.js';

const shownAtMost = 32;
const columns = 8;

export function Samples({ run }: { run: RunView }): JSX.Element | null {
  const at = run.position.value;
  const tick = run.pictures.value;
  const frame = useMemo(() => run.samples.at(at), [run, at, tick]);
  const text = useMemo(() => run.texts.at(at), [run, at, tick]);
  if (text !== undefined) {
    return (
      <figure class="picture" data-samples={text.step}>
        <figcaption class="picture-head">
          <span class="picture-name">A sample of its writing</span>
        </figcaption>
        <pre class="writing" tabIndex={0}>
          {text.value}
        </pre>
        <p class="picture-note">At step {text.step}, always with the same seed.</p>
      </figure>
    );
  }
  if (frame === undefined) return null;
  return <SamplePicture run={run} step={frame.step} samples={frame.value} />;
}

type Items = NonNullable<ReturnType<RunView['samples']['at']>>['value'];

function SamplePicture({ run, step, samples }: { run: RunView; step: number; samples: Items }): JSX.Element | null {
  const draw = useMemo(() => (surface: Surface) => drawItems(surface, samples, samples), [samples]);
  return (
    <div data-samples={step}>
      <Picture
        name="Samples"
        description={`At step ${step}, always from the same noise.`}
        height={(width) => heightOf(samples, width)}
        draw={draw}
        table={() => itemTable(samples)}
        film={{
          count: () => run.samples.steps.length,
          height: (width) => heightOf(samples, width),
          draw: (surface, i) => drawItems(surface, run.samples.values[i]!, run.samples.values.at(-1)!),
          caption: (i) => `Step ${run.samples.steps[i]}`,
        }}
      />
    </div>
  );
}

function imagesOf(samples: Items): ImageSet | undefined {
  const set = imageSet(samples);
  return set === undefined ? undefined : { ...set, count: Math.min(set.count, shownAtMost) };
}

function heightOf(samples: Items, width: number): number {
  const images = imagesOf(samples);
  return images === undefined ? width : gridHeight(images, width, { columns });
}

/** @param around points that the axes are made for */
function drawItems(surface: Surface, samples: Items, around: Items): void {
  const images = imagesOf(samples);
  if (images !== undefined) {
    drawGrid(surface.context, images, surface.width, { columns }, 'light');
    return;
  }
  const pointsOf = (items: Items) => ({ data: items.data as Float32Array, width: items.shape[1] ?? 2 });
  const extent = extentOf([pointsOf(around)]);
  const plane = drawPlane(surface.context, surface, extent, { ...surface.style, ink: surface.style.muted });
  drawPoints(surface.context, plane, pointsOf(samples), { colour: surface.style.accent, radius: 1.8 });
}
