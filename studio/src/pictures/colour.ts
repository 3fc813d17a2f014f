/** Colours of pictures: viridis for amounts, red-blue for values on both sides of zero. */

type Colour = readonly [number, number, number];

/** Viridis (van der Walt, Smith 2015) at 17 even places. */
const viridisStops: readonly Colour[] = [
  [68, 1, 84],
  [72, 24, 106],
  [71, 45, 123],
  [66, 64, 134],
  [59, 82, 139],
  [51, 99, 141],
  [44, 114, 142],
  [38, 130, 142],
  [33, 145, 140],
  [31, 160, 136],
  [40, 174, 128],
  [63, 188, 115],
  [94, 201, 98],
  [132, 212, 75],
  [173, 220, 48],
  [216, 226, 25],
  [253, 231, 37],
];
/** RdBu (Brewer 2003) from blue, below zero, to red. */
const divergingStops: readonly Colour[] = [
  [5, 48, 97],
  [33, 102, 172],
  [67, 147, 195],
  [146, 197, 222],
  [209, 229, 240],
  [247, 247, 247],
  [253, 219, 199],
  [244, 165, 130],
  [214, 96, 77],
  [178, 24, 43],
  [103, 0, 31],
];

function table(stops: readonly Colour[]): Uint8Array {
  const bytes = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c++) {
      bytes[3 * i + c] = Math.round(stops[low]![c]! + (at - low) * (stops[low + 1]![c]! - stops[low]![c]!));
    }
  }
  return bytes;
}

export const viridis = table(viridisStops);
export const diverging = table(divergingStops);

/** The colour of a value in 0…1 as CSS. */
export function cssColour(map: Uint8Array, value: number): string {
  const i = 3 * Math.round(255 * Math.min(1, Math.max(0, value)));
  return `rgb(${map[i]} ${map[i + 1]} ${map[i + 2]})`;
}

/** Ten colours for classes that stay apart for colour-blind eyes and on light and dark ground (after Tol 2021). */
const classColours = [
  '#4477aa',
  '#ee6677',
  '#228833',
  '#ccbb44',
  '#66ccee',
  '#aa3377',
  '#888888',
  '#ee8866',
  '#44bb99',
  '#9970c1',
] as const;

export const classColour = (label: number): string => classColours[label % classColours.length]!;
