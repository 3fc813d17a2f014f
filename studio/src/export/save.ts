/** Giving files to the user. */

import { place } from '../shell/navigation.js';
import { notifyError } from '../shell/notices.js';
import { styleValue } from '../shell/theme.js';
import { type Recipe, withRecipe } from './png-recipe.js';

export function download(name: string, bytes: Uint8Array<ArrayBuffer>, type: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A picture's name as that of a file. */
export function fileName(name: string, ending: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${plain || 'picture'}.${ending}`;
}

/** Step that the pictures of the page show; the page keeps it up to date. */
export const shownStep = { value: 0 };

/** How a picture of this page is made again; undefined on pages of no model. */
export function recipeOf(picture: string): Recipe | undefined {
  const { page, query } = place.peek();
  return page.name === 'model' ? { model: page.id, choice: query, picture, step: shownStep.value } : undefined;
}

/** A canvas as PNG on the page's ground, the recipe inside. */
export async function savePicture(canvas: HTMLCanvasElement, name: string, recipe: Recipe | undefined): Promise<void> {
  try {
    const copy = document.createElement('canvas');
    copy.width = canvas.width;
    copy.height = canvas.height;
    const context = copy.getContext('2d')!;
    context.fillStyle = styleValue('--surface');
    context.fillRect(0, 0, copy.width, copy.height);
    context.drawImage(canvas, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => copy.toBlob(resolve, 'image/png'));
    if (blob === null) throw new Error('The browser could not make a PNG of this picture.');
    const png = new Uint8Array(await blob.arrayBuffer());
    download(fileName(name, 'png'), recipe === undefined ? png : withRecipe(png, recipe), 'image/png');
  } catch (error) {
    notifyError('save', error);
  }
}
