;; Divides by zero.
(module
  (memory (export "memory") 1)
  (func (export "on_execute_post_login") (result i64)
    (i64.div_u (i64.const 1) (i64.const 0))))
