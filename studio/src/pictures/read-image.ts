/** Pictures of the user as items of a model. */
import type { HostTensor } from 'genera';

/** Weights of red, green and blue in brightness (ITU-R BT.601). */
const brightness = [0.299, 0.587, 0.114] as const;

/**
 * A file as an image [1, C, H, W] in 0…1: its middle, as much as fits the shape, scaled; grey where C is 1. What is
 * transparent becomes black.
 * @throws Error that says what the user can do, where the file is no image
 */
export async function readImage(file: Blob, shape: readonly number[], name = 'This file'): Promise<HostTensor> {
  const [C, H, W] = shape as [number, number, number];
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${name} is no picture that this browser can read. Choose a PNG, JPEG, WebP or GIF.`);
  }
  const canvas = document.createElement('canvas');
  canvas.width = W;
  canvas.height = H;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillRect(0, 0, W, H);
  context.imageSmoothingQuality = 'high';
  const scale = Math.max(W / bitmap.width, H / bitmap.height);
  const [wide, tall] = [scale * bitmap.width, scale * bitmap.height];
  context.drawImage(bitmap, (W - wide) / 2, (H - tall) / 2, wide, tall);
  bitmap.close();
  const { data: pixels } = context.getImageData(0, 0, W, H);
  const data = new Float32Array(C * H * W);
  for (let i = 0; i < H * W; i++) {
    const rgb = [0, 1, 2].map((c) => pixels[4 * i + c]! / 255);
    if (C === 1) data[i] = brightness.reduce((sum, weight, c) => sum + weight * rgb[c]!, 0);
    else for (let c = 0; c < C; c++) data[c * H * W + i] = rgb[c]!;
  }
  return { shape: [1, C, H, W], dtype: 'float32', data };
}

/** The negative: 1 − x. */
export function inverted(image: HostTensor): HostTensor {
  return { ...image, data: (image.data as Float32Array).map((v) => 1 - v) };
}
