;; Never ends.
(module
  (memory (export "memory") 1)
  (func (export "on_execute_post_login") (result i64)
    (loop $again (br $again))
    unreachable))
