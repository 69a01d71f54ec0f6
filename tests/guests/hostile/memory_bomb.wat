;; Grows its memory and touches every page until it gets no more.
(module
  (memory (export "memory") 1)
  (func (export "on_execute_post_login") (result i64)
    (loop $again
      (if (i32.lt_s (memory.grow (i32.const 16)) (i32.const 0)) (then unreachable))
      (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 1))
      (br $again))
    unreachable))
