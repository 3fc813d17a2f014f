/** Where items lie in the latent space, and what is decoded in between; how much each dimension says. */
import { useSignal } from '@preact/signals';
import type { HostTensor } from 'genera';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { classColour } from '../../pictures/colour.js';
import { imageSet, pixelsOf } from '../../pictures/images.js';
import { Picture, type Surface } from '../../pictures/picture.js';
import { cellsOf, drawPlane, drawPoints, type Extent, extentOf, type Plane } from '../../pictures/plane.js';
import { useAnswers } from '../../run/answers.js';
import { classesOf, type FamilyProps } from '../family.js';
import { Answered, ClassPick, Pick } from '../parts.js';

/** Items whose codes are shown; cells along a side of the decoded grid; items with an ellipse. */
const shownItems = 400;
const cells = 14;
const ellipses = 60;

interface Codes {
  readonly mean: HostTensor;
  readonly logVariance?: HostTensor;
  readonly labels?: readonly number[];
  readonly labelNames?: readonly string[];
  /** Decoded cells of the plane, where the code has two dimensions. */
  readonly grid?: { readonly items: HostTensor; readonly extent: Extent };
}

export function LatentMap(props: FamilyProps): JSX.Element {
  const { run } = props;
  const classes = classesOf(props);
  const label = useSignal(0);
  const answers = useAnswers(run, `latent ${label.value}`, async (explore): Promise<Codes> => {
    const codes = await explore({ kind: 'encode', count: shownItems });
    const { mean } = codes;
    if (mean.shape.length !== 2 || mean.shape[1] !== 2) return codes;
    const extent = extentOf([{ data: mean.data as Float32Array, width: 2 }]);
    const places = { shape: [cells * cells, 2], dtype: 'float32', data: cellsOf(extent, cells) } as const;
    const told = classes.length === 0 ? {} : { label: label.peek() };
    const { items } = await explore({ kind: 'decode', codes: places, ...told });
    return { ...codes, grid: { items, extent } };
  });
  return (
    <>
      <div class="row">
        <ClassPick classes={classes} value={label} />
      </div>
      <Answered answers={answers}>{(codes, step) => <CodePlane codes={codes} step={step} />}</Answered>
    </>
  );
}

function CodePlane({ codes, step }: { codes: Codes; step: number }): JSX.Element {
  const { mean, logVariance, labels, labelNames, grid } = codes;
  const flat = mean.shape.length === 2;
  const width = flat ? mean.shape[1]! : 0;
  const telling = useMemo(() => (flat ? tellingDimensions(mean, logVariance) : []), [codes]);
  const first = useSignal<number | undefined>(undefined);
  const second = useSignal<number | undefined>(undefined);
  const x = first.value ?? (width === 2 ? 0 : (telling[0]?.dimension ?? 0));
  const y = second.value ?? (width === 2 ? 1 : (telling[1]?.dimension ?? 0));
  const axes = [x, y] as const;
  const extent = useMemo(
    () => grid?.extent ?? extentOf([{ data: mean.data as Float32Array, width: Math.max(1, width) }], axes),
    [codes, x, y],
  );
  const draw = useMemo(
    () => (surface: Surface) => {
      const { context, style } = surface;
      const plane = drawPlane(
        context,
        surface,
        extent,
        { ...style, ink: style.muted },
        { x: `z${x + 1}`, y: `z${y + 1}` },
      );
      if (grid !== undefined) drawDecoded(context, plane, grid);
      if (logVariance !== undefined) drawEllipses(context, plane, { mean, logVariance, axes, width, ink: style.ink });
      if (grid !== undefined) {
        // A rim keeps the points apart from the pictures under them.
        drawPoints(
          context,
          plane,
          { data: mean.data as Float32Array, width },
          { colour: '#ffffffd0', radius: 3.6, axes },
        );
      }
      const colour = (i: number): string => (labels === undefined ? style.accent : classColour(labels[i]!));
      drawPoints(context, plane, { data: mean.data as Float32Array, width }, { colour, radius: 2.6, axes });
    },
    [codes, x, y],
  );
  if (!flat) {
    return (
      <p class="empty">
        The code of this model is a small map of {mean.shape.slice(1).join(' × ')}, which has no place in a plane.
      </p>
    );
  }
  const options = Array.from({ length: width }, (_, i) => ({ value: i, label: `z${i + 1}` }));
  const names = labelNames ?? [];
  return (
    <>
      {width > 2 && (
        <div class="row">
          <Pick label="Across" value={asSignal(first, x)} options={options} />
          <Pick label="Up" value={asSignal(second, y)} options={options} />
        </div>
      )}
      <Picture
        name="Latent space"
        description={
          grid === undefined
            ? `The codes of ${mean.shape[0]} held-out items in two of ${width} dimensions, at step ${step}. Ellipses: how far the code is spread.`
            : `The codes of ${mean.shape[0]} held-out items at step ${step}, over what every place decodes to.`
        }
        height={(wide) => Math.min(wide, 620)}
        maxWidth={620}
        draw={draw}
        table={() => ({
          columns: ['item', 'label', `z${x + 1}`, `z${y + 1}`],
          rows: Array.from({ length: mean.shape[0]! }, (_, i) => [
            i + 1,
            labels === undefined ? '' : (names[labels[i]!] ?? labels[i]!),
            Number(mean.data[i * width + x]),
            Number(mean.data[i * width + y]),
          ]),
        })}
      />
      {labels !== undefined && (
        <ul class="classes" aria-label="Colours of the classes">
          {[...new Set(labels)]
            .sort((a, b) => a - b)
            .map((i) => (
              <li key={i}>
                <span class="dot" style={{ background: classColour(i) }} />
                {names[i] ?? i}
              </li>
            ))}
        </ul>
      )}
      {telling[0]?.kl !== undefined && <Divergences dimensions={telling} />}
    </>
  );
}

/** A signal that may be unset as one that is. */
function asSignal(signal: { value: number | undefined }, value: number): { value: number } {
  return {
    get value() {
      return value;
    },
    set value(next: number) {
      signal.value = next;
    },
  };
}

interface Telling {
  readonly dimension: number;
  readonly variance: number;
  readonly kl: number | undefined;
}

/** The dimensions by what they say of an item: KL from the prior in nats, or the variance of the codes. */
function tellingDimensions(mean: HostTensor, logVariance: HostTensor | undefined): Telling[] {
  const [n, width] = mean.shape as [number, number];
  const at = (t: HostTensor, i: number, d: number): number => Number(t.data[i * width + d]);
  return Array.from({ length: width }, (_, dimension) => {
    let [sum, squares, kl] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const m = at(mean, i, dimension);
      sum += m;
      squares += m * m;
      if (logVariance !== undefined) {
        const l = at(logVariance, i, dimension);
        kl += (m * m + Math.exp(l) - l - 1) / 2;
      }
    }
    const variance = squares / n - (sum / n) ** 2;
    return { dimension, variance, kl: logVariance === undefined ? undefined : kl / n };
  }).sort((a, b) => (b.kl ?? b.variance) - (a.kl ?? a.variance));
}

function drawDecoded(context: CanvasRenderingContext2D, plane: Plane, grid: NonNullable<Codes['grid']>): void {
  const set = imageSet(grid.items);
  if (set === undefined) return;
  const scratch = document.createElement('canvas');
  scratch.width = cells * set.width;
  scratch.height = cells * set.height;
  const inner = scratch.getContext('2d')!;
  for (let i = 0; i < set.count; i++) {
    inner.putImageData(pixelsOf(set, i, 'light'), (i % cells) * set.width, Math.floor(i / cells) * set.height);
  }
  const { extent } = grid;
  const [left, top] = [plane.x(extent.x[0]), plane.y(extent.y[1])];
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch, left, top, plane.x(extent.x[1]) - left, plane.y(extent.y[0]) - top);
}

function drawEllipses(
  context: CanvasRenderingContext2D,
  plane: Plane,
  {
    mean,
    logVariance,
    axes,
    width,
    ink,
  }: { mean: HostTensor; logVariance: HostTensor; axes: readonly [number, number]; width: number; ink: string },
): void {
  context.strokeStyle = ink;
  context.globalAlpha = 0.35;
  context.lineWidth = 1;
  for (let i = 0; i < Math.min(ellipses, mean.shape[0]!); i++) {
    const place = axes.map((d) => Number(mean.data[i * width + d])) as [number, number];
    const spread = axes.map((d) => Math.exp(Number(logVariance.data[i * width + d]) / 2)) as [number, number];
    const [px, py] = [plane.x(place[0]), plane.y(place[1])];
    context.beginPath();
    context.ellipse(
      px,
      py,
      Math.abs(plane.x(place[0] + spread[0]) - px),
      Math.abs(plane.y(place[1] + spread[1]) - py),
      0,
      0,
      2 * Math.PI,
    );
    context.stroke();
  }
  context.globalAlpha = 1;
}

const barHeight = 120;

function Divergences({ dimensions }: { dimensions: readonly Telling[] }): JSX.Element {
  const draw = useMemo(
    () =>
      ({ context, width, height, style }: Surface) => {
        const largest = Math.max(...dimensions.map(({ kl = 0 }) => kl), 0.1);
        const pitch = (width - 10) / dimensions.length;
        context.font = `10px ${style.font}`;
        context.textAlign = 'center';
        for (const [i, { dimension, kl = 0 }] of dimensions.entries()) {
          const tall = (kl / largest) * (height - 34);
          context.fillStyle = kl > 0.1 ? style.accent : style.rule;
          context.fillRect(5 + i * pitch + 1, height - 18 - tall, Math.max(1, pitch - 3), tall);
          context.fillStyle = style.muted;
          if (pitch > 20) {
            context.fillText(`z${dimension + 1}`, 5 + (i + 0.5) * pitch, height - 5);
            context.fillText(kl.toFixed(1), 5 + (i + 0.5) * pitch, height - 22 - tall);
          }
        }
      },
    [dimensions],
  );
  return (
    <Picture
      name="What each dimension says, in nats"
      description="KL divergence of the code from the prior, a bar for each dimension, the most telling first. A dimension near 0 is not used."
      height={() => barHeight}
      maxWidth={620}
      draw={draw}
      table={() => ({
        columns: ['dimension', 'nats', 'variance of the codes'],
        rows: dimensions.map(({ dimension, kl = 0, variance }) => [`z${dimension + 1}`, kl, variance]),
      })}
    />
  );
}
