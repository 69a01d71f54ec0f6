;; Gives a mutation an argument of the wrong type.
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "{\"mutations\":[{\"type\":\"user.setAppMetadata\",\"key\":\"kept\",\"value\":true},{\"type\":\"accessToken.addScope\",\"scope\":7}]}")
  (func (export "on_execute_post_login") (result i64)
    (i64.const 68719476850)))
