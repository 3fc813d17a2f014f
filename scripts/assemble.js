/** Assembles src/random/philox.wat into src/random/philox-code.ts, at each build; the result is not kept in git. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import createWabt from 'wabt';

const source = new URL('../src/random/philox.wat', import.meta.url);
const target = new URL('philox-code.ts', source);

const wabt = await createWabt();
const module = wabt.parseWat('philox.wat', readFileSync(source, 'utf8'), { simd: true });
const { buffer } = module.toBinary({});
module.destroy();

const text = `/** philox.wat, assembled by scripts/assemble.js at each build. */
export const code = new Uint8Array([${buffer.join(', ')}]);
`;
if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
