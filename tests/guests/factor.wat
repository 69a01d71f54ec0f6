;; Asks for a one-time password; keeps the second authentication method in app_metadata.factor when it was given.
(module
  (import "postern_v1" "event_read" (func $event_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/authentication/methods/1")
  (data (i32.const 256)
    "{\"mutations\":[{\"type\":\"authentication.challengeWith\",\"factor\":{\"type\":\"otp\"}}]}")
  (data (i32.const 1024) "{\"mutations\":[{\"type\":\"user.setAppMetadata\",\"key\":\"factor\",\"value\":")
  ;; `ptr << 32 | len`
  (func $pack (param $ptr i32) (param $len i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get $ptr)) (i64.const 32)) (i64.extend_i32_u (local.get $len))))
  (func (export "on_execute_post_login") (result i64)
    (call $pack (i32.const 256) (i32.const 79)))
  (func (export "on_continue_post_login") (result i64) (local $len i32) (local $end i32)
    ;; The method's JSON text goes straight into the result.
    (local.set $len (call $event_read (i32.const 0) (i32.const 25) (i32.const 1091) (i32.const 4096)))
    (if (i32.or (i32.lt_s (local.get $len) (i32.const 0)) (i32.gt_s (local.get $len) (i32.const 4096)))
      (then unreachable))
    (local.set $end (i32.add (i32.const 1091) (local.get $len)))
    (i32.store8 (local.get $end) (i32.const 125))
    (i32.store8 offset=1 (local.get $end) (i32.const 93))
    (i32.store8 offset=2 (local.get $end) (i32.const 125))
    (call $pack (i32.const 1024) (i32.sub (local.get $end) (i32.const 1021)))))
