/** A line of text that the model is given. */
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';

export function Prompt({ label, value }: { readonly label: string; readonly value: Signal<string> }): JSX.Element {
  return (
    <label class="prompt">
      <span>{label}</span>
      <input
        type="text"
        value={value.value}
        onInput={(event) => {
          value.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}
