;; Lets the answer be written over the pointer it asked with: odd, but its own memory.
(module
  (import "postern_v1" "event_read" (func $event_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/user")
  (data (i32.const 60000) "{\"mutations\":[]}")
  (func (export "on_execute_post_login") (result i64)
    (if (i32.lt_s (call $event_read (i32.const 0) (i32.const 5) (i32.const 2) (i32.const 50000)) (i32.const 2))
      (then unreachable))
    (i64.const 257698037760016)))
