/** How much of the item is left in the noise at each time, and where the sampler is. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Answers } from '../../../../src/inference/explore-queries.js';
import { Picture, type Surface } from '../../pictures/picture.js';

export function SignalCurve({
  trajectory,
  frame,
}: {
  trajectory: Answers['trajectory'];
  frame: number;
}): JSX.Element | null {
  const times = trajectory.numbers['time'];
  const alphas = trajectory.numbers['alpha_bar'];
  const draw = useMemo(
    () => (surface: Surface) => {
      if (times !== undefined && alphas !== undefined) drawCurve(surface, times, alphas, frame);
    },
    [trajectory, frame],
  );
  if (times === undefined || alphas === undefined) return null;
  const alpha = alphas[frame]!;
  return (
    <Picture
      name="What is left of the item: ᾱ and the signal-to-noise ratio"
      description={`At t = ${Math.round(times[frame]!)}: ᾱ = ${alpha.toFixed(4)}, signal to noise ${(alpha / (1 - alpha)).toPrecision(3)}.`}
      height={() => 150}
      draw={draw}
      table={() => ({
        columns: ['t', 'ᾱ', 'signal to noise'],
        rows: times.map((time, i) => [time, alphas[i]!, alphas[i]! / (1 - alphas[i]!)]),
      })}
    />
  );
}

const inset = { left: 8, right: 8, top: 14, bottom: 20 };
/** Powers of ten of the ratio that the curve spans. */
const decades = [-4, 4] as const;

function drawCurve(
  { context, width, height, style }: Surface,
  times: readonly number[],
  alphas: readonly number[],
  frame: number,
): void {
  const largest = Math.max(...times, 1);
  const x = (time: number): number => inset.left + (1 - time / largest) * (width - inset.left - inset.right);
  const y = (part: number): number => height - inset.bottom - part * (height - inset.top - inset.bottom);
  const ratio = (alpha: number): number => {
    const power = Math.log10(Math.max(1e-9, alpha) / Math.max(1e-9, 1 - alpha));
    return Math.min(1, Math.max(0, (power - decades[0]) / (decades[1] - decades[0])));
  };
  const line = (of: (alpha: number) => number, colour: string): void => {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    for (const [i, time] of times.entries()) context.lineTo(x(time), y(of(alphas[i]!)));
    context.stroke();
  };
  context.fillStyle = style.muted;
  context.font = `11px ${style.font}`;
  context.textAlign = 'left';
  context.fillText('noise', inset.left, height - 5);
  context.textAlign = 'right';
  context.fillText('item', width - inset.right, height - 5);
  context.strokeStyle = style.rule;
  context.strokeRect(inset.left, inset.top, width - inset.left - inset.right, height - inset.top - inset.bottom);
  line((alpha) => alpha, style.accent);
  line(ratio, style.muted);
  context.strokeStyle = style.ink;
  context.setLineDash([4, 4]);
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x(times[frame]!), inset.top);
  context.lineTo(x(times[frame]!), height - inset.bottom);
  context.stroke();
  context.setLineDash([]);
  context.textAlign = 'left';
  context.fillStyle = style.accent;
  context.fillText('ᾱ', inset.left + 6, inset.top + 12);
  context.fillStyle = style.muted;
  context.fillText('log SNR', inset.left + 22, inset.top + 12);
}
