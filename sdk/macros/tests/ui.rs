//! What an author is told, word by word. Every text is ours: the compiler's own do not occur.

#[test]
fn wrong_functions_are_told_so() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
