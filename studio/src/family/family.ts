/** What the pictures of a family are given. */
import type { RunView } from '../run/run-view.js';
import type { DataDescription, ModelDescription } from '../settings/describe.js';

export interface FamilyProps {
  readonly model: ModelDescription;
  readonly run: RunView;
  readonly data: DataDescription | undefined;
}

/** The classes that a conditional model can be told; none for others. */
export function classesOf({ model, data, run }: FamilyProps): readonly string[] {
  const conditional = run.info.settings['conditional'] ?? model.data.labels === 'required';
  return conditional === true ? (data?.labels ?? []) : [];
}
