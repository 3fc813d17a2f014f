/** The runs that a server generates from. */
import { basename, resolve } from 'node:path';
import { type LoadedRun, loadRun, UsageError } from '../../node/index.js';
import { HttpError } from '../errors.js';

export type Skill = 'images' | 'text';

export interface ServedRun extends LoadedRun {
  /** The name of its directory. */
  readonly id: string;
  readonly skill: Skill;
}

function skillOf({ instance: { capabilities }, config }: LoadedRun): Skill | undefined {
  const { language, sample, iterate } = capabilities;
  if (language !== undefined) return 'text';
  const channels = config.data.shape[0];
  const drawn = config.data.kind === 'image' && (channels === 1 || channels === 3);
  return drawn && (sample !== undefined || iterate !== undefined) ? 'images' : undefined;
}

/**
 * Opens runs to generate from.
 * @throws UsageError where one generates neither images nor text, or two have one name
 */
export async function openServed(directories: readonly string[]): Promise<ServedRun[]> {
  const served: ServedRun[] = [];
  for (const directory of directories) {
    const run = await loadRun(directory);
    const skill = skillOf(run);
    if (skill === undefined) {
      throw new UsageError({
        operation: `serve ${directory}`,
        expected: 'a run whose model draws images or writes text',
        got: `one of ${run.model.id} on ${run.config.data.id}`,
        remedy: "'genera list models' shows what each model can do.",
      });
    }
    const id = basename(resolve(directory));
    if (served.some((other) => other.id === id)) {
      throw new UsageError({
        operation: `serve ${directory}`,
        expected: 'runs whose directories have different names, since these are the names of the models',
        got: `two called '${id}'`,
        remedy: 'Rename one of them.',
      });
    }
    served.push({ ...run, id, skill });
  }
  return served;
}

/**
 * The run that a request means; it need not name the only one.
 * @throws HttpError 404 for one that is not served, 400 for one that cannot do what is asked
 */
export function chooseServed(served: readonly ServedRun[], model: string | undefined, skill: Skill): ServedRun {
  const names = served.map(({ id }) => id).join(', ');
  const run = model === undefined && served.length === 1 ? served[0] : served.find(({ id }) => id === model);
  if (run === undefined) {
    const got = model === undefined ? 'no model' : `'${model}'`;
    const missing = { operation: 'model', expected: `one of ${names}`, got };
    throw new HttpError(model === undefined ? 400 : 404, missing, { code: 'model_not_found', field: 'model' });
  }
  if (run.skill === skill) return run;
  throw new HttpError(
    400,
    {
      operation: `model ${run.id}`,
      expected: skill === 'images' ? 'one that draws images' : 'one that writes text',
      got: `${run.model.id}, which ${run.skill === 'images' ? 'draws images' : 'writes text'}`,
      remedy: run.skill === 'images' ? 'Use /v1/images/generations.' : 'Use /v1/completions or /v1/chat/completions.',
    },
    { code: 'wrong_model', field: 'model' },
  );
}
