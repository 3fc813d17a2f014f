/** A picture on a canvas that is drawn anew when what it shows, its width or the theme changes. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { styleValue, theme } from '../shell/theme.js';
import type { Film } from './film.js';
import { Frame } from './frame.js';
import type { Table } from './numbers.js';

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly style: ReturnType<typeof canvasStyle>;
}

export interface PictureProps {
  readonly name: string;
  /** What is to be seen, for those who do not see it. */
  readonly description: string;
  /** Height in pixels for a width. */
  readonly height: (width: number) => number;
  /** Changes when there is something else to draw. */
  draw(surface: Surface): void;
  /** The numbers behind it; computed only when they are asked for. */
  readonly table?: (() => Table) | undefined;
  /** Widest, in pixels. */
  readonly maxWidth?: number;
  /** Where it was pressed, in pixels of its width. */
  onPoint?(x: number, y: number, width: number): void;
  readonly aside?: ComponentChildren;
  readonly film?: Film | undefined;
}

/** Colours and type of the style sheet. */
export function canvasStyle() {
  return {
    ink: styleValue('--ink'),
    muted: styleValue('--muted'),
    rule: styleValue('--rule'),
    accent: styleValue('--accent'),
    surface: styleValue('--surface'),
    font: styleValue('--sans'),
  };
}

export function Picture(props: PictureProps): JSX.Element {
  const { name, description, height, draw, table, maxWidth, onPoint, aside, film } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const id = useId();
  const width = useSignal(0);
  const wide = width.value;
  const look = theme.value;

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.round(entry!.contentRect.width);
    });
    observer.observe(canvas.current!);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (wide === 0) return;
    const request = requestAnimationFrame(() => {
      // The page may have been left meanwhile.
      if (canvas.current !== null) paint(canvas.current, wide, Math.max(1, Math.round(height(wide))), draw);
    });
    return () => cancelAnimationFrame(request);
  }, [wide, look, draw]);

  const press = (event: MouseEvent): void => {
    const { left, top, width: across } = canvas.current!.getBoundingClientRect();
    onPoint?.(event.clientX - left, event.clientY - top, across);
  };
  return (
    <Frame
      name={name}
      description={description}
      noteId={id}
      table={table}
      maxWidth={maxWidth}
      aside={aside}
      film={film}
      canvas={() => canvas.current}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={name}
        aria-describedby={id}
        class={onPoint === undefined ? undefined : 'pointed'}
        onClick={onPoint === undefined ? undefined : press}
      />
    </Frame>
  );
}

function paint(canvas: HTMLCanvasElement, width: number, height: number, draw: PictureProps['draw']): void {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  canvas.style.visibility = 'visible';
  const context = canvas.getContext('2d')!;
  context.scale(ratio, ratio);
  draw({ context, width, height, style: canvasStyle() });
}
