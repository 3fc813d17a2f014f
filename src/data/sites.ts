/**
 * The counter-based generator's sites that data uses: the range from 0xffff0000, which programs leave free.
 */
export const sites = {
  order: 0xffff0001,
  'text-shift': 0xffff0002,
  'synthetic-digits': 0xffff0010,
  shapes: 0xffff0011,
  moons: 0xffff0020,
  circles: 0xffff0021,
  gaussians: 0xffff0022,
  'swiss-roll': 0xffff0023,
  checkerboard: 0xffff0024,
  spiral: 0xffff0025,
  sentences: 0xffff0030,
} as const;
