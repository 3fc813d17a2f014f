/** What every picture has around it: a name, a description, its numbers as a table, and a way to save it. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { recipeOf, savePicture } from '../export/save.js';
import { Icon } from '../shell/icon.js';
import { type Film, saveFilm } from './film.js';
import './film.css';
import type { Table } from './numbers.js';
import { TableView } from './table.js';

interface FrameProps {
  readonly name: string;
  /** Beside the name, such as a value. */
  readonly aside?: ComponentChildren;
  /** Of the paragraph that describes it. */
  readonly noteId: string;
  readonly description: string;
  readonly table?: (() => Table) | undefined;
  readonly maxWidth?: number | undefined;
  /** What it is a moment of. */
  readonly film?: Film | undefined;
  canvas(): HTMLCanvasElement | null;
  readonly children: ComponentChildren;
}

export function Frame({
  name,
  aside,
  noteId,
  description,
  table,
  maxWidth,
  film,
  canvas,
  children,
}: FrameProps): JSX.Element {
  const open = useSignal(false);
  const filming = useSignal(false);
  const saveAll = async (): Promise<void> => {
    filming.value = true;
    await saveFilm(film!, name);
    filming.value = false;
  };
  const save = (): void => {
    const element = canvas();
    if (element !== null) void savePicture(element, name, recipeOf(name));
  };
  return (
    <figure class="picture" style={maxWidth === undefined ? undefined : { maxWidth }}>
      <figcaption class="picture-head">
        <span class="picture-name">{name}</span>
        {aside}
        <span class="picture-tools">
          {table !== undefined && (
            <button
              type="button"
              class="tool"
              aria-expanded={open.value}
              aria-label={`Numbers of ${name}`}
              title="Show the numbers"
              onClick={() => {
                open.value = !open.value;
              }}
            >
              <Icon name="table" />
            </button>
          )}
          {film !== undefined && (
            <button
              type="button"
              class="tool film"
              aria-label={`Save ${name} as an animated GIF`}
              title="Save all its moments as an animated GIF"
              disabled={filming.value}
              onClick={() => void saveAll()}
            >
              {filming.value ? '…' : 'GIF'}
            </button>
          )}
          <button
            type="button"
            class="tool"
            aria-label={`Save ${name} as PNG`}
            title="Save as PNG, with its recipe inside"
            onClick={save}
          >
            <Icon name="save" />
          </button>
        </span>
      </figcaption>
      {children}
      <p id={noteId} class="picture-note">
        {description}
      </p>
      {open.value && table !== undefined && <TableView table={table()} caption={name} />}
    </figure>
  );
}
