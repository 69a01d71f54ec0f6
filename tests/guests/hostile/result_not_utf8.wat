;; Hands back bytes that are not UTF-8.
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "{\"mutations\":[\ff\fe]}")
  (func (export "on_execute_post_login") (result i64)
    (i64.const 68719476754)))
