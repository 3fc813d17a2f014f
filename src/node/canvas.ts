/** A picture in memory: red, green and blue, a byte each, row by row from the top. */

export type Color = readonly [red: number, green: number, blue: number];

export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array<ArrayBuffer>;

  constructor(width: number, height: number, background: Color) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 3);
    this.fill(0, 0, width, height, background);
  }

  /** A filled rectangle; what lies outside of the picture is left out. */
  fill(left: number, top: number, width: number, height: number, color: Color): void {
    for (let y = Math.max(0, top); y < Math.min(this.height, top + height); y++) {
      for (let x = Math.max(0, left); x < Math.min(this.width, left + width); x++) {
        this.pixels.set(color, (y * this.width + x) * 3);
      }
    }
  }

  /** A disc with soft edges; each pixel is covered as far as it lies within the radius, times the opacity. */
  disc(x: number, y: number, radius: number, color: Color, opacity: number): void {
    const reach = radius + 1;
    for (let row = Math.max(0, Math.floor(y - reach)); row < Math.min(this.height, y + reach); row++) {
      for (let column = Math.max(0, Math.floor(x - reach)); column < Math.min(this.width, x + reach); column++) {
        const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const cover = opacity * Math.min(1, Math.max(0, radius + 0.5 - distance));
        if (cover > 0) this.blend(column, row, color, cover);
      }
    }
  }

  private blend(x: number, y: number, color: Color, cover: number): void {
    const at = (y * this.width + x) * 3;
    for (let c = 0; c < 3; c++) {
      this.pixels[at + c] = Math.round(this.pixels[at + c]! * (1 - cover) + color[c]! * cover);
    }
  }

  /** Digits, '.', '-' and 'e', each 3×5 cells of `scale` pixels, beginning at the left top corner. */
  number(text: string, left: number, top: number, color: Color, scale = 2): void {
    [...text].forEach((character, i) => {
      const rows = glyphs[character] ?? [];
      rows.forEach((bits, y) => {
        for (let x = 0; x < 3; x++) {
          if ((bits >> (2 - x)) & 1) this.fill(left + (i * 4 + x) * scale, top + y * scale, scale, scale, color);
        }
      });
    });
  }
}

/** Width in pixels of what `number` writes. */
export function numberWidth(text: string, scale = 2): number {
  return (text.length * 4 - 1) * scale;
}

/** Five rows of three bits, from the top. */
const glyphs: Readonly<Record<string, readonly number[]>> = {
  '0': [7, 5, 5, 5, 7],
  '1': [2, 6, 2, 2, 7],
  '2': [7, 1, 7, 4, 7],
  '3': [7, 1, 3, 1, 7],
  '4': [5, 5, 7, 1, 1],
  '5': [7, 4, 7, 1, 7],
  '6': [7, 4, 7, 5, 7],
  '7': [7, 1, 2, 2, 2],
  '8': [7, 5, 7, 5, 7],
  '9': [7, 5, 7, 1, 7],
  '.': [0, 0, 0, 0, 2],
  '-': [0, 0, 7, 0, 0],
  e: [2, 5, 7, 4, 3],
};
