/** Pictures for any model: what it makes beside what it learns from. */
import type { JSX } from 'preact';
import { useAnswers } from '../run/answers.js';
import type { FamilyProps } from './family.js';
import { Answered, Images } from './parts.js';

const count = 40;

export default function General({ run, data }: FamilyProps): JSX.Element {
  const items = useAnswers(run, 'data', (explore) => explore({ kind: 'data', count }));
  if (data?.kind !== 'image') return <p class="empty">The losses at the side show how it learns.</p>;
  return (
    <Answered answers={items}>
      {({ items: images, labels, labelNames }) => (
        <Images
          name="Items it is tested on"
          description="Held-out items: the model does not learn from these."
          items={images}
          columns={10}
          {...(labels === undefined ? {} : { names: labels.map((label) => labelNames?.[label] ?? String(label)) })}
        />
      )}
    </Answered>
  );
}
