;; Reports an error of its own.
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "{\"error\":{\"name\":\"TypeError\",\"message\":\"plan is not a function\"}}")
  (func (export "on_execute_post_login") (result i64)
    (i64.const 68719476801)))
