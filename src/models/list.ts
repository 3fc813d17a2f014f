/** Written by scripts/list-models.js at each build. */
import type { ModelRecord } from '../contract/index.js';
import ae from './ae.js';
import betaVae from './beta-vae.js';
import cnn from './cnn.js';
import cvae from './cvae.js';
import dae from './dae.js';
import dbVae from './db-vae.js';
import ddpm from './ddpm.js';
import gpt from './gpt.js';
import lstm from './lstm.js';
import ngram from './ngram.js';
import vae from './vae.js';
import vqVae from './vq-vae.js';

export const models: readonly ModelRecord[] = [ae, betaVae, cnn, cvae, dae, dbVae, ddpm, gpt, lstm, ngram, vae, vqVae];
