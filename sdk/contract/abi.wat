;; The ABI of Postern, version 1, as a module that loads: every import with its type, every export with its
;; meaning, and a guest that does something with them. `ABI.md` has the prose.
;;
;; All texts are UTF-8 bytes in the guest's memory, named by address and length, both unsigned. An address outside of
;; the memory is a trap. The host reads and writes only during the call and keeps no address.
(module
  ;; ------------------------------------------------------------------------------------------------- imports
  ;; A guest imports only what it uses.

  ;; event_read(ptr, len, buf, cap) -> length
  ;; Reads one value of the event. In: a JSON Pointer (RFC 6901); the empty one is the whole event. The value's JSON
  ;; text is written to `buf` if it is at most `cap` bytes, otherwise nothing is; its full length is returned either
  ;; way, so that the guest can ask again with a larger buffer. -1 when there is no such value.
  (import "postern_v1" "event_read" (func $event_read (param $ptr i32) (param $len i32) (param $buf i32) (param $cap i32) (result i32)))

  ;; log(level, ptr, len)
  ;; Adds a line to the run's log. 0 trace, 1 debug, 2 info, 3 warn, 4 error. Bounded; more is dropped and said so.
  (import "postern_v1" "log" (func $log (param $level i32) (param $ptr i32) (param $len i32)))

  ;; now() -> milliseconds since the epoch
  ;; The time when the run began. It stands still.
  (import "postern_v1" "now" (func $now (result i64)))

  ;; random(ptr, len)
  ;; Fills the place with random bytes, fit for keys.
  (import "postern_v1" "random" (func $random (param $ptr i32) (param $len i32)))

  ;; call_start(ptr, len) -> id
  ;; Starts a host call: a JSON object with its `type`, such as {"type":"cache.get","key":"k"}. Any number may be
  ;; under way, up to the run's limit, whose excess is a trap. A call that is refused has an answer that says so.
  (import "postern_v1" "call_start" (func $call_start (param $ptr i32) (param $len i32) (result i32)))

  ;; call_wait() -> id
  ;; Waits until any call is done that was not reported yet, and reports it. -1 when none is under way.
  (import "postern_v1" "call_wait" (func $call_wait (result i32)))

  ;; call_take(id, buf, cap) -> length
  ;; The JSON answer of a call that `call_wait` has reported, as `event_read` gives a value; it may be taken again.
  ;; -1 for any other id.
  (import "postern_v1" "call_take" (func $call_take (param $id i32) (param $buf i32) (param $cap i32) (result i32)))

  ;; ------------------------------------------------------------------------------------------------- exports
  ;; The one memory. Small at first; it may grow up to the run's limit.
  (memory (export "memory") 1)

  ;; Optional: the address of an 8-byte cell, little-endian, that holds `ptr << 32 | len` of a failure
  ;; {"name","message","stack"?}, or 0. The host reads it after a trap: so a panic keeps its message.
  (global (export "postern_failure") i32 (i32.const 8))

  ;; Optional: what the host may know before a run, as JSON. Only "abi" is required.
  (@custom "postern" "{\"abi\":1,\"sdk\":\"by hand\",\"sdk_version\":\"1\"}")

  (data (i32.const 64) "/user/email")
  (data (i32.const 128) "{\"type\":\"cache.get\",\"key\":\"greeting\"}")
  (data (i32.const 192) "no email")
  (data (i32.const 256) "{\"mutations\":[]}")
  (data (i32.const 320) "{\"mutations\":[{\"type\":\"user.setAppMetadata\",\"key\":\"seen\",\"value\":true}]}")
  (data (i32.const 448) "{\"name\":\"Error\",\"message\":\"the answer is lost\"}")
  ;; 1024: where values and answers are read to

  ;; `ptr << 32 | len`, the shape of every result
  (func $pack (param $ptr i32) (param $len i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get $ptr)) (i64.const 32)) (i64.extend_i32_u (local.get $len))))

  ;; on_execute_post_login() -> ptr << 32 | len of a result
  ;; Runs after a login. The result is {"mutations":[…]} or {"error":{"name","message","stack"?}}.
  ;; This one marks users who have an email address.
  (func (export "on_execute_post_login") (result i64) (local $id i32)
    (if (i32.lt_s (call $event_read (i32.const 64) (i32.const 11) (i32.const 1024) (i32.const 1024)) (i32.const 0))
      (then
        (call $log (i32.const 2) (i32.const 192) (i32.const 8))
        (return (call $pack (i32.const 256) (i32.const 16)))))
    ;; A host call: start it, wait for it, take its answer.
    (local.set $id (call $call_start (i32.const 128) (i32.const 37)))
    (if (i32.ne (call $call_wait) (local.get $id)) (then (call $fail)))
    (if (i32.lt_s (call $call_take (local.get $id) (i32.const 1024) (i32.const 1024)) (i32.const 0)) (then (call $fail)))
    ;; The time and eight random bytes; the result needs neither.
    (i64.store (i32.const 2048) (call $now))
    (call $random (i32.const 2056) (i32.const 8))
    (call $pack (i32.const 320) (i32.const 72)))

  ;; Names the failure, then traps.
  (func $fail
    (i64.store (i32.const 8) (call $pack (i32.const 448) (i32.const 47)))
    (unreachable))

  ;; Optional: on_continue_post_login() -> ptr << 32 | len of a result
  ;; The same when the login comes back from a redirect, a form or a challenge that this action asked for.
  (func (export "on_continue_post_login") (result i64)
    (call $pack (i32.const 256) (i32.const 16)))

  ;; on_execute_credentials_exchange() -> ptr << 32 | len of a result
  ;; Runs when a client asks for a token of its own. A module has this one, on_execute_post_login or both.
  (func (export "on_execute_credentials_exchange") (result i64)
    (call $pack (i32.const 256) (i32.const 16)))

  ;; Optional, both or none: postern_alloc(size) -> ptr and postern_init(ptr, len)
  ;; Run once, when a version is built: the host asks for a place, writes the version's payload to it and calls
  ;; `postern_init`. (An empty payload needs no place: `postern_alloc` is not called, both arguments are 0.) The memory
  ;; and the exported mutable globals as they are then are what every run starts from. Only `log` may be called here.
  (func (export "postern_alloc") (param $size i32) (result i32) (i32.const 4096))
  (func (export "postern_init") (param $ptr i32) (param $len i32))

  ;; Optional, beside postern_alloc: postern_compile(ptr, len) -> ptr << 32 | len
  ;; Makes of the payload what `postern_init` gets, in an instance of its own that is dropped then: so nothing of the work
  ;; is left in the memory that runs start from. Not called for an empty payload. Only `log` may be called here.
  (func (export "postern_compile") (param $ptr i32) (param $len i32) (result i64)
    (call $pack (local.get $ptr) (local.get $len))))
