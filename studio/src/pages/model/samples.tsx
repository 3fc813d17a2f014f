/** What the model makes of the same noise, as it learns. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { drawGrid, gridHeight, imageSet } from '../../pictures/images.js';
import { Picture } from '../../pictures/picture.js';
import { drawPlane, drawPoints, extentOf } from '../../pictures/plane.js';
import { itemTable } from '../../pictures/table.js';
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
  return <SamplePicture step={frame.step} samples={frame.value} />;
}

function SamplePicture({
  step,
  samples,
}: {
  step: number;
  samples: NonNullable<ReturnType<RunView['samples']['at']>>['value'];
}): JSX.Element | null {
  const images = useMemo(() => {
    const set = imageSet(samples);
    return set === undefined ? undefined : { ...set, count: Math.min(set.count, shownAtMost) };
  }, [samples]);
  const draw = useMemo(() => {
    if (images !== undefined) {
      return ({ context, width }: Parameters<Parameters<typeof Picture>[0]['draw']>[0]) =>
        drawGrid(context, images, width, { columns }, 'light');
    }
    const points = { data: samples.data as Float32Array, width: samples.shape[1] ?? 2 };
    const extent = extentOf([points]);
    return (surface: Parameters<Parameters<typeof Picture>[0]['draw']>[0]) => {
      const plane = drawPlane(surface.context, surface, extent, { ...surface.style, ink: surface.style.muted });
      drawPoints(surface.context, plane, points, { colour: surface.style.accent, radius: 1.8 });
    };
  }, [images, samples]);
  return (
    <div data-samples={step}>
      <Picture
        name="Samples"
        description={`At step ${step}, always from the same noise.`}
        height={(width) => (images === undefined ? width : gridHeight(images, width, { columns }))}
        draw={draw}
        table={() => itemTable(samples)}
      />
    </div>
  );
}
