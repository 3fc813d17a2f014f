/** The documentation names what exists: a page for each model, and no link to nowhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { models } from '../src/models/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));

function pages(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('documentation', () => {
  it.each(models.map(({ id }) => id))('has a page for %s that names its source', (id) => {
    const page = join(root, 'docs/models', `${id}.md`);
    expect(existsSync(page), `docs/models/${id}.md`).toBe(true);
    expect(readFileSync(page, 'utf8')).toContain(`src/models/${id}.ts`);
  });

  it.each(
    [join(root, 'README.md'), join(root, 'CHANGELOG.md'), ...pages('docs')].map((p) => [p.slice(root.length), p]),
  )('links of %s lead somewhere', (_, page) => {
    const text = readFileSync(page, 'utf8').replaceAll(/```[\s\S]*?```/g, '');
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((m) => m[1] as string);
    const broken = links.filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(dirname(page), link)));
    expect(broken).toEqual([]);
  });

  it('names every room of the source in the architecture page', () => {
    const text = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8');
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const files = (room: string): number => readdirSync(join(root, 'src', room)).length;
    expect(
      rooms.filter(({ name }) => files(name) > 0 && !text.includes(`src/${name}/`)).map(({ name }) => name),
    ).toEqual([]);
  });
});
