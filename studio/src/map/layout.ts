/** Where the names on the map stand: as near to their places as they can without covering each other. */
import type { ConceptOutline } from './outline.js';

export interface Box {
  readonly id: string;
  /** Middle, and half the size. */
  x: number;
  y: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
}

const gap = { x: 6, y: 5 };
const rounds = 400;

/**
 * @param widths of the names in pixels
 * @returns boxes inside width × height that do not overlap, where there is room
 */
export function layOut(
  concepts: readonly ConceptOutline[],
  { width, height, tall, widths }: { width: number; height: number; tall: number; widths: ReadonlyMap<string, number> },
): Box[] {
  const boxes = concepts.map(({ id, at }): Box => {
    const halfWidth = (widths.get(id) ?? 80) / 2;
    return {
      id,
      x: halfWidth + at[0] * (width - 2 * halfWidth),
      y: tall / 2 + (1 - at[1]) * (height - tall),
      halfWidth,
      halfHeight: tall / 2,
    };
  });
  for (let round = 0; round < rounds; round++) {
    let moved = false;
    for (let i = 0; i < boxes.length; i++) {
      for (let j = i + 1; j < boxes.length; j++) {
        if (pushApart(boxes[i]!, boxes[j]!)) moved = true;
      }
    }
    for (const box of boxes) {
      box.x = Math.min(Math.max(box.x, box.halfWidth), width - box.halfWidth);
      box.y = Math.min(Math.max(box.y, box.halfHeight), height - box.halfHeight);
    }
    if (!moved) break;
  }
  return boxes;
}

/** Moves two boxes apart where they overlap, along the shorter way. */
function pushApart(a: Box, b: Box): boolean {
  const x = a.halfWidth + b.halfWidth + gap.x - Math.abs(b.x - a.x);
  const y = a.halfHeight + b.halfHeight + gap.y - Math.abs(b.y - a.y);
  if (x <= 0.01 || y <= 0.01) return false;
  // Names are wide and low: up and down is nearly always the shorter way.
  if (y < x) {
    const by = (y / 2) * (b.y >= a.y ? 1 : -1);
    a.y -= by;
    b.y += by;
  } else {
    const by = (x / 2) * (b.x >= a.x ? 1 : -1);
    a.x -= by;
    b.x += by;
  }
  return true;
}

/** The nearest box in a direction, for the arrow keys. */
export function neighbour(boxes: readonly Box[], id: string, [dx, dy]: readonly [number, number]): string | undefined {
  const from = boxes.find((box) => box.id === id);
  if (from === undefined) return undefined;
  let best: { id: string; cost: number } | undefined;
  for (const box of boxes) {
    const [x, y] = [box.x - from.x, box.y - from.y];
    const ahead = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (box.id === id || ahead <= 1 || aside > 2.5 * ahead) continue;
    const cost = ahead + 2 * aside;
    if (best === undefined || cost < best.cost) best = { id: box.id, cost };
  }
  return best?.id;
}
