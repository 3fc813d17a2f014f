;; Philox4x32-10 (philox.ts), four blocks at a time: lane i of c0 … c3 is word 0 … 3 of block i.
;; scripts/assemble.js makes philox-code.ts of it.
(module
  (memory (export "memory") 1)

  ;; Writes 16·groups words of consecutive blocks at the start of the memory.
  (func (export "fill")
    (param $groups i32) (param $block i32) (param $row i32) (param $step i32) (param $site i32)
    (param $key0 i32) (param $key1 i32)
    (local $at i32) (local $end i32) (local $round i32)
    (local $blocks v128) (local $c0 v128) (local $c1 v128) (local $c2 v128) (local $c3 v128)
    (local $k0 i32) (local $k1 i32) (local $low v128) (local $high v128) (local $low1 v128) (local $high1 v128)

    (local.set $blocks (i32x4.add (i32x4.splat (local.get $block)) (v128.const i32x4 0 1 2 3)))
    (local.set $end (i32.shl (local.get $groups) (i32.const 6)))
    (loop $group
      (local.set $c0 (local.get $blocks))
      (local.set $c1 (i32x4.splat (local.get $row)))
      (local.set $c2 (i32x4.splat (local.get $step)))
      (local.set $c3 (i32x4.splat (local.get $site)))
      (local.set $k0 (local.get $key0))
      (local.set $k1 (local.get $key1))
      (local.set $round (i32.const 10))
      (loop $next
        ;; The 64-bit products M0·c0 and M1·c2 of two lanes each; their halves are the odd and the even words.
        (local.set $low (i64x2.extmul_low_i32x4_u (local.get $c0) (v128.const i32x4 0xd2511f53 0xd2511f53 0xd2511f53 0xd2511f53)))
        (local.set $high (i64x2.extmul_high_i32x4_u (local.get $c0) (v128.const i32x4 0xd2511f53 0xd2511f53 0xd2511f53 0xd2511f53)))
        (local.set $low1 (i64x2.extmul_low_i32x4_u (local.get $c2) (v128.const i32x4 0xcd9e8d57 0xcd9e8d57 0xcd9e8d57 0xcd9e8d57)))
        (local.set $high1 (i64x2.extmul_high_i32x4_u (local.get $c2) (v128.const i32x4 0xcd9e8d57 0xcd9e8d57 0xcd9e8d57 0xcd9e8d57)))
        (local.set $c0 (v128.xor (v128.xor
          (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $low1) (local.get $high1))
          (local.get $c1)) (i32x4.splat (local.get $k0))))
        (local.set $c1 (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $low1) (local.get $high1)))
        (local.set $c2 (v128.xor (v128.xor
          (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $low) (local.get $high))
          (local.get $c3)) (i32x4.splat (local.get $k1))))
        (local.set $c3 (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $low) (local.get $high)))
        (local.set $k0 (i32.add (local.get $k0) (i32.const 0x9e3779b9)))
        (local.set $k1 (i32.add (local.get $k1) (i32.const 0xbb67ae85)))
        (br_if $next (local.tee $round (i32.sub (local.get $round) (i32.const 1))))
      )
      ;; The lanes hold four blocks; the memory takes one after the other.
      (local.set $low (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c0) (local.get $c1)))
      (local.set $high (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c0) (local.get $c1)))
      (local.set $low1 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c2) (local.get $c3)))
      (local.set $high1 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c2) (local.get $c3)))
      (v128.store (local.get $at) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $low) (local.get $low1)))
      (v128.store offset=16 (local.get $at) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $low) (local.get $low1)))
      (v128.store offset=32 (local.get $at) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $high) (local.get $high1)))
      (v128.store offset=48 (local.get $at) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $high) (local.get $high1)))
      (local.set $blocks (i32x4.add (local.get $blocks) (v128.const i32x4 4 4 4 4)))
      (br_if $group (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $end)))
    )
  )
)
