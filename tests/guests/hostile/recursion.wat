;; Calls itself for ever, with locals that cannot be optimised away.
(module
  (memory (export "memory") 1)
  (func $deeper (param $n i64) (result i64)
    (i64.add (local.get $n) (call $deeper (i64.mul (local.get $n) (i64.const 3)))))
  (func (export "on_execute_post_login") (result i64)
    (call $deeper (i64.const 7))))
