;; Waits an hour.
(module
  (import "postern_v1" "call_start" (func $call_start (param i32 i32) (result i32)))
  (import "postern_v1" "call_wait" (func $call_wait (result i32)))
  (import "postern_v1" "call_take" (func $call_take (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"type\":\"timer\",\"ms\":3600000}")
  (func (export "on_execute_post_login") (result i64)
    (drop (call $call_start (i32.const 0) (i32.const 29)))
    (drop (call $call_wait))
    unreachable))
