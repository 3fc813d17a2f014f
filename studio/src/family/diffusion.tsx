/** Diffusion: the way from noise to an item, two samplers from the same noise, and guidance. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Answers as AnswerTypes } from '../../../src/inference/explore-queries.js';
import { useAnswers } from '../run/answers.js';
import { OwnImage } from './diffusion/own-image.js';
import { SignalCurve } from './diffusion/signal-curve.js';
import { frameOf, Way } from './diffusion/way.js';
import { classesOf, type FamilyProps } from './family.js';
import { Answered, ClassPick, Images, Pick, Slider, Tabs } from './parts.js';

type Trajectory = AnswerTypes['trajectory'];

const samplers = ['ddim', 'ddpm', 'dpm-solver++', 'euler', 'heun'].map((value) => ({ value, label: value }));
const frames = 25;

export default function Diffusion(props: FamilyProps): JSX.Element {
  const classes = classesOf(props);
  return (
    <Tabs
      label="Views of the diffusion"
      tabs={[
        { id: 'way', title: 'From noise', body: () => <FromNoise {...props} /> },
        { id: 'two', title: 'DDPM ‖ DDIM', body: () => <TwoSamplers {...props} /> },
        ...(props.data?.kind === 'image'
          ? [{ id: 'own', title: 'Your image', body: () => <OwnImage {...props} most={mostSteps(props)} /> }]
          : []),
        ...(classes.length > 0 ? [{ id: 'guidance', title: 'Guidance', body: () => <Guidance {...props} /> }] : []),
      ]}
    />
  );
}

/** Steps that a sampler can take, at most those of training. */
function mostSteps({ run }: FamilyProps): number {
  return Math.min(100, Number(run.info.settings['timesteps'] ?? 100));
}

function FromNoise(props: FamilyProps): JSX.Element {
  const { run } = props;
  const most = mostSteps(props);
  const sampler = useSignal('ddim');
  const steps = useSignal(Math.min(30, most));
  const eta = useSignal(0);
  const seed = useSignal(1);
  const frame = useSignal(1);
  const label = useSignal(0);
  const classes = classesOf(props);
  const query = {
    kind: 'trajectory' as const,
    count: 4,
    seed: seed.value,
    steps: steps.value,
    frames: Math.min(frames, steps.value),
    sampler: sampler.value,
    ...(sampler.value === 'ddim' ? { eta: eta.value } : {}),
    ...(classes.length === 0 ? {} : { label: label.value }),
  };
  const answers = useAnswers(run, JSON.stringify(query), (explore) => explore(query));
  return (
    <>
      <div class="row">
        <Pick label="Sampler" value={sampler} options={samplers} />
        <Slider label="Steps" min={2} max={most} step={1} value={steps} />
        {sampler.value === 'ddim' && (
          <Slider label="η" min={0} max={1} step={0.1} value={eta} text={(v) => v.toFixed(1)} />
        )}
        <Slider label="Noise" min={1} max={20} step={1} value={seed} />
        <ClassPick classes={classes} value={label} />
      </div>
      <Answered answers={answers}>
        {(trajectory, step) => {
          const at = frameOf(trajectory, frame.value);
          return (
            <>
              <Slider
                label="On the way"
                min={0}
                max={1}
                step={0.01}
                value={frame}
                text={() => spokenTime(trajectory, at)}
              />
              <Way trajectory={trajectory} frame={at} step={step} />
              <SignalCurve trajectory={trajectory} frame={at} />
            </>
          );
        }}
      </Answered>
    </>
  );
}

function spokenTime({ numbers }: Trajectory, frame: number): string {
  const time = numbers['time']?.[frame];
  return time === undefined ? '' : `t = ${Math.round(time)}`;
}

function TwoSamplers(props: FamilyProps): JSX.Element {
  const { run } = props;
  const most = mostSteps(props);
  const steps = useSignal(Math.min(20, most));
  const seed = useSignal(1);
  const frame = useSignal(1);
  const classes = classesOf(props);
  const label = useSignal(0);
  const common = {
    kind: 'trajectory' as const,
    count: 4,
    seed: seed.value,
    steps: steps.value,
    frames: Math.min(frames, steps.value),
    ...(classes.length === 0 ? {} : { label: label.value }),
  };
  const answers = useAnswers(run, `two ${JSON.stringify(common)}`, async (explore) => ({
    ddpm: await explore({ ...common, sampler: 'ddpm' }),
    ddim: await explore({ ...common, sampler: 'ddim', eta: 0 }),
  }));
  return (
    <>
      <div class="row">
        <Slider label="Steps" min={2} max={most} step={1} value={steps} />
        <Slider label="Noise" min={1} max={20} step={1} value={seed} />
        <ClassPick classes={classes} value={label} />
      </div>
      <Answered answers={answers}>
        {({ ddpm, ddim }, step) => {
          const at = frameOf(ddim, frame.value);
          return (
            <>
              <Slider label="On the way" min={0} max={1} step={0.01} value={frame} text={() => spokenTime(ddim, at)} />
              <p class="muted">
                Both begin with the same noise. DDPM adds new noise at every step; DDIM adds none, so its way is settled
                from the start and few steps are enough.
              </p>
              <div class="side-by-side">
                <div>
                  <h3>DDPM</h3>
                  <Way trajectory={ddpm} frame={frameOf(ddpm, frame.value)} step={step} views={['x_t', 'x_0']} />
                </div>
                <div>
                  <h3>DDIM</h3>
                  <Way trajectory={ddim} frame={at} step={step} views={['x_t', 'x_0']} />
                </div>
              </div>
            </>
          );
        }}
      </Answered>
    </>
  );
}

const guided = 8;

function Guidance(props: FamilyProps): JSX.Element {
  const { run, data } = props;
  const classes = classesOf(props);
  const label = useSignal(0);
  const scale = useSignal(3);
  const steps = Math.min(20, mostSteps(props));
  const common = { kind: 'samples' as const, count: guided, seed: 1, label: label.value, steps };
  const answers = useAnswers(run, `guidance ${JSON.stringify(common)} ${scale.value}`, async (explore) => ({
    free: await explore({ ...common, guidance: 1 }),
    held: await explore({ ...common, guidance: scale.value }),
  }));
  return (
    <>
      <div class="row">
        <ClassPick classes={classes} value={label} />
        <Slider label="Guidance s" min={0} max={8} step={0.5} value={scale} text={(v) => v.toFixed(1)} />
      </div>
      <Answered answers={answers}>
        {({ free, held }, step) =>
          data?.kind !== 'image' ? (
            <p class="empty">Guidance is shown for images.</p>
          ) : (
            <>
              <Images
                name="Without guidance, s = 1"
                description={`The class “${classes[label.value]}” at step ${step}.`}
                items={free.items}
                columns={guided}
              />
              <Images
                name={`With guidance, s = ${scale.value}`}
                description="The same noise. More like the class, and more alike, the larger s is."
                items={held.items}
                columns={guided}
              />
            </>
          )
        }
      </Answered>
    </>
  );
}
