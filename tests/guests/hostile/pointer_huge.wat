;; Reads a pointer far behind its memory.
(module
  (import "postern_v1" "event_read" (func $event_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "on_execute_post_login") (result i64)
    (drop (call $event_read (i32.const 0x7fffffff) (i32.const 16) (i32.const 0) (i32.const 16)))
    unreachable))
