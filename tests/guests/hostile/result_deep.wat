;; Nests arrays 100,000 deep.
(module
  (memory (export "memory") 4)
  (data (i32.const 0) "{\"mutations\":")
  (func (export "on_execute_post_login") (result i64)
    (memory.fill (i32.const 13) (i32.const 91) (i32.const 100000))
    (i64.const 100013)))
