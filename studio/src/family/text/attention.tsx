/** What the heads of a transformer look at while they read a text: each head's weights, and a single token's view. */
import { type Signal, useSignal } from '@preact/signals';
import type { HostTensor } from 'genera';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Answers } from '../../../../src/inference/explore-queries.js';
import { cssColour, viridis } from '../../pictures/colour.js';
import { drawGrid, gridHeight, type ImageSet } from '../../pictures/images.js';
import { Picture, type Surface } from '../../pictures/picture.js';
import { useAnswers } from '../../run/answers.js';
import '../family.css';
import type { FamilyProps } from '../family.js';
import { Answered } from '../parts.js';
import { Prompt } from './prompt.js';
import { visible } from './tokens.js';

type AttentionAnswer = Answers['attention'];

const firstPrompt = 'the cat sat on the mat';
/** From here on viridis is light enough for black letters. */
const inkAbove = 0.42;

export function Attention({ run }: FamilyProps): JSX.Element {
  const prompt = useSignal(firstPrompt);
  const chosen = useSignal(0);
  const token = useSignal<number | undefined>(undefined);
  const answers = useAnswers(run, `attention ${prompt.value}`, (explore) =>
    explore({ kind: 'attention', prompt: prompt.peek() }),
  );
  return (
    <>
      <Prompt label="Text" value={prompt} />
      <Answered answers={answers}>
        {(answer, step) => <Looks answer={answer} step={step} chosen={chosen} token={token} />}
      </Answered>
    </>
  );
}

interface LooksProps {
  readonly answer: AttentionAnswer;
  readonly step: number;
  /** The head, counted through all layers. */
  readonly chosen: Signal<number>;
  readonly token: Signal<number | undefined>;
}

function Looks({ answer, step, chosen, token }: LooksProps): JSX.Element {
  const { prompt, weights } = answer;
  const [layers, heads, n] = weights.shape as [number, number, number];
  const head = Math.min(chosen.value, layers * heads - 1);
  const named = `layer ${Math.floor(head / heads) + 1}, head ${(head % heads) + 1}`;
  const from = Math.min(token.value ?? n - 1, n - 1);
  const row = rowOf(weights, head, from);
  const texts = prompt.map(({ text }) => visible(text));
  return (
    <>
      <ul class="strip looks" aria-label={`What “${texts[from]}” looks at, ${named}`}>
        {texts.map((text, i) => (
          <li key={i}>
            <button
              type="button"
              aria-pressed={i === from}
              aria-label={`${text}: ${percent(row[i]!)}`}
              style={{
                background: cssColour(viridis, shade(row[i]!)),
                color: shade(row[i]!) > inkAbove ? '#000000' : '#ffffff',
              }}
              title={i <= from ? `${percent(row[i]!)} of its attention` : 'It comes later, and cannot be seen'}
              onMouseEnter={() => {
                token.value = i;
              }}
              onFocus={() => {
                token.value = i;
              }}
            >
              {text}
            </button>
          </li>
        ))}
      </ul>
      <p class="picture-note">
        “{texts[from]}” looks at the tokens before it and at itself: the lighter, the more. Point at another token, or
        go through them with Tab.
      </p>
      <div class="attention">
        <HeadMap answer={answer} head={head} named={named} from={from} step={step} token={token} />
        <AllHeads answer={answer} head={head} step={step} chosen={chosen} />
      </div>
    </>
  );
}

/** Weights as colours: their square roots, since most are small. */
const shade = (weight: number): number => Math.sqrt(weight);
/** Stands out on all of viridis. */
const marker = '#ff5ca8';

const percent = (part: number): string => `${(100 * part).toFixed(0)} %`;

/** What token `from` looks at, in one head counted through all layers. */
function rowOf({ shape, data }: HostTensor, head: number, from: number): Float32Array {
  const n = shape[2]!;
  const at = (head * n + from) * n;
  return (data as Float32Array).subarray(at, at + n);
}

interface HeadMapProps {
  readonly answer: AttentionAnswer;
  readonly head: number;
  readonly named: string;
  readonly from: number;
  readonly step: number;
  readonly token: Signal<number | undefined>;
}

/** Letters of a token that are shown beside its row. */
const letters = 8;

/** Pixels for the names of the tokens. */
const marginFor = (texts: readonly string[]): number => 12 + 7 * Math.max(...texts.map((text) => text.length));

function HeadMap({ answer, head, named, from, step, token }: HeadMapProps): JSX.Element {
  const { prompt, weights } = answer;
  const n = prompt.length;
  const texts = prompt.map(({ text }) => visible(text).slice(0, letters));
  const margin = marginFor(texts);
  const draw = useMemo(
    () =>
      ({ context, width, style }: Surface) => {
        const cell = (width - margin) / n;
        context.font = `${Math.min(12, Math.max(6, cell * 0.7))}px ui-monospace, monospace`;
        context.textBaseline = 'middle';
        for (let i = 0; i < n; i++) {
          const row = rowOf(weights, head, i);
          for (let j = 0; j <= i; j++) {
            context.fillStyle = cssColour(viridis, shade(row[j]!));
            context.fillRect(margin + j * cell, margin + i * cell, Math.ceil(cell), Math.ceil(cell));
          }
          const text = texts[i]!;
          context.fillStyle = i === from ? style.ink : style.muted;
          context.textAlign = 'right';
          context.fillText(text, margin - 6, margin + (i + 0.5) * cell);
          context.save();
          context.translate(margin + (i + 0.5) * cell, margin - 6);
          context.rotate(-Math.PI / 2);
          context.textAlign = 'left';
          context.fillText(text, 0, 0);
          context.restore();
        }
        context.strokeStyle = marker;
        context.lineWidth = 2;
        context.strokeRect(margin, margin + from * cell, (from + 1) * cell, cell);
      },
    [answer, head, from],
  );
  return (
    <Picture
      name={`Attention of ${named}`}
      description={`Each row is a token and shows what it looks at, from none (dark) to all of its attention (yellow; colours by the square root), at step ${step}. Nothing looks ahead. Press a row to choose its token.`}
      height={(width) => width}
      maxWidth={440}
      draw={draw}
      onPoint={(_, y, width) => {
        const i = Math.floor((y - margin) / ((width - margin) / n));
        if (i >= 0 && i < n) token.value = i;
      }}
      table={() => ({
        columns: ['token', ...prompt.map(({ text }) => visible(text))],
        rows: prompt.map(({ text }, i) => [visible(text), ...rowOf(weights, head, i)]),
      })}
    />
  );
}

interface AllHeadsProps {
  readonly answer: AttentionAnswer;
  readonly head: number;
  readonly step: number;
  readonly chosen: Signal<number>;
}

function AllHeads({ answer, head, step, chosen }: AllHeadsProps): JSX.Element {
  const { weights } = answer;
  const [layers, heads, n] = weights.shape as [number, number, number];
  const set = useMemo((): ImageSet => {
    const data = (weights.data as Float32Array).map(shade);
    return { count: layers * heads, channels: 1, height: n, width: n, data };
  }, [answer]);
  const layout = { columns: heads, gap: 0.12 };
  const draw = useMemo(
    () =>
      ({ context, width }: Surface) => {
        drawGrid(context, set, width, layout, 'heat');
        const pitch = width / (heads - layout.gap / (1 + layout.gap));
        const side = pitch / (1 + layout.gap);
        context.strokeStyle = marker;
        context.lineWidth = 3;
        context.strokeRect((head % heads) * pitch + 1, Math.floor(head / heads) * pitch + 1, side - 2, side - 2);
      },
    [answer, head],
  );
  return (
    <div>
      <Picture
        name="All heads"
        description={`A row for each of ${layers} layers, a column for each of ${heads} heads, at step ${step}. Press one to see it large.`}
        height={(width) => gridHeight(set, width, layout)}
        maxWidth={Math.min(320, 130 * heads)}
        draw={draw}
        onPoint={(x, y, width) => {
          const pitch = width / (heads - layout.gap / (1 + layout.gap));
          const i = Math.floor(x / pitch) + heads * Math.floor(y / pitch);
          if (i >= 0 && i < layers * heads) chosen.value = i;
        }}
        table={() => ({
          columns: ['layer', 'head', 'on itself', 'tokens back, on average'],
          rows: Array.from({ length: layers * heads }, (_, i) => [
            Math.floor(i / heads) + 1,
            (i % heads) + 1,
            ...habits(weights, i),
          ]),
        })}
      />
      <label class="pick">
        <span>Head</span>
        <select
          value={String(head)}
          onChange={(event) => {
            chosen.value = event.currentTarget.selectedIndex;
          }}
        >
          {Array.from({ length: layers * heads }, (_, i) => (
            <option key={i} value={String(i)}>
              layer {Math.floor(i / heads) + 1}, head {(i % heads) + 1}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** Means over the tokens: the weight on the token itself, and how far back a head looks. */
function habits(weights: HostTensor, head: number): [itself: number, back: number] {
  const n = weights.shape[2]!;
  let [itself, back] = [0, 0];
  for (let i = 0; i < n; i++) {
    const row = rowOf(weights, head, i);
    itself += row[i]! / n;
    for (let j = 0; j < i; j++) back += (row[j]! * (i - j)) / n;
  }
  return [itself, back];
}
