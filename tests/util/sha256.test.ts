import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/util/sha256.js';

const bytes = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 37 + (i >> 3)) & 255);

describe('sha256', () => {
  test('the published examples', () => {
    const text = new TextEncoder();
    expect(sha256()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256(text.encode('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256(text.encode('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'))).toBe(
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    );
  });

  test('equals the platform for every length around the block boundaries', () => {
    for (const n of [...Array(200).keys(), 1000, 65_537]) {
      expect(sha256(bytes(n))).toBe(createHash('sha256').update(bytes(n)).digest('hex'));
    }
  });

  test('parts are one text, wherever it is cut', () => {
    const whole = sha256(bytes(300));
    for (let cut = 0; cut <= 300; cut += 7) {
      const [a, b, c] = [bytes(300).subarray(0, cut), bytes(300).subarray(cut, cut + 5), bytes(300).subarray(cut + 5)];
      expect(sha256(a, b, c)).toBe(whole);
    }
  });
});
