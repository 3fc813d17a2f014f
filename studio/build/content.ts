/**
 * Modules that are computed when the Studio is built: `virtual:models` (settings of each model, data sets),
 * `virtual:concepts` (the map's places and names) and `virtual:concepts/<family>` (its paragraphs and formulas).
 */
import type { Plugin } from 'vite';
import { conceptMap } from '../src/map/index.js';
import { renderFormula } from './formulas.js';
import type { describeData, describeModel } from './models.js';

interface Sources {
  readonly models: ReturnType<typeof describeModel>[];
  readonly data: ReturnType<typeof describeData>;
}

const prefix = 'virtual:';

/** @param sources loads the records; called once */
export function content(sources: () => Promise<Sources>): Plugin {
  let loaded: Promise<Sources> | undefined;
  return {
    name: 'studio-content',
    resolveId: (id) => (id.startsWith(prefix) ? `\0${id}` : undefined),
    async load(id) {
      if (!id.startsWith(`\0${prefix}`)) return undefined;
      loaded ??= sources();
      const { models, data } = await loaded;
      const families = conceptMap(models);
      const [name, part] = id.slice(prefix.length + 1).split('/');
      if (name === 'models')
        return `export const models = ${JSON.stringify(models)}; export const dataSets = ${JSON.stringify(data)};`;
      if (name !== 'concepts') return undefined;
      if (part !== undefined) {
        const family = families.find((f) => f.id === part);
        const details = (family?.concepts ?? []).map(({ id: concept, text, formula, live, within }) => [
          concept,
          {
            text,
            formula: formula === '' ? '' : renderFormula(formula),
            ...(live === undefined ? {} : { live: renderFormula(live) }),
            ...(within === undefined ? {} : { within }),
          },
        ]);
        return `export default ${JSON.stringify(Object.fromEntries(details))};`;
      }
      const built = new Set(models.map((model) => model.id));
      const outline = families.map(({ concepts, ...family }) => ({
        ...family,
        concepts: concepts.map(({ id: concept, title, at, machinery, from = [], within }) => ({
          id: concept,
          title,
          at,
          machinery,
          from,
          state: built.has(concept) ? 'built' : within === undefined ? 'planned' : 'part',
        })),
      }));
      const loaders = families.map((f) => `${JSON.stringify(f.id)}: () => import('${prefix}concepts/${f.id}')`);
      return `export const families = ${JSON.stringify(outline)}; export const details = { ${loaders.join(', ')} };`;
    },
  };
}
