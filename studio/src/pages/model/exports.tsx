/** Taking a trained model along. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { ExportKind } from '../../../../src/train/host.js';
import { download } from '../../export/save.js';
import type { RunView } from '../../run/run-view.js';
import { notifyError } from '../../shell/notices.js';

const kinds: readonly {
  readonly kind: ExportKind;
  readonly label: string;
  readonly type: string;
  readonly help: string;
}[] = [
  { kind: 'onnx', label: 'ONNX', type: 'application/octet-stream', help: 'The model as ONNX, for any ONNX runtime' },
  { kind: 'safetensors', label: 'safetensors', type: 'application/octet-stream', help: 'The weights by name' },
  { kind: 'zip', label: 'zip', type: 'application/zip', help: 'The whole run: settings, log, weights' },
];

export function Exports({ run }: { run: RunView }): JSX.Element {
  const busy = useSignal<ExportKind | undefined>(undefined);
  const take = async (kind: ExportKind, type: string): Promise<void> => {
    busy.value = kind;
    try {
      const { name, bytes } = await run.host.export(run.info.id, kind);
      download(name, bytes, type);
    } catch (error) {
      notifyError('export', error);
    } finally {
      busy.value = undefined;
    }
  };
  return (
    <fieldset class="exports">
      <legend>Export</legend>
      {kinds.map(({ kind, label, type, help }) => (
        <button
          key={kind}
          type="button"
          class="button"
          title={help}
          disabled={busy.value !== undefined}
          onClick={() => void take(kind, type)}
        >
          {busy.value === kind ? 'Preparing…' : label}
        </button>
      ))}
    </fieldset>
  );
}
