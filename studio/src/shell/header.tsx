/** The bar at the top: where one can go, what trains at which pace, the seed, sharing, theme and help. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { hostInfo, refreshInfo } from '../host/hosts.js';
import { currentSession, seedLocked } from '../run/session.js';
import { randomSeed } from '../settings/choice.js';
import { Icon } from './icon.js';
import { hrefOf, place } from './navigation.js';
import { announce } from './notices.js';
import { chooseTheme, theme } from './theme.js';

export function Header({ show }: { show(what: 'palette' | 'help'): void }): JSX.Element {
  const { name } = place.value.page;
  const link = (page: 'map' | 'runs' | 'settings', label: string): JSX.Element => (
    <a href={hrefOf({ name: page })} aria-current={name === page ? 'page' : undefined}>
      {label}
    </a>
  );
  return (
    <header class="top">
      <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>('main')?.focus()}>
        To the content
      </button>
      <a class="brand" href={hrefOf({ name: 'map' })}>
        <Mark />
        <span>
          genera <em>Studio</em>
        </span>
      </a>
      <nav aria-label="Pages">
        {link('map', 'Map')}
        {link('runs', 'Runs')}
        {link('settings', 'Settings')}
      </nav>
      <button type="button" class="finder" onClick={() => show('palette')} aria-keyshortcuts="Control+K">
        <Icon name="search" />
        <span>Find</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div class="top-end">
        <Status />
        {currentSession.value !== undefined && name === 'model' && <Seed />}
        <Share />
        <button
          type="button"
          class="tool"
          aria-label={theme.value === 'dark' ? 'Use the light theme' : 'Use the dark theme'}
          title="Light or dark"
          onClick={() => chooseTheme(theme.peek() === 'dark' ? 'light' : 'dark')}
        >
          <Icon name={theme.value === 'dark' ? 'sun' : 'moon'} />
        </button>
        <button type="button" class="tool" aria-label="Keys and help" title="Keys (?)" onClick={() => show('help')}>
          <Icon name="help" />
        </button>
      </div>
    </header>
  );
}

function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M4 22c5 0 5-13 12-13s7 13 12 13" />
      <circle cx="10.5" cy="25" r="1.8" />
      <circle cx="16" cy="18.5" r="1.8" />
      <circle cx="20.5" cy="25" r="1.8" />
    </svg>
  );
}

/** Milliseconds between two questions after the memory in use. */
const memoryInterval = 3000;

function Status(): JSX.Element | null {
  const info = hostInfo.value;
  const run = currentSession.value?.run.value;
  useEffect(() => {
    if (info === undefined) return;
    const timer = setInterval(() => {
      if (!document.hidden) void refreshInfo();
    }, memoryInterval);
    return () => clearInterval(timer);
  }, [info === undefined]);
  if (info === undefined) return null;
  const pace = run?.stepsPerSecond.value;
  return (
    <dl class="status" title={info.description}>
      <div>
        <dt>Backend</dt>
        <dd>{info.kind === 'server' ? `${info.backend} (server)` : info.backend}</dd>
      </div>
      {pace !== undefined && (
        <div>
          <dt>Steps/s</dt>
          <dd>{pace >= 10 ? Math.round(pace) : pace.toPrecision(2)}</dd>
        </div>
      )}
      {info.memory !== undefined && (
        <div>
          <dt>Memory</dt>
          <dd>{Math.round(info.memory / 2 ** 20)} MB</dd>
        </div>
      )}
    </dl>
  );
}

function Seed(): JSX.Element {
  const session = currentSession.value!;
  const locked = seedLocked.value;
  return (
    <div class="seed">
      <label for="seed">Seed</label>
      <input
        id="seed"
        type="number"
        min="0"
        max="2147483647"
        value={session.choice.value.seed}
        onChange={(event) => {
          const seed = Math.min(Math.max(0, Math.round(Number(event.currentTarget.value)) || 0), 2 ** 31 - 1);
          session.change({ seed });
          event.currentTarget.value = String(seed);
        }}
      />
      <button
        type="button"
        class="tool"
        aria-pressed={locked}
        aria-label="Keep the seed for new runs"
        title={locked ? 'The seed is kept (L)' : 'Each reset takes a new seed (L)'}
        onClick={() => {
          seedLocked.value = !locked;
        }}
      >
        <Icon name={locked ? 'lock' : 'unlock'} />
      </button>
      <button
        type="button"
        class="tool"
        aria-label="Throw another seed"
        title="Another seed (D)"
        onClick={() => session.change({ seed: randomSeed() })}
      >
        <Icon name="dice" />
      </button>
    </div>
  );
}

function Share(): JSX.Element {
  const copied = useSignal(false);
  return (
    <button
      type="button"
      class="tool"
      aria-label="Copy the address of this page with its settings"
      title={copied.value ? 'Copied' : 'Copy the address with all settings'}
      onClick={async () => {
        await navigator.clipboard.writeText(location.href);
        copied.value = true;
        announce('The address is copied.');
        setTimeout(() => {
          copied.value = false;
        }, 2000);
      }}
    >
      <Icon name="share" />
      {copied.value && <span class="bubble">Copied</span>}
    </button>
  );
}
