//! The engine as its callers meet it: modules in, reports out. Guests are WebAssembly text, so no toolchain is needed.

mod admission;
mod calls;
mod harness;
mod hostile;
mod http;
mod isolation;
mod programs;
mod replay;
mod snapshot;
mod validation;
