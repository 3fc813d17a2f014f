/**
 * Writes src/models/list.ts, the list of all model files, so that a new model is one file and its docs page. The build
 * and the tests run it first; the list is not kept in git.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const folder = new URL('../src/models/', import.meta.url);
const target = new URL('list.ts', folder);
const ids = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'index.ts' && file !== 'list.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();
const nameOf = (id) => id.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

const text = `/** Written by scripts/list-models.js at each build. */
import type { ModelRecord } from '../contract/index.js';
${ids.map((id) => `import ${nameOf(id)} from './${id}.js';`).join('\n')}

export const models: readonly ModelRecord[] = [${ids.map(nameOf).join(', ')}];
`;

let present = '';
try {
  present = readFileSync(target, 'utf8');
} catch {
  // Written for the first time.
}
if (present !== text) writeFileSync(target, text);
