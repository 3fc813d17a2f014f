/** A picture of which a part is kept and the rest is drawn, row after row. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useAnswers } from '../../run/answers.js';
import type { FamilyProps } from '../family.js';
import { Answered, Images, rowsOf, Slider } from '../parts.js';

const items = 20;
const frames = 24;

export function Completion({ run }: FamilyProps): JSX.Element {
  const item = useSignal(0);
  const known = useSignal(0.5);
  const seed = useSignal(1);
  const moment = useSignal(1);
  const key = `fill ${item.value} ${known.value} ${seed.value}`;
  const answers = useAnswers(run, key, (explore) =>
    explore({ kind: 'fill', item: item.peek(), known: known.peek(), seed: seed.peek(), frames }),
  );
  return (
    <>
      <div class="row">
        <Slider label="Item" min={0} max={items - 1} step={1} value={item} text={(n) => `${n + 1}`} />
        <Slider label="Kept" min={0} max={0.9} step={0.1} value={known} text={(v) => `${Math.round(100 * v)} %`} />
        <Slider label="Seed" min={1} max={20} step={1} value={seed} />
      </div>
      <Answered answers={answers}>
        {({ items: whole, frames: film }, step) => {
          const count = film.shape[0]!;
          const at = Math.round(moment.value * (count - 1));
          return (
            <>
              <Slider label="Drawn" min={0} max={1} step={0.01} value={moment} text={() => `${at + 1} of ${count}`} />
              <div class="ways">
                <Images name="The item" description="What the model has never seen." items={whole} columns={1} />
                <Images
                  name="Completed"
                  description={`The upper ${Math.round(100 * known.value)} % is kept; the rest is drawn pixel by pixel with the model of step ${step}.`}
                  items={rowsOf(film, at, at + 1)}
                  columns={1}
                  film={{ count: () => count, items: (i) => rowsOf(film, i, i + 1) }}
                />
              </div>
              <Images
                name="Row after row"
                description="The same picture as it comes about."
                items={film}
                columns={8}
                maxWidth={620}
              />
            </>
          );
        }}
      </Answered>
    </>
  );
}
