/** The counter-based generator's sites that metrics use: from 0xffff0200, apart from programs and data. */
export const metricSites = {
  'kid-real': 0xffff0200,
  'kid-generated': 0xffff0201,
  directions: 0xffff0202,
} as const;
