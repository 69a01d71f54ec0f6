;; Asks for a one-time password as a second factor.
(module
  (memory (export "memory") 1)
  (data (i32.const 16)
    "{\"mutations\":[{\"type\":\"authentication.challengeWith\",\"factor\":{\"type\":\"otp\"}}]}")
  (func (export "on_execute_post_login") (result i64)
    (i64.const 68719476815)))
