;; The least action that does the work of the benchmark: reads two fields, asks for three mutations. No allocator,
;; no `memory.grow`: what the engine costs is what is measured.
(module
  (import "postern_v1" "event_read" (func $event_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2 2)
  (data (i32.const 0) "/request/ip")
  (data (i32.const 32) "/user/app_metadata/plan")
  (data (i32.const 64) "{\"mutations\":[{\"type\":\"user.setAppMetadata\",\"key\":\"last_ip\",\"value\":")
  (data (i32.const 256) "},{\"type\":\"idToken.setCustomClaim\",\"key\":\"https://example.com/plan\",\"value\":")
  (data (i32.const 512) "},{\"type\":\"user.setUserMetadata\",\"key\":\"greeted\",\"value\":true}]}")
  (func (export "on_execute_post_login") (result i64) (local $end i32)
    (memory.copy (i32.const 4096) (i32.const 64) (i32.const 68))
    (local.set $end (i32.add (i32.const 4164)
      (call $event_read (i32.const 0) (i32.const 11) (i32.const 4164) (i32.const 1024))))
    (memory.copy (local.get $end) (i32.const 256) (i32.const 76))
    (local.set $end (i32.add (local.get $end) (i32.const 76)))
    (local.set $end (i32.add (local.get $end)
      (call $event_read (i32.const 32) (i32.const 23) (local.get $end) (i32.const 1024))))
    (memory.copy (local.get $end) (i32.const 512) (i32.const 64))
    (i64.or
      (i64.const 17592186044416)
      (i64.extend_i32_u (i32.sub (local.get $end) (i32.const 4032))))))
