;; Hands back 600 small mutations: few bytes, too many entries.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"type\":\"access.deny\",\"reason\":\"x\"},")
  (data (i32.const 64) "{\"mutations\":[")
  (func (export "on_execute_post_login") (result i64)
    (local $at i32)
    (local.set $at (i32.const 78))
    (loop $again
      (memory.copy (local.get $at) (i32.const 0) (i32.const 36))
      (local.set $at (i32.add (local.get $at) (i32.const 36)))
      (br_if $again (i32.lt_u (local.get $at) (i32.const 21678))))
    (i32.store8 (i32.sub (local.get $at) (i32.const 1)) (i32.const 93))
    (i32.store8 (local.get $at) (i32.const 125))
    (i64.or (i64.const 274877906944) (i64.extend_i32_u (i32.sub (local.get $at) (i32.const 63))))))
