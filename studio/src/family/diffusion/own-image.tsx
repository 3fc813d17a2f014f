/** An image of the user on the way to noise, and what the model makes of it on the way back. */
import { type Signal, useSignal } from '@preact/signals';
import type { HostTensor } from 'genera';
import type { JSX } from 'preact';
import { useId, useMemo } from 'preact/hooks';
import type { Answers } from '../../../../src/inference/explore-queries.js';
import { inverted, readImage } from '../../pictures/read-image.js';
import { useAnswers } from '../../run/answers.js';
import '../family.css';
import type { FamilyProps } from '../family.js';
import { Answered, Images, Slider } from '../parts.js';
import { SignalCurve } from './signal-curve.js';
import { atFrame, frameOf, Way } from './way.js';

const [items, copies, frames] = [20, 4, 20];

/** A file of the user. `number` tells one from the next. */
interface Own {
  readonly name: string;
  readonly image: HostTensor;
  readonly number: number;
}

export function OwnImage({ run, data, most }: FamilyProps & { readonly most: number }): JSX.Element {
  const own = useSignal<Own | undefined>(undefined);
  const negative = useSignal(false);
  const item = useSignal(0);
  const strength = useSignal(0.6);
  const seed = useSignal(1);
  const moment = useSignal(0.5);
  const given =
    own.value === undefined
      ? { item: item.value }
      : { image: negative.value ? inverted(own.value.image) : own.value.image };
  const key = `edit ${own.value?.number ?? `item ${item.value}`} ${negative.value} ${strength.value} ${seed.value}`;
  const answers = useAnswers(run, key, (explore) =>
    explore({
      kind: 'edit',
      ...given,
      count: copies,
      seed: seed.value,
      strength: strength.value,
      steps: Math.min(30, most),
      frames,
    }),
  );
  return (
    <>
      <Chooser own={own} negative={negative} shape={data?.shape ?? []} />
      <div class="row">
        {own.value === undefined && (
          <Slider label="Item" min={0} max={items - 1} step={1} value={item} text={(n) => `${n + 1}`} />
        )}
        <Slider
          label="Noise added"
          min={0.1}
          max={1}
          step={0.1}
          value={strength}
          text={(v) => `${Math.round(100 * v)} %`}
        />
        <Slider label="Noise" min={1} max={20} step={1} value={seed} />
      </div>
      <Answered answers={answers}>
        {(answer, step) => <ThereAndBack answer={answer} step={step} moment={moment} />}
      </Answered>
    </>
  );
}

interface ChooserProps {
  readonly own: Signal<Own | undefined>;
  readonly negative: Signal<boolean>;
  /** Of an item. */
  readonly shape: readonly number[];
}

let taken = 0;

function Chooser({ own, negative, shape }: ChooserProps): JSX.Element {
  const problem = useSignal<string | undefined>(undefined);
  const over = useSignal(false);
  const id = useId();
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    try {
      own.value = { name: file.name, image: await readImage(file, shape, `“${file.name}”`), number: ++taken };
      problem.value = undefined;
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  };
  return (
    <>
      <div
        class={over.value ? 'drop drop-over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          over.value = true;
        }}
        onDragLeave={() => {
          over.value = false;
        }}
        onDrop={(event) => {
          event.preventDefault();
          event.stopPropagation(); // elsewhere on the page a picture brings its settings
          over.value = false;
          void take(event.dataTransfer?.files[0]);
        }}
      >
        <label for={id}>{own.value === undefined ? 'Drop a picture here, or choose one' : `“${own.value.name}”`}</label>
        <input id={id} type="file" accept="image/*" onChange={(event) => void take(event.currentTarget.files?.[0])} />
        {own.value !== undefined && (
          <>
            <label class="check">
              <input
                type="checkbox"
                checked={negative.value}
                onChange={(event) => {
                  negative.value = event.currentTarget.checked;
                }}
              />
              As a negative
            </label>
            <button
              type="button"
              class="button"
              onClick={() => {
                own.value = undefined;
              }}
            >
              Back to an item of the data
            </button>
          </>
        )}
      </div>
      {problem.value !== undefined && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </>
  );
}

interface ThereAndBackProps {
  readonly answer: Answers['edit'];
  readonly step: number;
  /** 0…½ to noise, ½…1 back. */
  readonly moment: Signal<number>;
}

function ThereAndBack({ answer, step, moment }: ThereAndBackProps): JSX.Element {
  const { image, noising, denoising } = answer;
  const there = frameOf(noising, Math.min(1, 2 * moment.value));
  const back = frameOf(denoising, Math.max(0, 2 * moment.value - 1));
  const returning = moment.value > 0.5;
  const noisy = useMemo(() => atFrame(noising.views['x_t']!, there), [answer, there]);
  const time = (returning ? denoising : noising).numbers['time']![returning ? back : there]!;
  const film = { count: () => noising.fractions.length, items: (i: number) => atFrame(noising.views['x_t']!, i) };
  return (
    <>
      <Slider
        label="On the way"
        min={0}
        max={1}
        step={0.01}
        value={moment}
        text={() => `${returning ? 'back' : 'to noise'}, t = ${Math.round(time)}`}
      />
      <div class="ways">
        <Images name="The image" description="As the model is given it." items={image} columns={1} />
        <Images
          name="To noise, x_t"
          description={`Four times with noise of its own; ᾱ = ${noising.numbers['alpha_bar']![there]!.toFixed(3)}.`}
          items={noisy}
          columns={2}
          film={film}
        />
      </div>
      <h3>And back</h3>
      <Way trajectory={denoising} frame={back} step={step} />
      <SignalCurve trajectory={returning ? denoising : noising} frame={returning ? back : there} />
    </>
  );
}
