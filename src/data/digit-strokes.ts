/**
 * How the ten digits are written: for each a few variants, each a list of pen strokes, each a list of points that a
 * spline runs through.
 *
 * A stroke is written as points `x,y` in hundredths, x to the right and y down, in the pen's order; a digit is about
 * 100 high and 60 wide. A point with `!` is a sharp turn: the curves before and after it are separate splines.
 */

export interface StrokePoint {
  readonly x: number;
  readonly y: number;
  readonly corner: boolean;
}

export type Stroke = readonly StrokePoint[];

export interface Variant {
  /** Share among the variants of the digit; they sum to 1. */
  readonly share: number;
  readonly strokes: readonly Stroke[];
}

/** @param strokes each as 'x,y x,y x,y! …' */
function variant(share: number, ...strokes: readonly string[]): Variant {
  return { share, strokes: strokes.map(parseStroke) };
}

function parseStroke(points: string): Stroke {
  return points.split(' ').map((point) => {
    const corner = point.endsWith('!');
    const [x = 0, y = 0] = (corner ? point.slice(0, -1) : point).split(',').map(Number);
    return { x: x / 100, y: y / 100, corner };
  });
}

/** Index: the digit. */
export const digitVariants: readonly (readonly Variant[])[] = [
  [
    // 0: closed
    variant(0.6, '36,2 14,16 3,50 12,85 34,99 55,83 63,47 54,13 34,2'),
    // 0: the end runs past the beginning into the bowl
    variant(0.4, '44,5 20,10 4,46 12,88 36,98 58,76 63,38 50,6 30,1 20,12'),
  ],
  [
    // 1: a bar
    variant(0.74, '32,0 30,50 29,100'),
    // 1: with a flag
    variant(0.16, '15,20 25,12 33,0! 32,50 31,100'),
    // 1: with a flag and a foot
    variant(0.1, '12,20 32,1! 31,50 30,98', '8,99 30,98 56,97'),
  ],
  [
    // 2: sharp turn at the foot
    variant(0.34, '6,20 20,4 42,3 55,20 46,46 26,72 4,96! 34,95 66,93'),
    // 2: loop at the foot
    variant(0.32, '8,18 24,2 46,6 54,26 42,56 20,88 6,94 4,82 16,76 34,86 52,97 70,88'),
    // 2: waving foot
    variant(0.18, '10,12 30,1 50,10 52,32 34,66 3,97! 22,88 44,96 64,90'),
    // 2: a loop that runs out into a straight tail
    variant(0.16, '10,20 24,3 46,8 46,34 26,70 8,84 2,72 14,62 40,78 72,98'),
  ],
  [
    // 3: sharp waist
    variant(0.5, '6,12 26,1 48,10 46,32 22,46! 48,54 56,76 36,98 4,90'),
    // 3: small loop at the waist
    variant(0.32, '8,8 30,1 50,14 42,36 24,50 18,46 26,42 48,54 56,78 36,98 10,95 2,86'),
    // 3: flat top
    variant(0.18, '8,3 30,3 52,4! 40,20 26,40! 50,52 55,78 32,99 4,90'),
  ],
  [
    // 4: open: an angle and a bar
    variant(0.55, '12,6 6,30 5,50! 34,53 66,47', '54,0 50,50 47,100'),
    // 4: closed: a triangle and a bar
    variant(0.2, '46,1 24,32 2,62! 34,61 66,60', '47,2 47,50 46,100'),
    // 4: in one go, with a round bowl
    variant(0.25, '12,4 5,28 12,48 34,46 52,26 56,4! 51,46 46,100'),
  ],
  [
    // 5: body and roof
    variant(0.5, '14,4 11,22 9,42! 32,36 54,52 54,80 30,98 2,90', '13,5 36,4 62,0'),
    // 5: in one go from the roof's end
    variant(0.25, '62,2 38,3 17,4! 11,42! 34,38 55,54 52,82 28,99 2,92'),
    // 5: round, like an S
    variant(0.25, '64,2 40,3 19,10 15,32 34,48 48,64 44,88 22,99 2,92'),
  ],
  [
    // 6: curved back
    variant(0.45, '46,1 22,22 6,56 8,86 28,99 52,86 50,64 32,56 14,66 7,80'),
    // 6: upright back, small bowl
    variant(0.3, '26,0 12,30 5,66 12,94 36,98 50,82 42,66 22,66 10,80'),
    // 6: the bowl curls inwards
    variant(0.25, '34,0 12,28 3,64 14,94 42,97 60,76 54,54 34,50 22,66 32,80'),
  ],
  [
    // 7: plain
    variant(0.5, '0,10 32,6 64,4! 46,38 30,70 24,100'),
    // 7: with a bar
    variant(0.18, '4,8 32,6 58,5! 40,46 26,100', '16,52 36,50 58,46'),
    // 7: with a serif
    variant(0.16, '3,20 6,6! 32,7 60,4! 42,44 30,100'),
    // 7: rounded shoulder
    variant(0.16, '2,16 20,4 48,4 54,20 40,54 26,100'),
  ],
  [
    // 8: one crossing line, begun at the upper right
    variant(0.44, '52,12 34,1 12,10 14,32 34,48 50,66 48,90 26,99 6,86 14,62 36,44 54,24 50,8'),
    // 8: two bowls, begun at the waist
    variant(0.28, '30,46 12,32 14,10 34,1 52,14 46,36 24,52 6,74 14,96 38,98 54,80 46,58 26,44'),
    // 8: an S and a straight way back, open at the top
    variant(0.28, '54,14 32,2 12,14 26,38 46,60 46,88 24,98 10,82 30,52 60,6'),
  ],
  [
    // 9: straight stem
    variant(0.4, '54,14 38,2 14,10 5,30 16,47 38,42 54,12! 52,50 48,100'),
    // 9: curled stem
    variant(0.24, '54,12 34,1 12,14 10,36 28,48 48,34 56,10! 56,44 50,80 30,99 6,92'),
    // 9: small bowl, leaning stem
    variant(0.18, '46,6 24,4 10,22 22,40 42,28 50,4 46,40 34,100'),
    // 9: flat top
    variant(0.18, '60,8 30,4 10,18 12,36 34,40 54,16! 53,56 50,100'),
  ],
];
