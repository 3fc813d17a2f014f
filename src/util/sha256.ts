/** SHA-256 (FIPS 180-4) for code that has neither Node's nor the browser's cryptography; about 200 MB/s. */

const BLOCK = 64;

/**
 * Digest of the bytes of `parts`, one after the other, as 64 hexadecimal digits.
 */
export function sha256(...parts: readonly Uint8Array[]): string {
  const state = Uint32Array.from(INITIAL);
  const schedule = new Int32Array(64);
  const rest = new Uint8Array(2 * BLOCK);
  let held = 0; // bytes waiting in `rest` for a full block
  let total = 0;

  for (const part of parts) {
    total += part.length;
    let at = 0;
    if (held > 0) {
      at = Math.min(BLOCK - held, part.length);
      rest.set(part.subarray(0, at), held);
      held += at;
      if (held < BLOCK) continue;
      compress(state, schedule, rest, 0);
    }
    for (; at + BLOCK <= part.length; at += BLOCK) compress(state, schedule, part, at);
    held = part.length - at;
    rest.set(part.subarray(at), 0);
  }

  // Padding: one bit, zeros, and the length in bits as a 64-bit big-endian number that ends a block.
  rest.fill(0, held);
  rest[held] = 0x80;
  const end = held + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
  const view = new DataView(rest.buffer);
  view.setUint32(end - 8, Math.floor(total / 2 ** 29));
  view.setUint32(end - 4, (total << 3) >>> 0);
  for (let at = 0; at < end; at += BLOCK) compress(state, schedule, rest, at);
  return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('');
}

/** One block of 64 bytes at `at` (section 6.2.2). */
function compress(state: Uint32Array, w: Int32Array, bytes: Uint8Array, at: number): void {
  for (let t = 0, i = at; t < 16; t++, i += 4) {
    w[t] =
      ((bytes[i] as number) << 24) |
      ((bytes[i + 1] as number) << 16) |
      ((bytes[i + 2] as number) << 8) |
      (bytes[i + 3] as number);
  }
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15] as number;
    const y = w[t - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = ((w[t - 16] as number) + s0 + (w[t - 7] as number) + s1) | 0;
  }
  let a = (state[0] as number) | 0;
  let b = (state[1] as number) | 0;
  let c = (state[2] as number) | 0;
  let d = (state[3] as number) | 0;
  let e = (state[4] as number) | 0;
  let f = (state[5] as number) | 0;
  let g = (state[6] as number) | 0;
  let h = (state[7] as number) | 0;
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (ROUND[t] as number) + (w[t] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}

/**
 * The constants are the first 32 bits of the fractional parts of the roots of the first primes (sections 4.2.2 and
 * 5.3.3), found here by integer search so that no rounding enters.
 */
function rootFraction(prime: number, power: 2 | 3): number {
  const target = BigInt(prime) << BigInt(32 * power);
  let low = 0n;
  let high = BigInt(prime) << 32n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(power) <= target) low = middle;
    else high = middle;
  }
  return Number(low & 0xffffffffn);
}

const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter(
  (n) => n > 1 && !Array.from({ length: n }, (_, d) => d).some((d) => d > 1 && n % d === 0),
);
const INITIAL = PRIMES.slice(0, 8).map((prime) => rootFraction(prime, 2));
const ROUND = Int32Array.from(PRIMES.slice(0, 64), (prime) => rootFraction(prime, 3) | 0);
