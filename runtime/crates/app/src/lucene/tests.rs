//! What the search syntax accepts, refuses and finds.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(query: &str, want: &str) {
    let parsed = parse(query).unwrap_or_else(|bad| panic!("{query}: {bad}"));
    assert_eq!(parsed.to_string(), want, "{query}");
    assert_eq!(parse(want).as_ref(), Ok(&parsed), "{want}");
}

#[track_caller]
fn check_bad(query: &str, at: usize) {
    let bad = parse(query).expect_err(query);
    assert_eq!(bad.at, at, "{query}: {bad}");
}

#[test]
fn terms_and_operators() {
    check("", "*");
    check("  ", "*");
    check("*", "*");
    check("*:*", "*");
    check("jane", r#""jane""#);
    check(r#"email:"a@b.c""#, r#"email:"a@b.c""#);
    check("email: jane@exampleco.com", r#"email:"jane@exampleco.com""#);
    check("user_id:auth0|123", r#"user_id:"auth0|123""#);
    check(r#"a:1 AND b:"2""#, r#"(a:"1" AND b:"2")"#);
    check("a:1 && b:2 || c:3", r#"((a:"1" AND b:"2") OR c:"3")"#);
    check("a OR b AND c", r#"("a" OR ("b" AND "c"))"#);
    check("a b c", r#"("a" OR "b" OR "c")"#);
    check("+a b -c", r#"("a" AND NOT "c")"#);
    check("a -b", r#"("a" AND NOT "b")"#);
    check("-a", r#"NOT "a""#);
    check("a AND NOT b", r#"("a" AND NOT "b")"#);
    check("!a", r#"NOT "a""#);
    check("(NOT _exists_:logins_count OR logins_count:0)", r#"(NOT _exists_:"logins_count" OR logins_count:"0")"#);
    check(r#"user_id:("auth0|1" OR "auth0|2")"#, r#"(user_id:"auth0|1" OR user_id:"auth0|2")"#);
    check("name:(jane smith)", r#"(name:"jane" OR name:"smith")"#);
    check("a:(b:c d)", r#"(b:"c" OR a:"d")"#);
    check("and or not", r#"("and" OR "or" OR "not")"#);
    check("ANDROID", r#""ANDROID""#);
    check(r"a\:b", r#""a:b""#);
    check(r#"a:"say \"hi\" \\""#, r#"a:"say \"hi\" \\""#);
    check(r"a\ b:c", r#"a\ b:"c""#);
}

#[test]
fn wildcards_ranges_and_presence() {
    check("name:jo*", "name:jo*");
    check("name:*usa*", "name:*usa*");
    check("name:j?hn", "name:j?hn");
    check("name:a**b", "name:a*b");
    check(r"name:a\*", r#"name:"a*""#);
    check("name:*", r#"_exists_:"name""#);
    check("_exists_:app_metadata.plan", r#"_exists_:"app_metadata.plan""#);
    check("n:[1 TO 5]", r#"n:["1" TO "5"]"#);
    check("n:{1 TO 5]", r#"n:{"1" TO "5"]"#);
    check("n:[* TO 2018-01-01T00:00:00.000Z}", r#"n:[* TO "2018-01-01T00:00:00.000Z"}"#);
    check(r#"n:{"a b" TO *}"#, r#"n:{"a b" TO *]"#);
    check("n:>5", r#"n:{"5" TO *]"#);
    check("n:<=5", r#"n:[* TO "5"]"#);
}

#[test]
fn errors_say_where() {
    check_bad("a:", 2);
    check_bad(":a", 0);
    check_bad("(a", 0);
    check_bad("a)", 1);
    check_bad("a AND", 5);
    check_bad("AND a", 0);
    check_bad("a OR OR b", 5);
    check_bad("a:\"b", 2);
    check_bad("a:[1 TO", 7);
    check_bad("a:[1 5]", 5);
    check_bad("a:[1 TO 5", 2);
    check_bad("a~", 1);
    check_bad("\"a b\"~2", 5);
    check_bad("a^2", 1);
    check_bad("a:/b/", 2);
    check_bad("[1 TO 2]", 0);
    check_bad("a:b:c", 3);
    check_bad("é:(ü", 2);
    check_bad("a\\", 2);
    check_bad("a*:b", 0);
    check_bad(&"(".repeat(5000), 33);
    check_bad(&"-".repeat(5000), 33);
    assert!(parse(&"a ".repeat(CLAUSES)).is_ok());
    assert!(parse(&"a ".repeat(CLAUSES + 1)).is_err());
    assert!(parse(&"x".repeat(QUERY_CHARS + 1)).is_err());
}

#[track_caller]
fn check_like(pattern: &str, text: &str, want: bool) {
    let Ok(Expr::Clause(Clause { test: Test::Pattern(pieces), .. })) = parse(pattern) else { panic!("{pattern}") };
    assert_eq!(looks_like(&pieces, text), want, "{pattern} {text}");
}

#[test]
fn patterns() {
    check_like("jo*", "john", true);
    check_like("jo*", "ajohn", false);
    check_like("*hn", "john", true);
    check_like("*hn", "johns", false);
    check_like("*o*n*", "john", true);
    check_like("j?hn", "john", true);
    check_like("j?hn", "jhn", false);
    check_like("?*", "", false);
    check_like("a*b*c", "aXbXbc", true);
    check_like("*aab", "aaaab", true);
    check_like("?", "é", true);
    // No blow-up.
    check_like(&format!("{}b", "a*".repeat(60)), &"a".repeat(5000), false);
}

/// Queries made of what the language is made of, and of noise.
fn queries() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("AND".to_owned()),
        Just("OR".to_owned()),
        Just("NOT".to_owned()),
        Just("TO".to_owned()),
        Just("_exists_:".to_owned()),
        Just("email:".to_owned()),
        "[-+!()\\[\\]{}\"*?:\\\\/~^&|<>= ]{1,2}",
        "[a-cé.@_0-9]{1,3}",
        any::<char>().prop_map(String::from),
    ];
    (prop::collection::vec(piece, 0..24), any::<bool>())
        .prop_map(|(pieces, spaced)| pieces.join(if spaced { " " } else { "" }))
}

fn texts() -> impl Strategy<Value = String> {
    "[a-c \"\\\\*?:()éAND-]{1,6}"
}

fn tests() -> impl Strategy<Value = Test> {
    let bound =
        || prop_oneof![Just(Bound::Open), texts().prop_map(Bound::Including), texts().prop_map(Bound::Excluding)];
    let pattern = (texts(), texts()).prop_map(|(a, b)| vec![Piece::Text(a), Piece::Many, Piece::Text(b), Piece::One]);
    prop_oneof![
        texts().prop_map(Test::Text),
        pattern.prop_map(Test::Pattern),
        (bound(), bound()).prop_map(|(low, high)| Test::Range { low, high }),
        Just(Test::Exists),
    ]
}

fn exprs() -> impl Strategy<Value = Expr> {
    let clause = ("[a-z_]{1,4}(\\.[a-c :]{1,3})?", tests())
        .prop_map(|(field, test)| Expr::Clause(Clause { field: Some(format!("f{field}")), test }));
    clause.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Expr::Not(Box::new(inner))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::All),
            prop::collection::vec(inner, 2..4).prop_map(Expr::Any),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused_in_its_place(query in queries()) {
        match parse(&query) {
            Ok(expr) => prop_assert_eq!(parse(&expr.to_string()), Ok(expr)),
            Err(bad) => prop_assert!(bad.at <= query.chars().count()),
        }
    }

    #[test]
    fn what_is_printed_is_parsed_again(expr in exprs()) {
        prop_assert_eq!(parse(&expr.to_string()), Ok(expr));
    }
}
