;; Waits as many milliseconds as app_metadata.wait_ms says, if it says so.
(module
  (import "postern_v1" "event_read" (func $event_read (param i32 i32 i32 i32) (result i32)))
  (import "postern_v1" "call_start" (func $call_start (param i32 i32) (result i32)))
  (import "postern_v1" "call_wait" (func $call_wait (result i32)))
  (import "postern_v1" "call_take" (func $call_take (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/user/app_metadata/wait_ms")
  (data (i32.const 64) "{\"mutations\":[]}")
  (data (i32.const 1024) "{\"type\":\"timer\",\"ms\":")
  (func (export "on_execute_post_login") (result i64) (local $id i32) (local $len i32)
    (local.set $len (call $event_read (i32.const 0) (i32.const 26) (i32.const 1045) (i32.const 16)))
    (if (i32.gt_s (local.get $len) (i32.const 0))
      (then
        (i32.store8 (i32.add (i32.const 1045) (local.get $len)) (i32.const 125))
        (local.set $id (call $call_start (i32.const 1024) (i32.add (local.get $len) (i32.const 22))))
        (if (i32.ne (call $call_wait) (local.get $id)) (then unreachable))))
    (i64.const 274877906960)))
