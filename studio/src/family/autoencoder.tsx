/** Autoencoders: what comes back of an item, where items lie in the latent space, and what each of its dimensions does. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useAnswers } from '../run/answers.js';
import { Dials } from './autoencoder/dials.js';
import { LatentMap } from './autoencoder/latent-map.js';
import { Worth } from './autoencoder/worth.js';
import type { FamilyProps } from './family.js';
import { Answered, Images, Slider, stacked, Tabs } from './parts.js';

export default function Autoencoders(props: FamilyProps): JSX.Element {
  return (
    <Tabs
      label="Views of the autoencoder"
      tabs={[
        { id: 'copies', title: 'Reconstruction', body: () => <Reconstructions {...props} /> },
        { id: 'latent', title: 'Latent space', body: () => <LatentMap {...props} /> },
        { id: 'worth', title: 'Dimensions', body: () => <Worth {...props} /> },
        { id: 'dials', title: 'Dials', body: () => <Dials {...props} /> },
        { id: 'between', title: 'Between two', body: () => <Between {...props} /> },
      ]}
    />
  );
}

const copied = 8;

function Reconstructions({ run }: FamilyProps): JSX.Element {
  const answers = useAnswers(run, 'reconstruct', (explore) => explore({ kind: 'reconstruct', count: copied }));
  return (
    <Answered answers={answers}>
      {({ items, reconstructions, labels, labelNames }, step) => {
        const differences = (reconstructions.data as Float32Array).map((value, i) => value - Number(items.data[i]));
        const squared = differences.reduce((sum, d) => sum + d * d, 0) / differences.length;
        const names = labels?.map((label) => labelNames?.[label] ?? String(label));
        return (
          <>
            <Images
              name="Items and what is restored of them"
              description={`Upper row: held-out items. Lower row: the same after they went through the code, at step ${step}.`}
              items={stacked([items, reconstructions])}
              columns={copied}
              {...(names === undefined ? {} : { names: [...names, ...names.map((name) => `${name}, restored`)] })}
            />
            <Images
              name="Error"
              description={`Red: restored too bright, blue: too dark. Mean squared error ${squared.toFixed(4)}.`}
              items={{ ...items, data: differences }}
              columns={copied}
              look="signed"
            />
          </>
        );
      }}
    </Answered>
  );
}

const candidates = 20;
const way = 10;

function Between({ run }: FamilyProps): JSX.Element {
  const from = useSignal(0);
  const to = useSignal(1);
  const next = useSignal<'from' | 'to'>('from');
  const items = useAnswers(run, 'between-items', (explore) => explore({ kind: 'data', count: candidates }));
  const pair = [from.value, to.value] as const;
  const answers = useAnswers(run, `between ${pair}`, (explore) =>
    explore({ kind: 'interpolate', between: pair, steps: way }),
  );
  return (
    <>
      <Answered answers={answers}>
        {({ items: images }, step) => (
          <Images
            name="On the way from one to the other"
            description={`Codes between those of two items, decoded at step ${step}. If the space has no holes, every stage is plausible.`}
            items={images}
            columns={way}
          />
        )}
      </Answered>
      <div class="row">
        <Slider label="From item" min={0} max={candidates - 1} step={1} value={from} text={(n) => `${n + 1}`} />
        <Slider label="to item" min={0} max={candidates - 1} step={1} value={to} text={(n) => `${n + 1}`} />
      </div>
      <Answered answers={items}>
        {({ items: images }) => (
          <Images
            name="Items to choose from"
            description="Press two of them, or use the sliders."
            items={images}
            columns={10}
            maxWidth={560}
            onItem={(i) => {
              (next.value === 'from' ? from : to).value = i;
              next.value = next.value === 'from' ? 'to' : 'from';
            }}
          />
        )}
      </Answered>
    </>
  );
}
