/** A metric along the steps of a run, with the timeline's position; pressing it moves there. */
import type { JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { RunView } from '../run/run-view.js';
import { decimated, Series, smoothed } from '../run/series.js';
import { theme } from '../shell/theme.js';
import { Frame } from './frame.js';
import { formatNumber } from './numbers.js';
import { canvasStyle } from './picture.js';

interface ChartProps {
  readonly run: RunView;
  readonly metric: string;
  readonly name: string;
  readonly height: number;
}

/** Points that are drawn, at most. */
const most = 1500;
const smoothing = 0.75;

export function Chart({ run, metric, name, height }: ChartProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | null>(null);
  const id = useId();
  const look = theme.value;
  const value = run.numbers.value >= 0 ? run.valueOf(metric) : undefined;

  useEffect(() => {
    const element = box.current!;
    const style = canvasStyle();
    const options = optionsOf(style, { width: element.clientWidth, height }, () => run.position.peek());
    const plot = new UPlot(options, dataOf(run, metric), element);
    chart.current = plot;
    const canvas = plot.root.querySelector('canvas')!;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', name);
    canvas.setAttribute('aria-describedby', id);
    plot.over.addEventListener('click', () => {
      const index = plot.cursor.idx;
      if (index != null) run.position.value = plot.data[0][index];
    });
    const observer = new ResizeObserver(([entry]) =>
      plot.setSize({ width: Math.round(entry!.contentRect.width), height }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
      chart.current = null;
    };
  }, [run, metric, look, height]);

  useEffect(() => run.numbers.subscribe(() => chart.current?.setData(dataOf(run, metric))), [run, metric]);
  useEffect(() => run.position.subscribe(() => chart.current?.redraw(false)), [run]);

  const series = run.series.get(metric);
  return (
    <Frame
      name={name}
      aside={<output class="picture-value">{value === undefined ? '–' : formatNumber(value)}</output>}
      noteId={id}
      description={describe(run, metric)}
      canvas={() => box.current!.querySelector('canvas')}
      table={() => ({
        columns: ['step', name],
        rows: series === undefined ? [] : transpose(decimated(series, 150)),
      })}
    >
      <div class="chart" ref={box} />
    </Frame>
  );
}

function describe(run: RunView, metric: string): string {
  const series = run.series.get(metric);
  if (series === undefined || series.values.length === 0) return 'Nothing yet.';
  const held = run.series.get(`validation:${metric}`)?.values.at(-1);
  const known = held === undefined ? '' : ` Dots: on items it has not seen, ${formatNumber(held)} at last.`;
  return `From ${formatNumber(series.values[0]!)} to ${formatNumber(series.values.at(-1)!)} in ${series.steps.at(-1)} steps.${known}`;
}

const transpose = ([steps, values]: [number[], number[]]): [number, number][] =>
  steps.map((step, i) => [step, values[i]!]);

/** Steps, values, their running mean, and values on held-out items where the step is near enough. */
function dataOf(run: RunView, metric: string): UPlot.AlignedData {
  const [steps, values] = decimated(run.series.get(metric) ?? new Series(), most);
  const held: (number | null)[] = steps.map(() => null);
  const validation = run.series.get(`validation:${metric}`);
  let at = 0;
  for (const [i, step] of (validation?.steps ?? []).entries()) {
    while (at < steps.length - 1 && steps[at]! < step) at++;
    if (steps.length > 0) held[at] = validation!.values[i]!;
  }
  return [steps, values, smoothed(values, smoothing), held];
}

function optionsOf(
  style: ReturnType<typeof canvasStyle>,
  size: { width: number; height: number },
  position: () => number | undefined,
): UPlot.Options {
  const axis = {
    stroke: style.muted,
    font: `11px ${style.font}`,
    grid: { stroke: style.rule, width: 1 },
    ticks: { show: false },
  };
  return {
    ...size,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { time: false } },
    padding: [6, 14, 0, 0],
    axes: [
      { ...axis, size: 22, gap: 2, space: 60 },
      { ...axis, size: 46, gap: 4, space: 26, values: (_, ticks) => ticks.map((tick) => formatNumber(tick)) },
    ],
    series: [
      {},
      { stroke: `${style.accent}55`, width: 1, points: { show: false } },
      { stroke: style.accent, width: 2, points: { show: false } },
      { stroke: style.ink, width: 0, points: { show: true, size: 6, fill: style.ink } },
    ],
    hooks: {
      draw: [
        (plot) => {
          const at = position();
          if (at === undefined) return;
          const x = Math.round(plot.valToPos(at, 'x', true));
          const { top, height } = plot.bbox;
          plot.ctx.save();
          plot.ctx.strokeStyle = style.ink;
          plot.ctx.setLineDash([4, 4]);
          plot.ctx.beginPath();
          plot.ctx.moveTo(x, top);
          plot.ctx.lineTo(x, top + height);
          plot.ctx.stroke();
          plot.ctx.restore();
        },
      ],
    },
  };
}
