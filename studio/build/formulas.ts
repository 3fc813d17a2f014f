/** TeX to HTML, when the Studio is built. */
import katex from 'katex';

/**
 * @param formula TeX, in which \live{metric} is a place for a number of the run: an element with `data-metric`
 * @throws katex.ParseError where the TeX is wrong
 */
export function renderFormula(formula: string): string {
  const places = formula.replace(
    /\\live\{([^}]*)\}/g,
    (_, metric: string) => `\\htmlData{metric=${metric}}{\\text{—}}`,
  );
  return katex.renderToString(places, {
    displayMode: true,
    throwOnError: true,
    strict: (code: string) => (code === 'htmlExtension' ? 'ignore' : 'error'),
    trust: ({ command }) => command === '\\htmlData',
  });
}
