;; Hands back JSON of another shape.
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "{\"mutations\":{\"access.deny\":\"x\"}}")
  (func (export "on_execute_post_login") (result i64)
    (i64.const 68719476769)))
