;; Starts the host calls `/calls/0`, `/calls/1`, … of the event together, then waits for each and reports
;; `[id, answer]` in the order in which they were done.
(module
  (import "postern_v1" "event_read" (func $event_read (param i32 i32 i32 i32) (result i32)))
  (import "postern_v1" "call_start" (func $call_start (param i32 i32) (result i32)))
  (import "postern_v1" "call_wait" (func $call_wait (result i32)))
  (import "postern_v1" "call_take" (func $call_take (param i32 i32 i32) (result i32)))
  (memory (export "memory") 512)
  (data (i32.const 0) "/calls/0")
  (data (i32.const 2000000) "{\"mutations\":[{\"type\":\"user.setAppMetadata\",\"key\":\"answers\",\"value\":[")
  (global $end (mut i32) (i32.const 2000069))
  (func $put (param $byte i32)
    (i32.store8 (global.get $end) (local.get $byte))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))
  (func (export "on_execute_post_login") (result i64) (local $n i32) (local $len i32) (local $id i32)
    (block $started
      (loop $next
        (local.set $len (call $event_read (i32.const 0) (i32.const 8) (i32.const 4096) (i32.const 1000000)))
        (br_if $started (i32.lt_s (local.get $len) (i32.const 0)))
        (drop (call $call_start (i32.const 4096) (local.get $len)))
        (i32.store8 (i32.const 7) (i32.add (i32.load8_u (i32.const 7)) (i32.const 1)))
        (br $next)))
    (block $done
      (loop $next
        (local.set $id (call $call_wait))
        (br_if $done (i32.lt_s (local.get $id) (i32.const 0)))
        (if (local.get $n) (then (call $put (i32.const 44))))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (call $put (i32.const 91))
        (call $put (i32.add (i32.const 48) (local.get $id)))
        (call $put (i32.const 44))
        (local.set $len (call $call_take (local.get $id) (global.get $end) (i32.const 8000000)))
        (if (i32.or (i32.lt_s (local.get $len) (i32.const 0)) (i32.gt_s (local.get $len) (i32.const 8000000)))
          (then unreachable))
        (global.set $end (i32.add (global.get $end) (local.get $len)))
        (call $put (i32.const 93))
        (br $next)))
    (call $put (i32.const 93))
    (call $put (i32.const 125))
    (call $put (i32.const 93))
    (call $put (i32.const 125))
    (i64.or
      (i64.shl (i64.const 2000000) (i64.const 32))
      (i64.extend_i32_u (i32.sub (global.get $end) (i32.const 2000000))))))
