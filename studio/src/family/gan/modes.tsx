/** Which of the known modes the generator has found: samples of each, and how many lie in none. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Answers } from '../../../../src/inference/explore-queries.js';
import { Picture, type Surface } from '../../pictures/picture.js';
import { useAnswers } from '../../run/answers.js';
import '../family.css';
import type { FamilyProps } from '../family.js';
import { Answered } from '../parts.js';

const asked = 480;

export function Modes({ run }: FamilyProps): JSX.Element {
  const answers = useAnswers(run, 'modes', (explore) => explore({ kind: 'modes', count: asked, seed: 1 }));
  return (
    <Answered answers={answers}>
      {(answer, step) => (
        <>
          <dl class="figures">
            <div>
              <dt>Modes found</dt>
              <dd data-found={answer.found}>
                {answer.found} of {answer.centres.length}
              </dd>
            </div>
            <div>
              <dt>Samples in a mode</dt>
              <dd data-quality={answer.highQuality}>{(100 * answer.highQuality).toFixed(0)} %</dd>
            </div>
          </dl>
          <Counts answer={answer} step={step} />
        </>
      )}
    </Answered>
  );
}

function Counts({ answer, step }: { answer: Answers['modes']; step: number }): JSX.Element {
  const { centres, counts, total } = answer;
  const draw = useMemo(
    () =>
      ({ context, width, height, style }: Surface) => {
        const even = total / centres.length;
        const largest = Math.max(...counts, 1.25 * even);
        const pitch = (width - 16) / counts.length;
        const tall = (n: number): number => (n / largest) * (height - 44);
        const floor = height - 24;
        context.font = `11px ${style.font}`;
        context.textAlign = 'center';
        for (const [i, n] of counts.entries()) {
          const middle = 8 + (i + 0.5) * pitch;
          context.fillStyle = n >= total / 100 ? style.accent : style.rule;
          context.fillRect(middle - 0.36 * pitch, floor - tall(n), 0.72 * pitch, tall(n));
          context.fillStyle = style.muted;
          context.textBaseline = 'bottom';
          context.fillText(String(n), middle, floor - tall(n) - 3);
          context.textBaseline = 'top';
          context.fillText(placeOf(centres[i]!), middle, floor + 6);
        }
        context.strokeStyle = style.muted;
        context.setLineDash([4, 4]);
        context.beginPath();
        context.moveTo(8, floor - tall(even));
        context.lineTo(width - 8, floor - tall(even));
        context.stroke();
        context.setLineDash([]);
      },
    [answer],
  );
  return (
    <Picture
      name="Samples in each mode"
      description={`Of ${total} samples at step ${step}, those within three deviations of each of the eight middles. The dashed line is an even share; a bar near 0 is a mode that has been dropped.`}
      height={() => 240}
      maxWidth={620}
      draw={draw}
      table={() => ({
        columns: ['middle x', 'middle y', 'samples'],
        rows: counts.map((n, i) => [centres[i]![0], centres[i]![1], n]),
      })}
    />
  );
}

/** Without a sign before zero. */
const rounded = (value: number): string => (Math.round(10 * value) / 10 || 0).toFixed(1);
const placeOf = ([x, y]: readonly [number, number]): string => `${rounded(x)}, ${rounded(y)}`;
