;; Reads /user/app_metadata/count and asks for one more.
(module
  (import "postern_v1" "event_read" (func $event_read (param i32 i32 i32 i32) (result i32)))
  ;; IMPORTS
  (memory (export "memory") 1)
  (data (i32.const 0) "/user/app_metadata/count")
  (data (i32.const 1024) "{\"mutations\":[{\"type\":\"user.setAppMetadata\",\"key\":\"count\",\"value\":")
  ;; DATA
  ;; Writes `n` in decimal at `to`; returns the address behind it.
  (func $number (param $n i32) (param $to i32) (result i32)
    (if (i32.ge_u (local.get $n) (i32.const 10))
      (then (local.set $to (call $number (i32.div_u (local.get $n) (i32.const 10)) (local.get $to)))))
    (i32.store8 (local.get $to) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
    (i32.add (local.get $to) (i32.const 1)))
  ;; The decimal number in `len` bytes at `at`; 0 when `len` is not positive.
  (func $parse (param $at i32) (param $len i32) (result i32) (local $n i32) (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $len)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_s (local.get $at) (local.get $end)))
        (local.set $n (i32.add
          (i32.mul (local.get $n) (i32.const 10))
          (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $n))
  (func (export "on_execute_post_login") (result i64) (local $n i32) (local $end i32)
    (local.set $n
      (call $parse (i32.const 512) (call $event_read (i32.const 0) (i32.const 24) (i32.const 512) (i32.const 16))))
    ;; BETWEEN
    (local.set $end (call $number (i32.add (local.get $n) (i32.const 1)) (i32.const 1090)))
    (i32.store8 (local.get $end) (i32.const 125))
    (i32.store8 offset=1 (local.get $end) (i32.const 93))
    (i32.store8 offset=2 (local.get $end) (i32.const 125))
    (i64.or
      (i64.const 4398046511104)
      (i64.extend_i32_u (i32.sub (local.get $end) (i32.const 1021))))))
