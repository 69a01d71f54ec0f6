//! A bump allocator. A run is short and its memory is thrown away whole, so nothing is looked for and little is
//! given back; and as long as the arena lasts, the memory does not grow, which would cost the host a system call.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr;

/// Bytes of the static arena. Stack, statics and arena together stay below what the host keeps resident.
const ARENA_BYTES: usize = 96 * 1024;
/// Bytes of a page of linear memory.
const PAGE_BYTES: usize = 64 * 1024;

#[repr(C, align(16))]
struct Arena(UnsafeCell<[u8; ARENA_BYTES]>);

// SAFETY: a guest has one thread.
unsafe impl Sync for Arena {}

static ARENA: Arena = Arena(UnsafeCell::new([0; ARENA_BYTES]));

/// The free part of the arena or, when that is used up, of grown memory. Addresses; 0 before the first allocation.
struct Bump(UnsafeCell<(usize, usize)>);

// SAFETY: a guest has one thread.
unsafe impl Sync for Bump {}

#[global_allocator]
static BUMP: Bump = Bump(UnsafeCell::new((0, 0)));

impl Bump {
    #[inline]
    fn take(&self, layout: Layout) -> *mut u8 {
        // SAFETY: a guest has one thread, and no reference outlives a call.
        let (next, end) = unsafe { &mut *self.0.get() };
        if *next == 0 {
            *next = ARENA.0.get().addr();
            *end = *next + ARENA_BYTES;
        }
        let start = next.next_multiple_of(layout.align());
        match start.checked_add(layout.size()) {
            Some(after) if after <= *end => {
                *next = after;
                ptr::with_exposed_provenance_mut(start)
            }
            _ => grow(next, end, layout),
        }
    }
}

/// Goes on in fresh pages; the rest of the arena is left.
#[cold]
#[inline(never)]
fn grow(next: &mut usize, end: &mut usize, layout: Layout) -> *mut u8 {
    let Some(bytes) = layout.size().checked_add(layout.align()) else { return ptr::null_mut() };
    let pages = bytes.div_ceil(PAGE_BYTES).max(4);
    let before = core::arch::wasm32::memory_grow(0, pages);
    if before == usize::MAX {
        return ptr::null_mut();
    }
    let fresh = before * PAGE_BYTES;
    // Fresh pages that follow the current ones simply make them longer.
    if *end != fresh {
        *next = fresh;
    }
    // The last byte of a full memory has the address `usize::MAX`, which is then left out.
    *end = fresh.saturating_add(pages * PAGE_BYTES);
    let start = next.next_multiple_of(layout.align());
    *next = start + layout.size();
    ptr::with_exposed_provenance_mut(start)
}

// SAFETY: blocks are disjoint parts of memory that nothing else uses: each begins where the last one ended, and only
// the last one is made longer, shorter or given back.
unsafe impl GlobalAlloc for Bump {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.take(layout)
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: a guest has one thread, and no reference outlives a call.
        let (next, _) = unsafe { &mut *self.0.get() };
        if block.addr() + layout.size() == *next {
            *next = block.addr();
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        {
            // SAFETY: a guest has one thread, and no reference outlives a call.
            let (next, end) = unsafe { &mut *self.0.get() };
            let last = block.addr() + layout.size() == *next;
            if last && block.addr().checked_add(new_size).is_some_and(|after| after <= *end) {
                *next = block.addr() + new_size;
                return block;
            }
        }
        // SAFETY: the caller promises that `new_size` with this alignment is a layout.
        let fresh = self.take(unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) });
        if !fresh.is_null() {
            // SAFETY: the new block is another one and holds the smaller of both sizes.
            unsafe { ptr::copy_nonoverlapping(block, fresh, layout.size().min(new_size)) };
        }
        fresh
    }
}
