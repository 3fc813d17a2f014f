import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { crc32, type Recipe, readRecipe, withRecipe } from '../../studio/src/export/png-recipe.js';

const recipe: Recipe = { model: 'beta-vae', choice: 'v=1&beta=4&data=shapes', picture: 'Samples – β', step: 120 };

function picture(): Uint8Array {
  const png = new PNG({ width: 5, height: 3 });
  png.data.forEach((_, i) => {
    png.data[i] = (i * 37) % 256;
  });
  return new Uint8Array(PNG.sync.write(png));
}

describe('a recipe in a PNG', () => {
  test('comes back, and the picture is as it was', () => {
    const bytes = withRecipe(picture(), recipe);
    expect(readRecipe(bytes)).toEqual(recipe);
    expect(PNG.sync.read(Buffer.from(bytes), { checkCRC: true }).data).toEqual(
      PNG.sync.read(Buffer.from(picture())).data,
    );
  });

  test('checksum of a known value', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  test.each<[string, () => Uint8Array, RegExp]>([
    ['no PNG', () => new TextEncoder().encode('GIF89a, and more'), /no PNG/],
    ['nothing', () => new Uint8Array(0), /no PNG/],
    ['a foreign PNG', picture, /no recipe/],
    ['a PNG that was cut off', () => withRecipe(picture(), recipe).slice(0, 60), /no recipe/],
    ['a damaged recipe', () => withRecipe(picture(), recipe).map((b, i) => (i === 80 ? b ^ 1 : b)), /damaged/],
  ])('%s is refused with its reason', (_, bytes, reason) => {
    expect(() => readRecipe(bytes())).toThrow(reason);
  });

  test.each([
    [{ format: 2, model: 'vae', choice: '' }, /version 2/],
    [{ format: 1, choice: '' }, /incomplete/],
  ])('a recipe of another kind is refused: %o', (other, reason) => {
    // The spread lets a test write what the function would not.
    expect(() => readRecipe(withRecipe(picture(), other as unknown as Recipe))).toThrow(reason);
  });
});
