;; Leaves marks wherever a guest can keep something, and reports in app_metadata.marks
;; how many marks of earlier runs it found: always 0 when every run is fresh.
(module
  (memory (export "memory") 1 64)
  (table $table 4 8 funcref)
  (global $private (mut i32) (i32.const 0))
  (global $exported (export "exported") (mut i32) (i32.const 0))
  (elem declare func $number)
  (data (i32.const 1024) "{\"mutations\":[{\"type\":\"user.setAppMetadata\",\"key\":\"marks\",\"value\":")
  ;; `ptr << 32 | len`
  (func $pack (param $ptr i32) (param $len i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get $ptr)) (i64.const 32)) (i64.extend_i32_u (local.get $len))))
  ;; Writes `n` in decimal at `to`; returns the address behind it.
  (func $number (param $n i32) (param $to i32) (result i32)
    (if (i32.ge_u (local.get $n) (i32.const 10))
      (then (local.set $to (call $number (i32.div_u (local.get $n) (i32.const 10)) (local.get $to)))))
    (i32.store8 (local.get $to) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
    (i32.add (local.get $to) (i32.const 1)))
  (func (export "on_execute_post_login") (result i64) (local $seen i32) (local $end i32)
    ;; Globals.
    (local.set $seen (i32.add (global.get $private) (global.get $exported)))
    (global.set $private (i32.const 1))
    (global.set $exported (i32.const 1))
    ;; The last word of the first page, and the data segment's own page.
    (local.set $seen (i32.add (local.get $seen) (i32.load (i32.const 65532))))
    (i32.store (i32.const 65532) (i32.const 1))
    (local.set $seen (i32.add (local.get $seen) (i32.load (i32.const 4096))))
    (i32.store (i32.const 4096) (i32.const 1))
    ;; A table slot, and the size of the table.
    (local.set $seen (i32.add (local.get $seen) (i32.eqz (ref.is_null (table.get $table (i32.const 1))))))
    (table.set $table (i32.const 1) (ref.func $number))
    (local.set $seen (i32.add (local.get $seen) (i32.ne (table.size $table) (i32.const 4))))
    (drop (table.grow $table (ref.func $number) (i32.const 1)))
    ;; The size of the memory, and the bytes of the pages it grows by.
    (local.set $seen (i32.add (local.get $seen) (i32.ne (memory.size) (i32.const 1))))
    (drop (memory.grow (i32.const 32)))
    (local.set $seen (i32.add (local.get $seen) (i32.load (i32.const 65536))))
    (i32.store (i32.const 65536) (i32.const 1))
    (local.set $seen (i32.add (local.get $seen) (i32.load (i32.const 2162684))))
    (i32.store (i32.const 2162684) (i32.const 1))
    (local.set $end (call $number (local.get $seen) (i32.const 1090)))
    (i32.store8 (local.get $end) (i32.const 125))
    (i32.store8 offset=1 (local.get $end) (i32.const 93))
    (i32.store8 offset=2 (local.get $end) (i32.const 125))
    (call $pack (i32.const 1024) (i32.sub (local.get $end) (i32.const 1021)))))
