;; Starts 10,000 host calls and takes no answer.
(module
  (import "postern_v1" "call_start" (func $call_start (param i32 i32) (result i32)))
  (import "postern_v1" "call_wait" (func $call_wait (result i32)))
  (import "postern_v1" "call_take" (func $call_take (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"type\":\"cache.get\",\"key\":\"x\"}")
  (data (i32.const 60000) "{\"mutations\":[]}")
  (func (export "on_execute_post_login") (result i64)
    (local $n i32)
    (loop $again
      (drop (call $call_start (i32.const 0) (i32.const 30)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 10000))))
    (i64.const 257698037760016)))
