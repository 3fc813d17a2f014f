/** The map itself: names between two axes, and lines to what each grows out of. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { trained } from '../run/trained.js';
import { type Box, layOut, neighbour } from './layout.js';
import type { ConceptOutline, FamilyOutline } from './outline.js';

interface PlotProps {
  readonly families: readonly FamilyOutline[];
  readonly chosen: string | undefined;
  choose(id: string | undefined): void;
  /** Whether a concept stands out or is faint. */
  clear(concept: ConceptOutline, family: string): boolean;
}

/** Pixels: of a name's height, of the dot and the space beside its text, around the whole. */
const tall = 28;
const besideText = 34;
const inset = { left: 34, right: 8, top: 10, bottom: 34 };

const ways: Readonly<Record<string, readonly [number, number]>> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};

export function Plot({ families, chosen, choose, clear }: PlotProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  const near = useSignal<string | undefined>(undefined);
  const concepts = useMemo(() => families.flatMap((family) => family.concepts), [families]);

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      size.value = { width: Math.round(width), height: Math.round(height) };
    });
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);

  const { width, height } = size.value;
  const boxes = useMemo(() => {
    if (width === 0) return [];
    const context = document.createElement('canvas').getContext('2d')!;
    context.font = `500 13px ${getComputedStyle(document.body).fontFamily}`;
    const widths = new Map(concepts.map(({ id, title }) => [id, context.measureText(title).width + besideText]));
    const inner = { width: width - inset.left - inset.right, height: height - inset.top - inset.bottom };
    return layOut(concepts, { ...inner, tall, widths });
  }, [concepts, width, height]);

  const placed = new Map(boxes.map((box) => [box.id, box]));
  const lit = near.value ?? chosen;
  const lines = concepts.flatMap(({ id, from }) => from.map((origin) => ({ id, origin })));
  const relatives = new Set(lines.filter((l) => l.id === lit || l.origin === lit).flatMap((l) => [l.id, l.origin]));
  const first = chosen ?? concepts[0]!.id;

  return (
    <div
      class={lit === undefined ? 'plot' : 'plot plot-lit'}
      ref={frame}
      onKeyDown={(event) => {
        const way = ways[event.key];
        const id = (event.target as HTMLElement).dataset['concept'];
        if (way === undefined || id === undefined) return;
        event.preventDefault();
        const next = neighbour(boxes, id, way);
        if (next !== undefined) frame.current!.querySelector<HTMLElement>(`[data-concept="${next}"]`)?.focus();
      }}
    >
      <Ground width={width} height={height} />
      <svg class="plot-lines" width={width} height={height} aria-hidden="true">
        <g transform={`translate(${inset.left} ${inset.top})`}>
          {lines.map(({ id, origin }) => {
            const [a, b] = [placed.get(origin), placed.get(id)];
            if (a === undefined || b === undefined) return null;
            const on = lit === id || lit === origin;
            return <path key={`${origin}-${id}`} d={curve(a, b)} class={on ? 'line line-on' : 'line'} />;
          })}
        </g>
      </svg>
      {families.map((family) => (
        <div
          key={family.id}
          role="group"
          aria-label={family.title}
          style={{ '--family': `var(--family-${family.id})` }}
        >
          {family.concepts.map((concept) => {
            const box = placed.get(concept.id);
            if (box === undefined) return null;
            const faint =
              !clear(concept, family.id) || (lit !== undefined && lit !== concept.id && !relatives.has(concept.id));
            const progress = trained.value[concept.id];
            return (
              <button
                key={concept.id}
                type="button"
                class={`node node-${concept.state}${faint ? ' node-faint' : ''}`}
                data-concept={concept.id}
                aria-pressed={concept.id === chosen}
                tabIndex={concept.id === first ? 0 : -1}
                style={{
                  left: `${inset.left + box.x - box.halfWidth}px`,
                  top: `${inset.top + box.y - box.halfHeight}px`,
                  width: `${2 * box.halfWidth}px`,
                }}
                onClick={() => choose(concept.id === chosen ? undefined : concept.id)}
                onPointerEnter={() => {
                  near.value = concept.id;
                }}
                onPointerLeave={() => {
                  near.value = undefined;
                }}
              >
                <span class="dot" />
                <span>{concept.title}</span>
                {concept.state === 'planned' && <span class="sr-only"> (not built yet)</span>}
                {progress !== undefined && (
                  <span class="ring" style={{ '--part': progress.step / Math.max(1, progress.totalSteps) }}>
                    <span class="sr-only">
                      {' '}
                      trained for {progress.step} of {progress.totalSteps} steps
                    </span>
                  </span>
                )}
              </button>
            );
          })}
        </div>
      ))}
    </div>
  );
}

/** The axes: arrows at the lower and left edges, with a word at either end. */
function Ground({ width, height }: { width: number; height: number }): JSX.Element {
  const [left, bottom] = [18, height - 18];
  return (
    <svg class="plot-ground" width={width} height={height} aria-hidden="true">
      <line x1={left} y1={bottom} x2={width - 6} y2={bottom} />
      <line x1={left} y1={bottom} x2={left} y2={6} />
      <text x={left + 14} y={height - 3}>
        discriminative: answers about items
      </text>
      <text x={width - 6} y={height - 3} text-anchor="end">
        generative: makes items →
      </text>
      <text transform={`translate(11 ${bottom - 14}) rotate(-90)`}>deterministic</text>
      <text transform="translate(11 6) rotate(-90)" text-anchor="end">
        probabilistic →
      </text>
    </svg>
  );
}

function curve(a: Box, b: Box): string {
  const middle = (a.x + b.x) / 2;
  return `M${a.x} ${a.y}C${middle} ${a.y} ${middle} ${b.y} ${b.x} ${b.y}`;
}
