/** PyTorch's trajectories and schedules, as fixtures/optim.py wrote them. */
import { readFileSync } from 'node:fs';

interface Case {
  /** base64 float32 [20, 40] */
  readonly trajectory: string;
  readonly moments: Readonly<Record<string, string>>;
}
export const fixture = JSON.parse(readFileSync(new URL('../fixtures/optim.json', import.meta.url), 'utf8')) as {
  readonly problem: { readonly x: number[]; readonly y: number[]; readonly start: number[][] };
  readonly cases: Readonly<Record<string, Case>>;
  readonly schedules: Readonly<Record<string, number[]>>;
};

export const STEPS = 20;
export const SIZE = 40;

export function decode(base64: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer);
}
