;; Says its result is 1 GiB long.
(module
  (memory (export "memory") 1)
  (func (export "on_execute_post_login") (result i64)
    (i64.const 1073741824)))
