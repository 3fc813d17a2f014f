/** How often the discriminator gives which score. */
import type { HostTensor } from 'genera';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Picture, type Surface } from '../../pictures/picture.js';
import type { FamilyProps } from '../family.js';
import { Answered } from '../parts.js';
import { colours, useGame } from './game.js';

const bins = 30;

export function Scores(props: FamilyProps): JSX.Element {
  const { answers, pick } = useGame(props, false);
  return (
    <>
      {pick}
      <Answered answers={answers}>
        {({ scores }, step) =>
          scores === undefined ? (
            <p class="empty">The discriminator of this model does not judge items one by one.</p>
          ) : (
            <Histogram scores={scores} step={step} />
          )
        }
      </Answered>
    </>
  );
}

function Histogram({ scores, step }: { scores: readonly [HostTensor, HostTensor]; step: number }): JSX.Element {
  const { counts, low, high } = useMemo(() => {
    const all = scores.flatMap((s) => Array.from(s.data as Float32Array));
    const from = Math.min(...all);
    const to = Math.max(...all);
    const [least, most] = from >= 0 && to <= 1 ? [0, 1] : [from, to];
    const counted = scores.map((s) => {
      const n = new Array<number>(bins).fill(0);
      for (const value of s.data as Float32Array)
        n[Math.min(bins - 1, Math.floor(((value - least) / (most - least || 1)) * bins))]!++;
      return n.map((c) => c / s.data.length);
    }) as [number[], number[]];
    return { counts: counted, low: least, high: most };
  }, [scores]);
  const draw = useMemo(
    () =>
      ({ context, width, height, style }: Surface) => {
        const largest = Math.max(...counts.flat(), 0.01);
        const pitch = (width - 20) / bins;
        for (const [k, colour] of [colours.real, colours.fake].entries()) {
          context.fillStyle = colour;
          for (const [i, part] of counts[k as 0 | 1].entries()) {
            const tall = (part / largest) * (height - 30);
            context.fillRect(10 + i * pitch + (k * pitch) / 2, height - 20 - tall, pitch / 2 - 1, tall);
          }
        }
        context.fillStyle = style.muted;
        context.font = `11px ${style.font}`;
        context.textAlign = 'left';
        context.fillText(`${low.toFixed(2)}: generated`, 10, height - 5);
        context.textAlign = 'right';
        context.fillText(`real: ${high.toFixed(2)}`, width - 10, height - 5);
      },
    [counts],
  );
  return (
    <Picture
      name="Scores of real and generated items"
      description={`How often the discriminator gives which score, green for real items and violet for generated ones, at step ${step}. Where they lie upon each other it cannot tell them apart.`}
      height={() => 240}
      maxWidth={620}
      draw={draw}
      table={() => ({
        columns: ['score from', 'real', 'generated'],
        rows: counts[0].map((part, i) => [low + (i / bins) * (high - low), part, counts[1][i]!]),
      })}
    />
  );
}
