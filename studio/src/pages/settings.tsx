/** Where training happens, how it looks, what is stored, and what this browser can do. */
import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { chooseHost, type Device, device, type HostChoice, host, hostChoice, hostInfo } from '../host/hosts.js';
import { notifyError } from '../shell/notices.js';
import { chooseTheme, type Theme, themeChoice } from '../shell/theme.js';
import '../styles/runs.css';
import { diagnose, type Fact } from './settings/diagnose.js';

export default function SettingsPage(): JSX.Element {
  const facts = useSignal<readonly Fact[]>([]);
  const hosted = useSignal<HostChoice>(hostChoice.value);
  const computed = useSignal<Device>(device.value);
  useEffect(() => {
    document.title = 'Settings · genera Studio';
    void host().catch((error: unknown) => notifyError('host', error));
    void diagnose().then((found) => {
      facts.value = found;
    });
  }, []);
  const info = hostInfo.value;
  const changed = hosted.value !== hostChoice.value || computed.value !== device.value;
  return (
    <div class="page-narrow">
      <h1>Settings</h1>
      <section class="card" aria-labelledby="where">
        <h2 id="where">Where training happens</h2>
        <p class="muted">
          {info === undefined
            ? 'Asking…'
            : `Now: ${info.kind === 'server' ? 'the local server' : 'this browser'}, ${info.description}.`}
        </p>
        <Choices
          name="host"
          legend="Host"
          value={hosted}
          options={[
            ['auto', 'The local server where the page comes from “genera studio”, else this browser'],
            ['browser', 'This browser'],
            ['server', 'The local server'],
          ]}
        />
        <Choices
          name="device"
          legend="Computing in this browser"
          value={computed}
          options={[
            ['auto', 'WebGPU where there is a real graphics adapter, else WebAssembly'],
            ['wasm', 'WebAssembly, on the processor'],
            ['webgpu', 'WebGPU, on the graphics adapter'],
          ]}
        />
        <button
          type="button"
          class="button button-primary"
          disabled={!changed}
          onClick={() => chooseHost(hosted.value, computed.value)}
        >
          Use this
        </button>
      </section>
      <section class="card" aria-labelledby="look">
        <h2 id="look">Look</h2>
        <Choices
          name="theme"
          legend="Theme"
          value={themeSignal}
          options={[
            ['system', 'As the system'],
            ['light', 'Light'],
            ['dark', 'Dark'],
          ]}
        />
      </section>
      <section class="card" aria-labelledby="facts">
        <h2 id="facts">Diagnostics</h2>
        <dl class="facts">
          {info !== undefined && (
            <>
              <dt>Backend</dt>
              <dd>{info.backend}</dd>
            </>
          )}
          {info?.memory !== undefined && (
            <>
              <dt>Memory in use</dt>
              <dd>{Math.round(info.memory / 2 ** 20)} MB</dd>
            </>
          )}
          {facts.value.flatMap(({ name, value, advice }) => [
            <dt key={name}>{name}</dt>,
            <dd key={`${name}, value`}>
              {value}
              {advice !== undefined && <span class="muted">. {advice}</span>}
            </dd>,
          ])}
        </dl>
      </section>
    </div>
  );
}

const themeSignal = {
  get value() {
    return themeChoice.value;
  },
  set value(theme: Theme | 'system') {
    chooseTheme(theme);
  },
};

interface ChoicesProps<T extends string> {
  readonly name: string;
  readonly legend: string;
  readonly value: Pick<Signal<T>, 'value'>;
  readonly options: readonly (readonly [T, string])[];
}

function Choices<T extends string>({ name, legend, value, options }: ChoicesProps<T>): JSX.Element {
  return (
    <fieldset class="choices">
      <legend>
        <h3>{legend}</h3>
      </legend>
      {options.map(([option, label]) => (
        <label key={option}>
          <input
            type="radio"
            name={name}
            checked={value.value === option}
            onChange={() => {
              value.value = option;
            }}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
