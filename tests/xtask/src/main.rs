//! Build tasks. 
fn main() {}
