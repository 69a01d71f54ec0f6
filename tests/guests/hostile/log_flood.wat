;; Logs 16 MiB.
(module
  (import "postern_v1" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 60000) "{\"mutations\":[]}")
  (func (export "on_execute_post_login") (result i64)
    (local $n i32)
    (memory.fill (i32.const 0) (i32.const 65) (i32.const 4096))
    (loop $again
      (call $log (i32.const 2) (i32.const 0) (i32.const 4096))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 4096))))
    (i64.const 257698037760016)))
