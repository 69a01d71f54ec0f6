//! Who logs in: first logins, what a profile changes, who is turned away.

use postern_app::Kind;
use postern_app::login::LoginReport;
use postern_model::{Connection, Outcome, RootAttributes, User};
use serde_json::{Value, json};

use crate::bench::{Bench, app_metadata, asks, connection, count, sees, user};

async fn social(bench: &Bench, rule: RootAttributes, dropped: &[&str]) -> Connection {
    let connection = Connection {
        set_user_root_attributes: rule,
        non_persistent_attrs: dropped.iter().map(|name| (*name).to_owned()).collect(),
        ..connection("con_social", "social", "social")
    };
    bench.insert(&connection).await;
    connection
}

async fn by_profile(bench: &Bench, profile: Value) -> LoginReport {
    bench.try_login(json!({"client_id": "app", "connection": "social", "user": profile})).await.unwrap()
}

async fn stored(bench: &Bench, report: &LoginReport) -> User {
    bench.app.store().fetch::<User>(&bench.tenant.id, report.user.user_id.as_str()).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_first_login_creates_the_user_and_counts() {
    let bench = Bench::new().await;
    social(&bench, RootAttributes::OnEachLogin, &["token"]).await;
    bench.install(&[("count", count()), ("sees", sees("/user/token"))]).await;
    let profile = json!({
        "user_id": "77", "email": "Nell@Example.com", "email_verified": true, "given_name": "Nell",
        "token": "for this login only", "team": {"id": 1}, "app_metadata": {"count": 4},
    });
    let report = by_profile(&bench, profile).await;
    assert_eq!(report.outcome, Outcome::Allow);
    let user = stored(&bench, &report).await;
    assert_eq!(report.user, user);
    assert_eq!(user.user_id.as_str(), "social|77");
    assert_eq!(user.email.as_deref(), Some("nell@example.com"));
    assert_eq!((user.name.as_deref(), user.nickname.as_deref()), (Some("nell@example.com"), Some("nell")));
    assert_eq!(user.logins_count, 1);
    assert_eq!(Value::Object(user.attributes.clone()), json!({"team": {"id": 1}}));
    assert_eq!(app_metadata(&user), json!({"count": 5, "seen": "for this login only"}));
    assert!(user.identities[0].is_social);

    // The same identity is the same user; without an id there is one more.
    let again = by_profile(&bench, json!({"user_id": "77", "given_name": "Nelly"})).await;
    assert_eq!(again.user.user_id, user.user_id);
    assert_eq!((again.user.logins_count, again.user.given_name.as_deref()), (2, Some("Nelly")));
    let other = by_profile(&bench, json!({"given_name": "Nell"})).await;
    assert_ne!(other.user.user_id, user.user_id);
    assert!(other.user.user_id.as_str().starts_with("social|"));
}

#[tokio::test]
async fn a_profile_is_taken_over_as_the_connection_says() {
    for (rule, name) in [(RootAttributes::OnEachLogin, "second"), (RootAttributes::OnFirstLogin, "first")] {
        let bench = Bench::new().await;
        social(&bench, rule, &["picture"]).await;
        bench.install(&[("claim", asks(&json!([{"type": "idToken.setCustomClaim", "key": "a", "value": 1}])))]).await;
        let first = json!({"user_id": "1", "name": "first", "team": "a", "user_metadata": {"kept": 1}});
        by_profile(&bench, first).await;
        let second = json!({
            "user_id": "1", "name": "second", "team": "b", "email": "x@example.com",
            "picture": "https://example.com/p.png", "user_metadata": {"kept": 2}, "app_metadata": {"new": 1},
        });
        let user = stored(&bench, &by_profile(&bench, second).await).await;
        assert_eq!(user.name.as_deref(), Some(name), "{rule:?}");
        assert_eq!(user.attributes["team"], "b");
        assert_eq!(user.email.as_deref(), Some("x@example.com"));
        assert_eq!(user.picture, None);
        assert_eq!(user.user_metadata.unwrap()["kept"], 1);
        assert_eq!(user.app_metadata, None);
    }
}

#[tokio::test]
async fn a_connection_may_create_nobody() {
    let bench = Bench::new().await;
    social(&bench, RootAttributes::NeverOnLogin, &[]).await;
    let input = json!({"client_id": "app", "connection": "social", "user": {"user_id": "1"}});
    assert_eq!(bench.try_login(input).await.unwrap_err().code.kind(), Kind::NotFound);
    assert_eq!(bench.all::<User>().await.len(), 1);
}

#[tokio::test]
async fn a_denied_first_login_leaves_a_user_without_a_login() {
    let bench = Bench::new().await;
    social(&bench, RootAttributes::OnEachLogin, &[]).await;
    bench.install(&[("deny", asks(&json!([{"type": "access.deny", "reason": "no"}])))]).await;
    let report = by_profile(&bench, json!({"user_id": "1", "name": "N"})).await;
    assert!(matches!(report.outcome, Outcome::Deny { .. }));
    let user = stored(&bench, &report).await;
    assert_eq!((user.logins_count, user.name.as_deref()), (0, Some("N")));
}

#[tokio::test]
async fn a_database_user_is_found_by_the_address() {
    let bench = Bench::new().await;
    let input = json!({"client_id": "app", "user": {"email": "Ann@example.com", "nickname": "annie"}});
    let report = bench.try_login(input).await.unwrap();
    assert_eq!(report.user.user_id.as_str(), "auth0|ann");
    assert_eq!(bench.user("ann").await.nickname.as_deref(), Some("annie"));
}

#[tokio::test]
async fn an_address_that_another_user_of_the_database_has_is_refused() {
    let bench = Bench::new().await;
    bench.insert(&user("bob")).await;
    bench.install(&[("count", count())]).await;
    for who in ["new", "bob"] {
        let input = json!({"client_id": "app", "user": {"user_id": who, "email": "ann@example.com"}});
        assert_eq!(bench.try_login(input).await.unwrap_err().code, postern_app::Code::UserExists, "{who}");
    }
    assert_eq!(bench.user("bob").await.revision, 1);
    assert_eq!(bench.all::<User>().await.len(), 2);
    assert!(bench.log_kinds().await.is_empty());
}

#[tokio::test]
async fn a_blocked_user_is_turned_away_before_the_actions() {
    let bench = Bench::new().await;
    bench.insert(&User { blocked: Some(true), ..user("bob") }).await;
    bench.install(&[("count", count())]).await;
    let report = bench.login("bob").await;
    assert_eq!(report.outcome, Outcome::Deny { code: "access_denied".into(), reason: "user is blocked".into() });
    assert!(report.runs.is_empty());
    assert_eq!(bench.user("bob").await.revision, 1);
    assert_eq!(bench.log_kinds().await, ["f"]);
}

#[tokio::test]
async fn what_is_not_there_or_not_legal_is_refused_and_changes_nothing() {
    let bench = Bench::new().await;
    social(&bench, RootAttributes::OnEachLogin, &[]).await;
    let deep = (0..100).fold(json!(1), |value, _| json!([value]));
    let rows = [
        (json!({"client_id": "none", "user_id": "auth0|ann"}), Kind::NotFound),
        (json!({"client_id": "app", "user_id": "auth0|none"}), Kind::NotFound),
        (json!({"client_id": "app", "user_id": "none"}), Kind::NotFound),
        (json!({"client_id": "app", "user_id": "auth0|ann", "connection": "none"}), Kind::NotFound),
        (json!({"client_id": "app", "user_id": "auth0|ann", "connection": "social"}), Kind::BadRequest),
        (json!({"client_id": "app"}), Kind::BadRequest),
        (json!({"client_id": "app", "user": {"email": "no address"}}), Kind::BadRequest),
        (json!({"client_id": "app", "user": {"name": 1}}), Kind::BadRequest),
        (json!({"client_id": "app", "user": {"logins_count": 9}}), Kind::BadRequest),
        (json!({"client_id": "app", "user": {"app_metadata": {"email": 1}}}), Kind::BadRequest),
        (json!({"client_id": "app", "user": {"deep": deep}}), Kind::BadRequest),
        (json!({"client_id": "app", "user_id": "auth0|ann", "request": {"body": {"deep": deep}}}), Kind::BadRequest),
    ];
    for (input, kind) in rows {
        let text = input.to_string();
        assert_eq!(bench.try_login(input).await.unwrap_err().code.kind(), kind, "{text:.200}");
    }
    assert_eq!(bench.all::<User>().await.len(), 1);
    assert_eq!(bench.user("ann").await.revision, 1);
    assert!(bench.log_kinds().await.is_empty());
}
