/** What each dimension of the code costs in KL divergence, and what it is worth to the reconstruction. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Answers } from '../../../../src/inference/explore-queries.js';
import { formatNumber } from '../../pictures/numbers.js';
import { Picture, type Surface } from '../../pictures/picture.js';
import { drawPlane } from '../../pictures/plane.js';
import { useAnswers } from '../../run/answers.js';
import type { FamilyProps } from '../family.js';
import { Answered } from '../parts.js';

export function Worth({ run }: FamilyProps): JSX.Element {
  const answers = useAnswers(run, 'dimensions', (explore) => explore({ kind: 'dimensions' }));
  return <Answered answers={answers}>{(answer, step) => <Plot answer={answer} step={step} />}</Answered>;
}

function Plot({ answer, step }: { answer: Answers['dimensions']; step: number }): JSX.Element {
  const { error, dimensions } = answer;
  const divergent = dimensions[0]?.kl !== undefined;
  const costOf = ({ kl, variance }: (typeof dimensions)[number]): number => kl ?? variance;
  const draw = useMemo(
    () => (surface: Surface) => {
      const { context, style } = surface;
      const right = Math.max(...dimensions.map(costOf), 0.1);
      const worths = dimensions.map(({ worth }) => worth);
      const [low, high] = [Math.min(0, ...worths), Math.max(1e-4, ...worths)];
      const extent = {
        x: [-0.05 * right, 1.1 * right],
        y: [low - 0.05 * (high - low), high + 0.1 * (high - low)],
      } as const;
      const plane = drawPlane(
        context,
        surface,
        extent,
        { ...style, ink: style.muted },
        { x: divergent ? 'KL, nats' : 'variance of the codes', y: 'error without it' },
      );
      context.font = `12px ${style.font}`;
      context.textAlign = 'left';
      context.textBaseline = 'bottom';
      for (const one of dimensions) {
        const [x, y] = [plane.x(costOf(one)), plane.y(one.worth)];
        context.fillStyle = one.active ? style.accent : style.muted;
        context.beginPath();
        context.arc(x, y, 5, 0, 2 * Math.PI);
        context.fill();
        context.fillStyle = style.ink;
        if (one.active) context.fillText(`z${one.dimension + 1}`, x + 6, y - 3);
      }
    },
    [answer],
  );
  const active = dimensions.filter((one) => one.active).length;
  return (
    <Picture
      name="What a dimension costs, and what it is worth"
      description={`Right: how much the code says with it. Up: how much the mean squared error (${formatNumber(error)} at step ${step}) grows where it is held at its mean. ${active} of the ${dimensions.length} shown are used; those in the corner say nothing and cost nothing.`}
      height={(width) => Math.min(width, 420)}
      maxWidth={620}
      draw={draw}
      table={() => ({
        columns: ['dimension', divergent ? 'KL, nats' : 'variance', 'error without it', 'used'],
        rows: dimensions.map((one) => [`z${one.dimension + 1}`, costOf(one), one.worth, one.active ? 'yes' : 'no']),
      })}
    />
  );
}
