/** What the pictures of all families are put together from. */
import { useSignal } from '@preact/signals';
import type { HostTensor } from 'genera';
import type { ComponentChildren, JSX } from 'preact';
import { useId, useMemo } from 'preact/hooks';
import type { Film } from '../pictures/film.js';
import { drawGrid, gridHeight, type ImageSet, imageSet, type Look } from '../pictures/images.js';
import { itemTable } from '../pictures/numbers.js';
import { Picture, type Surface } from '../pictures/picture.js';

interface TabsProps {
  readonly label: string;
  readonly tabs: readonly { readonly id: string; readonly title: string; readonly body: () => JSX.Element }[];
}

/** Only the open tab's body exists, so only its questions are asked. */
export function Tabs({ label, tabs }: TabsProps): JSX.Element {
  const open = useSignal(tabs[0]!.id);
  const id = useId();
  const current = tabs.find((tab) => tab.id === open.value) ?? tabs[0]!;
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(current) + by + tabs.length) % tabs.length]!;
    open.value = next.id;
    document.getElementById(`${id}-${next.id}`)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            id={`${id}-${tab.id}`}
            type="button"
            role="tab"
            aria-selected={tab === current}
            aria-controls={`${id}-panel`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => {
              open.value = tab.id;
            }}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div class="tab-body" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${current.id}`}>
        <TabBody key={current.id} body={current.body} />
      </div>
    </>
  );
}

/** Called, not used as a component: it is another function at each rendering, and what it shows must stay. */
const TabBody = ({ body }: { body: () => JSX.Element }): JSX.Element => body();

/** An answer's picture, or why there is none, or that it is on its way. */
export function Answered<T>({
  answers,
  children,
}: {
  answers: { shown: { value: { step: number; value: T } | undefined }; refusal: { value: string | undefined } };
  children: (value: T, step: number) => ComponentChildren;
}): JSX.Element {
  const refusal = answers.refusal.value;
  if (refusal !== undefined) return <p class="empty">{refusal}</p>;
  const shown = answers.shown.value;
  return shown === undefined ? <p class="empty">Asking the model…</p> : <>{children(shown.value, shown.step)}</>;
}

interface ImagesProps {
  readonly name: string;
  readonly description: string;
  readonly items: HostTensor;
  readonly columns: number;
  readonly look?: Look;
  readonly maxWidth?: number;
  /** Names of the items in the table. */
  readonly names?: readonly string[];
  onItem?(i: number): void;
  /** Other moments of the same images. */
  readonly film?: ImageFilm;
}

export interface ImageFilm {
  count(): number;
  items(frame: number): HostTensor;
  caption?(frame: number): string;
}

/** Images of a grid, moment by moment. */
function filmOf({ items, ...film }: ImageFilm, columns: number, look: Look = 'light'): Film {
  const at = (frame: number): ImageSet => imageSet(items(frame))!;
  return {
    ...film,
    height: (width) => gridHeight(at(0), width, { columns }),
    draw: ({ context, width }, frame) => drawGrid(context, at(frame), width, { columns }, look),
  };
}

/** Images in rows. */
export function Images({
  name,
  description,
  items,
  columns,
  look = 'light',
  maxWidth,
  names,
  onItem,
  film,
}: ImagesProps): JSX.Element {
  const set = useMemo(() => imageSet(items), [items]);
  const draw = useMemo(
    () =>
      ({ context, width }: Surface): void => {
        if (set !== undefined) drawGrid(context, set, width, { columns }, look);
      },
    [set, columns, look],
  );
  if (set === undefined) return <p class="empty">These items are no images.</p>;
  return (
    <Picture
      name={name}
      description={description}
      height={(width) => gridHeight(set, width, { columns })}
      draw={draw}
      table={() => itemTable(items, names)}
      {...(maxWidth === undefined ? {} : { maxWidth })}
      film={film && filmOf(film, columns, look)}
      {...(onItem === undefined
        ? {}
        : {
            onPoint: (x: number, y: number, width: number) => {
              const pitch = width / columns;
              const tall = gridHeight(set, width, { columns }) / Math.ceil(set.count / columns);
              const i = Math.floor(x / pitch) + columns * Math.floor(y / tall);
              if (i >= 0 && i < set.count) onItem(i);
            },
          })}
    />
  );
}

/** Several tensors of the same images one below the other, as one: [rows · n, …]. */
export function stacked(sets: readonly HostTensor[]): HostTensor {
  const [first] = sets;
  const data = new Float32Array(sets.reduce((n, set) => n + set.data.length, 0));
  let at = 0;
  for (const set of sets) {
    data.set(set.data as Float32Array, at);
    at += set.data.length;
  }
  return { shape: [sets.reduce((n, set) => n + set.shape[0]!, 0), ...first!.shape.slice(1)], dtype: 'float32', data };
}

/** Rows from…to of a tensor. */
export function rowsOf(tensor: HostTensor, from: number, to: number): HostTensor {
  const size = tensor.data.length / tensor.shape[0]!;
  return {
    shape: [to - from, ...tensor.shape.slice(1)],
    dtype: 'float32',
    data: (tensor.data as Float32Array).slice(from * size, to * size),
  };
}

/** A signal, or what acts as one. */
interface Settable<T> {
  value: T;
}

interface SliderProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: Settable<number>;
  readonly text?: (value: number) => string;
}

export function Slider({ label, min, max, step, value, text = String }: SliderProps): JSX.Element {
  const id = useId();
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value.value}
        aria-valuetext={text(value.value)}
        onInput={(event) => {
          value.value = Number(event.currentTarget.value);
        }}
      />
      <output for={id}>{text(value.value)}</output>
    </div>
  );
}

interface PickProps<T extends string | number> {
  readonly label: string;
  readonly value: Settable<T>;
  readonly options: readonly { readonly value: T; readonly label: string }[];
}

export function Pick<T extends string | number>({ label, value, options }: PickProps<T>): JSX.Element {
  const id = useId();
  return (
    <div class="pick">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={String(value.value)}
        onChange={(event) => {
          const { selectedIndex } = event.currentTarget;
          value.value = options[selectedIndex]!.value;
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={String(option.value)}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A class, for conditional models. */
export function ClassPick({
  classes,
  value,
}: {
  classes: readonly string[];
  value: Settable<number>;
}): JSX.Element | null {
  if (classes.length === 0) return null;
  return <Pick label="Class" value={value} options={classes.map((label, i) => ({ value: i, label }))} />;
}
