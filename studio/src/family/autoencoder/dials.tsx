/** One slider for each telling dimension of a code, and the rows of pictures that they make. */
import { signal, useSignal } from '@preact/signals';
import type { HostTensor } from 'genera';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { useAnswers } from '../../run/answers.js';
import { classesOf, type FamilyProps } from '../family.js';
import { Answered, Images, Slider } from '../parts.js';

const items = 20;
const steps = 9;
const range = 3;
const mostDials = 8;

export function Dials(props: FamilyProps): JSX.Element {
  const { run } = props;
  const item = useSignal(0);
  const traversal = useAnswers(run, `traverse ${item.value}`, (explore) =>
    explore({ kind: 'traverse', item: item.peek(), steps, range }),
  );
  const codes = useAnswers(run, `code ${item.value}`, (explore) => explore({ kind: 'encode', items: [item.peek()] }));
  return (
    <>
      <div class="row">
        <Slider label="Item" min={0} max={items - 1} step={1} value={item} text={(n) => `${n + 1}`} />
      </div>
      <Answered answers={traversal}>
        {({ items: images, dimensions }, step) => {
          const telling = dimensions.slice(0, mostDials);
          const shown = {
            ...images,
            shape: [telling.length * steps, ...images.shape.slice(1)],
            data: (images.data as Float32Array).slice(0, (images.data.length / dimensions.length) * telling.length),
          };
          return (
            <>
              <Answered answers={codes}>
                {({ mean, labels, positions }) =>
                  mean.shape.length === 2 ? (
                    <Board
                      key={positions[0]}
                      {...props}
                      code={mean}
                      label={labels?.[0]}
                      dimensions={telling.map((d) => d.dimension)}
                      step={step}
                    />
                  ) : (
                    <span />
                  )
                }
              </Answered>
              <Images
                name="One dimension at a time"
                description={`Each row moves one number of the code from −${range} to ${range} and leaves the others; the most telling first, at step ${step}.`}
                items={shown}
                columns={steps}
                maxWidth={620}
                names={telling.flatMap(({ dimension }) =>
                  Array.from({ length: steps }, (_, s) => `z${dimension + 1}, place ${s + 1}`),
                )}
              />
            </>
          );
        }}
      </Answered>
    </>
  );
}

interface BoardProps extends FamilyProps {
  readonly code: HostTensor;
  readonly label: number | undefined;
  readonly dimensions: readonly number[];
  /** Of the model that is asked. */
  readonly step: number;
}

function Board(props: BoardProps): JSX.Element {
  const { run, code, label, dimensions, step } = props;
  const dials = useMemo(
    () => dimensions.map((dimension) => ({ dimension, value: signal(round(Number(code.data[dimension]))) })),
    [dimensions.join()],
  );
  const picture = useSignal<HostTensor | undefined>(undefined);
  const classes = classesOf(props);
  const places = dials.map(({ value }) => value.value).join();
  useEffect(() => {
    let open = true;
    const data = (code.data as Float32Array).slice();
    for (const { dimension, value } of dials) data[dimension] = value.peek();
    const told = classes.length > 0 && label !== undefined ? { label } : {};
    run.host
      .explore(run.info.id, { kind: 'decode', codes: { ...code, data }, ...told })
      .then(({ items: made }) => {
        if (open) picture.value = made;
      })
      .catch(() => undefined); // the rows below say why
    return () => {
      open = false;
    };
  }, [places, step]);
  return (
    <div class="board">
      {picture.value !== undefined && (
        <Images
          name="Decoded"
          description="What the dials decode to."
          items={picture.value}
          columns={1}
          maxWidth={190}
        />
      )}
      <div class="dials">
        {dials.map(({ dimension, value }) => (
          <Slider
            key={dimension}
            label={`z${dimension + 1}`}
            min={-4}
            max={4}
            step={0.1}
            value={value}
            text={(v) => v.toFixed(1)}
          />
        ))}
      </div>
    </div>
  );
}

const round = (value: number): number => Math.min(4, Math.max(-4, Math.round(value * 10) / 10));
