;; Grows its table until it gets no more.
(module
  (memory (export "memory") 1)
  (table $table 1 funcref)
  (func (export "on_execute_post_login") (result i64)
    (loop $again
      (if (i32.lt_s (table.grow $table (ref.null func) (i32.const 65536)) (i32.const 0)) (then unreachable))
      (br $again))
    unreachable))
