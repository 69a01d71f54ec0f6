;; Asks for a mutation that does not exist, after one that does.
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "{\"mutations\":[{\"type\":\"user.setAppMetadata\",\"key\":\"kept\",\"value\":true},{\"type\":\"user.explode\"}]}")
  (func (export "on_execute_post_login") (result i64)
    (i64.const 68719476832)))
