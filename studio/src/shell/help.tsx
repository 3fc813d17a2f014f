/** What the keys do. */
import type { JSX } from 'preact';
import { Dialog } from './dialog.js';

const keys: readonly (readonly [string, string])[] = [
  ['Space', 'Play or pause'],
  ['.', 'One step; with Shift ten'],
  [',', 'Back along the timeline; with Shift ten times as far'],
  ['R', 'Reset, with changed settings if there are any'],
  ['D', 'Throw another seed'],
  ['L', 'Keep the seed, or take a new one at each reset'],
  ['Ctrl K', 'Find a page, a model or a command'],
  ['?', 'This list'],
];

export default function Help({ close }: { close(): void }): JSX.Element {
  return (
    <Dialog label="Keys" close={close}>
      <h2>Keys</h2>
      <dl class="keys">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <p class="muted">
        They rest while you type. Drop a picture that was saved here onto a model’s page, and its settings come back.
      </p>
      <button type="button" class="button" onClick={close}>
        Close
      </button>
    </Dialog>
  );
}
