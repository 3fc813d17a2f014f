/** Play, pause, step, reset, speed, and the timeline that moves every panel. */
import type { JSX } from 'preact';
import { type Speed, speed, speeds } from '../../run/player.js';
import type { RunView } from '../../run/run-view.js';
import type { Session } from '../../run/session.js';
import { Icon } from '../../shell/icon.js';

export function Transport({ session }: { session: Session }): JSX.Element {
  const run = session.run.value;
  const playing = session.player.value?.playing.value === true || session.starting.value;
  return (
    <section class="transport" aria-label="Timeline">
      <div class="transport-buttons">
        <button
          type="button"
          class="play"
          aria-label={playing ? 'Pause' : 'Play'}
          title={`${playing ? 'Pause' : 'Play'} (Space)`}
          onClick={() => void session.toggle()}
        >
          <Icon name={playing ? 'pause' : 'play'} />
        </button>
        <button
          type="button"
          class="tool"
          aria-label="One step"
          title="One step (.)"
          onClick={() => void session.step(1)}
        >
          <Icon name="step" />
        </button>
        <button
          type="button"
          class="tool"
          aria-label="Reset"
          title="Reset (R)"
          disabled={run === undefined}
          onClick={() => void session.reset()}
        >
          <Icon name="reset" />
        </button>
        <label class="speed">
          <span>Speed</span>
          <select
            value={String(speed.value)}
            onChange={(event) => {
              const next = Number(event.currentTarget.value) as Speed;
              const player = session.player.peek();
              if (player === undefined) speed.value = next;
              else void player.changeSpeed(next);
            }}
          >
            {speeds.map((value) => (
              <option key={value} value={String(value)}>
                {value === Number.POSITIVE_INFINITY ? 'full' : `${value} step${value === 1 ? '' : 's'}/s`}
              </option>
            ))}
          </select>
        </label>
      </div>
      {run === undefined ? (
        <p class="muted">Press play: the model begins to learn, here in this page.</p>
      ) : (
        <Timeline run={run} />
      )}
      {session.changed.value && (
        <button type="button" class="button button-primary" onClick={() => void session.start()}>
          Train with the new settings
        </button>
      )}
    </section>
  );
}

const states = {
  preparing: 'preparing',
  running: 'training',
  paused: 'paused',
  done: 'done',
  stopped: 'stopped',
  failed: 'failed',
} as const;

function Timeline({ run }: { run: RunView }): JSX.Element {
  const step = run.step.value;
  const total = Math.max(run.totalSteps.value, step, 1);
  const shown = run.shown.value;
  const live = run.position.value === undefined;
  const download = run.download.value;
  if (run.state.value === 'preparing' && download !== undefined) {
    const { loaded, total: bytes } = download;
    return (
      <div class="loading">
        <label for="download">Loading the runtime, once</label>
        <progress id="download" {...(bytes > 0 ? { value: loaded, max: bytes } : {})} />
        <span class="count">{(loaded / 2 ** 20).toFixed(1)} MB</span>
      </div>
    );
  }
  return (
    <div class="timeline">
      <span class={`state state-${run.state.value}`}>{states[run.state.value]}</span>
      <div class="track">
        <input
          type="range"
          aria-label="Step"
          aria-valuetext={`step ${shown} of ${total}`}
          min="0"
          max={total}
          value={shown}
          style={{ '--done': step / total, '--shown': shown / total }}
          onInput={(event) => {
            const wanted = Number(event.currentTarget.value);
            run.position.value = wanted >= step ? undefined : wanted;
            if (wanted > step) event.currentTarget.value = String(step);
          }}
        />
        {run.error.value?.name === 'NonFiniteError' && (
          <span
            class="fault"
            role="img"
            aria-label={`After step ${step} the numbers became infinite.`}
            style={{ '--at': step / total }}
          />
        )}
      </div>
      <span class="count">
        {shown.toLocaleString('en')} / {total.toLocaleString('en')}
      </span>
      <button
        type="button"
        class="chip"
        aria-pressed={live}
        title="Follow the latest step"
        onClick={() => {
          run.position.value = live ? step : undefined;
        }}
      >
        <span class="dot" /> latest
      </button>
    </div>
  );
}
