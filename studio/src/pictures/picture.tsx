/** A canvas that everybody can read: it has a name, a description, the numbers it shows as a table, and saves itself. */
import { signal } from '@preact/signals';
import { useEffect, useId, useMemo, useRef } from 'preact/hooks';
import type { ComponentChildren, JSX } from 'preact';
import { recipeOf, savePicture } from '../export/save.js';
import { styleValue, theme } from '../shell/theme.js';
import { Icon } from '../shell/icon.js';
import { type Table, TableView } from './table.js';

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly style: { ink: string; muted: string; rule: string; accent: string; surface: string; font: string };
}

export interface PictureProps {
  readonly name: string;
  /** What is to be seen, for those who do not see it. */
  readonly description: string;
  /** Height in pixels for a width. */
  readonly height: (width: number) => number;
  draw(surface: Surface): void;
  /** The numbers behind it; computed only when they are asked for. */
  readonly table?: (() => Table) | undefined;
  /** Widest, in pixels. */
  readonly maxWidth?: number;
  /** Where it was pressed, in pixels of its width and height. */
  onPoint?(x: number, y: number, width: number): void;
  onKeyDown?(event: KeyboardEvent): void;
  readonly children?: ComponentChildren;
}

export function Picture({ name, description, height, draw, table, maxWidth, onPoint, onKeyDown, children }: PictureProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const id = useId();
  const { width, open } = useMemo(() => ({ width: signal(0), open: signal(false) }), []);
  const drawn = width.value;
  const look = theme.value;

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.round(entry!.contentRect.width);
    });
    observer.observe(canvas.current!);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = canvas.current!;
    if (drawn === 0) return;
    const request = requestAnimationFrame(() => {
      const ratio = devicePixelRatio || 1;
      const tall = Math.max(1, Math.round(height(drawn)));
      element.width = Math.round(drawn * ratio);
      element.height = Math.round(tall * ratio);
      element.style.height = `${tall}px`;
      const context = element.getContext('2d')!;
      context.scale(ratio, ratio);
      const style = {
        ink: styleValue('--ink'),
        muted: styleValue('--muted'),
        rule: styleValue('--rule'),
        accent: styleValue('--accent'),
        surface: styleValue('--surface'),
        font: styleValue('--sans'),
      };
      draw({ context, width: drawn, height: tall, style });
    });
    return () => cancelAnimationFrame(request);
  }, [drawn, look, draw]);

  const press = (event: MouseEvent): void => {
    const { left, top, width: wide } = canvas.current!.getBoundingClientRect();
    onPoint?.(event.clientX - left, event.clientY - top, wide);
  };

  return (
    <figure class="picture" style={maxWidth === undefined ? undefined : { maxWidth }}>
      <figcaption class="picture-head">
        <span class="picture-name">{name}</span>
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
          <button
            type="button"
            class="tool"
            aria-label={`Save ${name} as PNG`}
            title="Save as PNG, with its recipe inside"
            onClick={() => void savePicture(canvas.current!, name, recipeOf(name))}
          >
            <Icon name="save" />
          </button>
        </span>
      </figcaption>
      <canvas
        ref={canvas}
        role="img"
        aria-label={name}
        aria-describedby={id}
        tabIndex={onKeyDown === undefined ? undefined : 0}
        class={onPoint === undefined ? undefined : 'pointed'}
        onClick={onPoint === undefined ? undefined : press}
        onKeyDown={onKeyDown}
      />
      <p id={id} class="picture-note">
        {description}
      </p>
      {children}
      {open.value && table !== undefined && <TableView table={table()} caption={name} />}
    </figure>
  );
}
