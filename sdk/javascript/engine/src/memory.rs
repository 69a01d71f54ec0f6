//! One heap for QuickJS and Rust: the C library's. While something is loaded, what is freed is zeroed, so that the
//! snapshot holds no garbage.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr;

use rquickjs::allocator::Allocator;

use crate::abi::loading;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut u8;
    fn calloc(count: usize, size: usize) -> *mut u8;
    fn realloc(place: *mut u8, size: usize) -> *mut u8;
    fn free(place: *mut u8);
    fn aligned_alloc(align: usize, size: usize) -> *mut u8;
    fn malloc_usable_size(place: *mut u8) -> usize;
}

/// What `malloc` aligns to.
const ALIGN: usize = 8;

pub(crate) struct Heap;

#[global_allocator]
static GLOBAL: Heap = Heap;

unsafe fn release(place: *mut u8) {
    // SAFETY: the caller's place comes from this heap.
    unsafe {
        if loading() && !place.is_null() {
            ptr::write_bytes(place, 0, malloc_usable_size(place));
        }
        free(place);
    }
}

unsafe fn resize(place: *mut u8, size: usize) -> *mut u8 {
    // SAFETY: as in `release`.
    unsafe {
        if !loading() || place.is_null() {
            return realloc(place, size);
        }
        let moved = malloc(size);
        if !moved.is_null() {
            ptr::copy_nonoverlapping(place, moved, malloc_usable_size(place).min(size));
            release(place);
        }
        moved
    }
}

// SAFETY: the C library's heap.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: sizes are not zero here.
        unsafe {
            if layout.align() <= ALIGN {
                malloc(layout.size())
            } else {
                aligned_alloc(layout.align(), layout.size().next_multiple_of(layout.align()))
            }
        }
    }

    unsafe fn dealloc(&self, place: *mut u8, _layout: Layout) {
        // SAFETY: it comes from this heap.
        unsafe { release(place) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: it comes from this heap; a larger alignment is kept by moving.
        unsafe {
            if layout.align() <= ALIGN {
                return resize(place, size);
            }
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                ptr::copy_nonoverlapping(place, moved, layout.size().min(size));
                release(place);
            }
            moved
        }
    }
}

// SAFETY: the C library's heap, whose alignment is 8.
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        // SAFETY: any size may be asked for.
        unsafe { malloc(size) }
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        // SAFETY: any size may be asked for.
        unsafe { calloc(count, size) }
    }

    unsafe fn dealloc(&mut self, place: *mut u8) {
        // SAFETY: it comes from this heap.
        unsafe { release(place) }
    }

    unsafe fn realloc(&mut self, place: *mut u8, size: usize) -> *mut u8 {
        // SAFETY: it comes from this heap.
        unsafe { resize(place, size) }
    }

    unsafe fn usable_size(place: *mut u8) -> usize {
        // SAFETY: it comes from this heap.
        unsafe { malloc_usable_size(place) }
    }
}

/// Zeroes the dead part of the stack, which lies at the bottom of the memory.
#[inline(never)]
pub(crate) fn scrub_stack() {
    let marker = 0_u8;
    let top = (&raw const marker) as usize;
    // Room for the frame of the call that does it.
    if let Some(len) = top.checked_sub(4096) {
        // SAFETY: below this frame nothing of the stack is in use; address 0 to 1024 is left alone.
        unsafe { ptr::write_bytes(ptr::without_provenance_mut::<u8>(1024), 0, len - 1024) }
    }
}
