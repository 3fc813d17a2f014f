/**
 * Finding pages, models and commands by typing. It is part of the shell: were it loaded when it is opened, what is typed
 * meanwhile would press the keys of the page.
 */

import { families } from 'virtual:concepts';
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { Dialog } from './dialog.js';
import { commands } from './keys.js';
import { goTo } from './navigation.js';

interface Entry {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  run(): void;
}

const most = 12;

function entries(): Entry[] {
  const models = families.flatMap((family) =>
    family.concepts.map(({ id, title, state }) => ({
      id: `concept-${id}`,
      label: title,
      hint: state === 'built' ? `${family.title}: open` : `${family.title}: on the map`,
      run: () => (state === 'built' ? goTo({ name: 'model', id }) : goTo({ name: 'map' }, `at=${id}`)),
    })),
  );
  const actions = commands.peek().filter(({ id }) => id !== 'palette');
  return [...actions.map(({ id, label, keys, run }) => ({ id, label, hint: keys[0] ?? '', run })), ...models];
}

export default function Palette({ close }: { close(): void }): JSX.Element {
  const text = useSignal('');
  const chosen = useSignal(0);
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries()
    .filter(({ label, hint }) => words.every((word) => `${label} ${hint}`.toLowerCase().includes(word)))
    .slice(0, most);
  const take = (entry: Entry | undefined): void => {
    close();
    entry?.run();
  };
  const move = (by: number): void => {
    chosen.value = (chosen.value + by + found.length) % Math.max(1, found.length);
  };
  return (
    <Dialog label="Find" class="palette" close={close}>
      <input
        type="text"
        role="combobox"
        aria-label="Find a page, a model or a command"
        aria-controls={found.length > 0 ? 'found' : undefined}
        aria-expanded={found.length > 0}
        aria-activedescendant={found[chosen.value] === undefined ? undefined : `found-${found[chosen.value]!.id}`}
        placeholder="Find a page, a model or a command"
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') move(1);
          else if (event.key === 'ArrowUp') move(-1);
          else if (event.key === 'Enter') take(found[chosen.value]);
          else return;
          event.preventDefault();
        }}
      />
      {found.length > 0 && (
        <div id="found" role="listbox" aria-label="Found">
          {found.map((entry, i) => (
            <div
              key={entry.id}
              id={`found-${entry.id}`}
              role="option"
              aria-selected={i === chosen.value}
              onClick={() => take(entry)}
            >
              <span>{entry.label}</span>
              <span class="muted">{entry.hint}</span>
            </div>
          ))}
        </div>
      )}
      {found.length === 0 && <p class="empty">Nothing of that name.</p>}
    </Dialog>
  );
}
