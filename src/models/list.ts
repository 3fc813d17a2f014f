/** Written by scripts/list-models.js at each build. */
import type { ModelRecord } from '../contract/index.js';
import vae from './vae.js';

export const models: readonly ModelRecord[] = [vae];
