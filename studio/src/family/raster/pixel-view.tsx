/** One pixel: which others its level depends on, what it may be, and what the model expects everywhere. */
import { type Signal, useSignal } from '@preact/signals';
import type { HostTensor } from 'genera';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Answers } from '../../../../src/inference/explore-queries.js';
import { drawGrid, type ImageSet, imageSet, type Look } from '../../pictures/images.js';
import type { Table } from '../../pictures/numbers.js';
import { Picture, type Surface } from '../../pictures/picture.js';
import { useAnswers } from '../../run/answers.js';
import type { FamilyProps } from '../family.js';
import { Answered, Slider } from '../parts.js';

const items = 20;

interface Place {
  readonly row: Signal<number>;
  readonly column: Signal<number>;
}

export function PixelView({ run, data }: FamilyProps): JSX.Element {
  const [, H = 1, W = 1] = data?.shape ?? [];
  const item = useSignal(0);
  const row = useSignal(Math.floor(H / 2));
  const column = useSignal(Math.floor(W / 2));
  const query = { kind: 'pixel' as const, item: item.value, row: row.value, column: column.value };
  const answers = useAnswers(run, JSON.stringify(query), (explore) => explore(query));
  return (
    <>
      <div class="row">
        <Slider label="Item" min={0} max={items - 1} step={1} value={item} text={(n) => `${n + 1}`} />
        <Slider label="Row" min={0} max={H - 1} step={1} value={row} text={(n) => `${n + 1}`} />
        <Slider label="Column" min={0} max={W - 1} step={1} value={column} text={(n) => `${n + 1}`} />
      </div>
      <Answered answers={answers}>
        {(answer, step) => <Views answer={answer} step={step} place={{ row, column }} />}
      </Answered>
    </>
  );
}

function Views({ answer, step, place }: { answer: Answers['pixel']; step: number; place: Place }): JSX.Element {
  const { items: item, field, probabilities } = answer;
  const at = `row ${place.row.value + 1}, column ${place.column.value + 1}`;
  const largest = (field.data as Float32Array).reduce((a, b) => Math.max(a, b), 0);
  const shown = useMemo(
    () => ({ ...field, data: (field.data as Float32Array).map((v) => Math.sqrt(v / (largest || 1))) }),
    [answer],
  );
  const expected = useMemo(() => expectation(probabilities), [answer]);
  return (
    <>
      <div class="ways">
        <PixelMap
          name="The item"
          description="What the model has never seen. Press a pixel, or move the sliders."
          items={item}
          look="light"
          place={place}
        />
        <PixelMap
          name="What it depends on"
          description={`How much the logits of the pixel at ${at} change with each other one, at step ${step}; colours by the square root. Nothing below, and nothing at its right.`}
          items={shown}
          look="heat"
          place={place}
          table={() => strongest(field)}
        />
        <PixelMap
          name="What it expects"
          description="The mean grey level of each pixel, given all those before it."
          items={expected}
          look="light"
          place={place}
        />
      </div>
      <Levels probabilities={probabilities} place={place} step={step} />
    </>
  );
}

interface PixelMapProps {
  readonly name: string;
  readonly description: string;
  /** One image. */
  readonly items: HostTensor;
  readonly look: Look;
  readonly place: Place;
  table?(): Table;
}

/** An image with the chosen pixel marked. */
function PixelMap({ name, description, items: image, look, place, table }: PixelMapProps): JSX.Element {
  const set = useMemo(() => imageSet(image)!, [image]);
  const [row, column] = [place.row.value, place.column.value];
  const draw = useMemo(
    () =>
      ({ context, width }: Surface) => {
        drawGrid(context, set, width, { columns: 1 }, look);
        const cell = width / set.width;
        for (const [colour, line] of [
          ['#10141b', 4],
          ['#ff5ca8', 2],
        ] as const) {
          context.strokeStyle = colour;
          context.lineWidth = line;
          context.strokeRect(column * cell, row * cell, cell, cell);
        }
      },
    [set, row, column],
  );
  return (
    <Picture
      name={name}
      description={description}
      height={(width) => (width * set.height) / set.width}
      draw={draw}
      onPoint={(x, y, width) => {
        const cell = width / set.width;
        place.column.value = Math.min(set.width - 1, Math.max(0, Math.floor(x / cell)));
        place.row.value = Math.min(set.height - 1, Math.max(0, Math.floor(y / cell)));
      }}
      table={table ?? (() => rowMeans(set))}
    />
  );
}

/** The pixels that matter most. */
function strongest({ shape, data }: HostTensor): Table {
  const width = shape[3]!;
  const order = Array.from(data.keys()).sort((a, b) => Number(data[b]) - Number(data[a]));
  return {
    columns: ['row', 'column', 'change of the logit'],
    rows: order
      .slice(0, 40)
      .filter((i) => Number(data[i]) > 0)
      .map((i) => [Math.floor(i / width) + 1, (i % width) + 1, Number(data[i])]),
  };
}

function rowMeans({ width, height, data }: ImageSet): Table {
  return {
    columns: ['row', 'mean brightness'],
    rows: Array.from({ length: height }, (_, r) => {
      let total = 0;
      for (let c = 0; c < width; c++) total += data[r * width + c]!;
      return [r + 1, total / width];
    }),
  };
}

/** Σ level·p: [levels, H, W] → [1, 1, H, W] in 0…1 */
function expectation({ shape, data }: HostTensor): HostTensor {
  const [levels, H, W] = shape as [number, number, number];
  const mean = new Float32Array(H * W);
  for (let l = 0; l < levels; l++) {
    for (let i = 0; i < H * W; i++) mean[i] = mean[i]! + (l / (levels - 1)) * Number(data[l * H * W + i]);
  }
  return { shape: [1, 1, H, W], dtype: 'float32', data: mean };
}

interface LevelsProps {
  readonly probabilities: HostTensor;
  readonly place: Place;
  readonly step: number;
}

function Levels({ probabilities, place, step }: LevelsProps): JSX.Element {
  const [levels, H, W] = probabilities.shape as [number, number, number];
  const at = place.row.value * W + place.column.value;
  const parts = Array.from({ length: levels }, (_, l) => Number(probabilities.data[l * H * W + at]));
  const bits = parts.reduce((sum, p) => (p > 0 ? sum - p * Math.log2(p) : sum), 0);
  const draw = useMemo(
    () =>
      ({ context, width, height, style }: Surface) => {
        const pitch = (width - 16) / levels;
        context.font = `11px ${style.font}`;
        context.textAlign = 'center';
        for (const [l, p] of parts.entries()) {
          const [x, tall] = [8 + l * pitch, p * (height - 60)];
          context.fillStyle = style.accent;
          context.fillRect(x + 0.14 * pitch, height - 40 - tall, 0.72 * pitch, tall);
          const grey = Math.round((255 * l) / (levels - 1));
          context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
          context.fillRect(x + 0.14 * pitch, height - 36, 0.72 * pitch, 14);
          context.strokeStyle = style.muted;
          context.lineWidth = 1;
          context.strokeRect(x + 0.14 * pitch, height - 36, 0.72 * pitch, 14);
          context.fillStyle = style.muted;
          context.fillText(`${(100 * p).toFixed(levels > 8 ? 0 : 1)} %`, x + pitch / 2, height - 6);
        }
      },
    [probabilities, at],
  );
  return (
    <Picture
      name="What the pixel may be"
      description={`The probability of each grey level at row ${place.row.value + 1}, column ${place.column.value + 1}, given the pixels before it, at step ${step}; ${bits.toFixed(2)} bits of surprise on average.`}
      height={() => 180}
      maxWidth={Math.max(240, 60 * levels)}
      draw={draw}
      table={() => ({
        columns: ['level', 'probability'],
        rows: parts.map((p, l) => [l, p]),
      })}
    />
  );
}
