//! Account linking, and what a user's own token may do.

use jiff::{SignedDuration, Timestamp};
use postern_app::tenants::tenant_by_domain;
use serde_json::{Value, json};

use crate::common::{Api, DATABASE, PASSWORD, Server, user_path};

/// The path of a user's identities.
fn identities_path(user_id: &str) -> String {
    format!("{}/identities", user_path(user_id))
}

/// A token with these claims over the usual ones, signed by the tenant's key.
async fn token(server: &Server, api: &Api, claims: Value) -> String {
    let keys = tenant_by_domain(&server.app, &api.domain).await.unwrap();
    let now = Timestamp::now();
    let mut all = json!({
        "iss": keys.issuer(), "iat": now.as_second(),
        "exp": (now + SignedDuration::from_hours(1)).as_second(),
    });
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    keys.keys.sign(&all).unwrap()
}

/// A caller with the user's own token.
async fn own(server: &Server, user_id: &str, scope: &str) -> Api {
    let api = &server.api;
    let claims = json!({
        "sub": user_id, "azp": api.client_id, "scope": scope, "aud": format!("https://{}/api/v2/", api.domain),
    });
    api.with_token(Some(&token(server, api, claims).await))
}

/// A user of a social connection.
async fn social(api: &Api) -> Value {
    api.post("/api/v2/connections", json!({"name": "google-oauth2", "strategy": "google-oauth2"})).await.expect(201);
    let user = json!({
        "connection": "google-oauth2", "email": "Ann@gmail.com", "user_id": "117", "given_name": "Ann",
        "email_verified": true, "user_metadata": {"lang": "de"}, "app_metadata": {"plan": "gold"},
    });
    api.post("/api/v2/users", user).await.expect(201)
}

#[tokio::test]
async fn a_linked_user_becomes_an_identity_and_a_user_again() {
    let server = Server::start().await;
    let api = &server.api;
    let (ann, google) = (api.user("ann").await, social(api).await);
    let path = identities_path("auth0|ann");
    let link = json!({"provider": "google-oauth2", "user_id": "117"});
    let identities = api.post(&path, link.clone()).await.expect(201);
    let profile = json!({
        "email": "ann@gmail.com", "email_verified": true, "name": "ann@gmail.com", "given_name": "Ann",
        "nickname": "ann", "picture": google["picture"],
    });
    let second = json!({
        "connection": "google-oauth2", "provider": "google-oauth2", "user_id": "117", "isSocial": true,
        "profileData": profile,
    });
    assert_eq!(identities, json!([ann["identities"][0], second]));
    // The primary keeps what it is; the other is gone, with its metadata.
    let joined = api.get(&user_path("auth0|ann")).await.expect(200);
    assert_eq!(joined["identities"], identities);
    assert_eq!(joined["email"], "ann@example.com");
    assert!(joined.get("user_metadata").is_none() && joined.get("app_metadata").is_none(), "{joined}");
    api.get(&user_path("google-oauth2|117")).await.refused(404, "inexistent_user");
    // A login by the connection of the secondary is one of the primary.
    let login = json!({"client_id": api.client_id, "connection": "google-oauth2", "user": {"user_id": "117"}});
    let login = api.post("/api/v2/simulated-logins", login).await.expect(200);
    assert_eq!(login["user"]["user_id"], "auth0|ann");
    // Searches see it, too.
    let found = api.get("/api/v2/users?q=identities.profileData.email:ann@gmail.com").await.expect(200);
    assert_eq!(found[0]["user_id"], "auth0|ann");
    api.post(&path, link).await.refused(409, "");

    let left = api.delete(&format!("{path}/google-oauth2/117")).await.expect(200);
    assert_eq!(left, ann["identities"]);
    let alone = api.get(&user_path("google-oauth2|117")).await.expect(200);
    assert_eq!(alone["email"], "ann@gmail.com");
    assert_eq!(alone["given_name"], "Ann");
    assert_eq!(alone["email_verified"], true);
    assert!(alone.get("user_metadata").is_none() && alone.get("app_metadata").is_none(), "{alone}");
    assert!(alone["identities"][0].get("profileData").is_none(), "{alone}");
    api.delete(&format!("{path}/google-oauth2/117")).await.refused(404, "inexistent_identity");
    api.delete(&format!("{path}/auth0/ann")).await.refused(400, "");
    let history = api.get(&format!("{}/history", user_path("google-oauth2|117"))).await.expect(200);
    assert!(history["history"].is_array(), "{history}");
}

#[tokio::test]
async fn what_cannot_be_linked_is_refused_and_nothing_changes() {
    let server = Server::start().await;
    let api = &server.api;
    api.user("ann").await;
    api.user("bob").await;
    social(api).await;
    let connections = api.get("/api/v2/connections?name=google-oauth2").await.expect(200);
    let google_id = connections[0]["id"].as_str().unwrap().to_owned();
    let path = identities_path("auth0|ann");
    let other = server.tenant("second").await;
    other.user("cleo").await;
    let before = api.get("/api/v2/users").await.expect(200);
    for (body, status, code) in [
        (json!({}), 400, "invalid_body"),
        (json!({"provider": "auth0"}), 400, "invalid_body"),
        (json!({"provider": "auth0", "user_id": "bob", "link_with": "x"}), 400, "invalid_body"),
        (json!({"provider": "auth0", "user_id": ["bob"]}), 400, "invalid_body"),
        (json!({"provider": "auth0", "user_id": "bob", "more": 1}), 400, "invalid_body"),
        (json!({"provider": "auth0", "user_id": "ann"}), 400, ""),
        (json!({"provider": "auth0", "user_id": "auth0|ann"}), 400, ""),
        (json!({"provider": "auth0", "user_id": "nobody"}), 404, "inexistent_user"),
        (json!({"provider": "auth0", "user_id": "cleo"}), 404, "inexistent_user"),
        (json!({"provider": "", "user_id": ""}), 404, "inexistent_user"),
        (json!({"provider": "auth0", "user_id": "bob", "connection_id": google_id}), 404, "inexistent_user"),
        (json!({"provider": "auth0", "user_id": "bob", "connection_id": "con_x"}), 404, "inexistent_connection"),
        (json!({"link_with": "x.y.z"}), 400, ""),
    ] {
        let what = body.to_string();
        let message = api.post(&path, body).await.refused(status, code);
        assert!(message.len() > 10, "{what}: {message}");
    }
    assert_eq!(api.get("/api/v2/users").await.expect(200), before);
    // Whoever is linked already is nobody else's.
    let link = json!({"provider": "google-oauth2", "user_id": 117, "connection_id": google_id});
    api.post(&path, link.clone()).await.expect(201);
    api.post(&identities_path("auth0|bob"), link).await.refused(409, "");
    let link = json!({"provider": "google-oauth2", "user_id": "117"});
    api.post(&identities_path("auth0|bob"), link).await.refused(404, "inexistent_user");
}

#[tokio::test]
async fn a_linked_database_user_keeps_name_and_place() {
    let server = Server::start().await;
    let api = &server.api;
    api.user("ann").await;
    api.user("bob").await;
    api.post(&identities_path("auth0|ann"), json!({"provider": "auth0", "user_id": "bob"})).await.expect(201);
    // The address stays taken, and names the primary.
    let again = json!({"connection": DATABASE, "email": "bob@example.com", "password": PASSWORD});
    api.post("/api/v2/users", again).await.refused(409, "auth0_idp_error");
    let login = json!({"client_id": api.client_id, "connection": DATABASE, "user": {"email": "bob@example.com"}});
    let login = api.post("/api/v2/simulated-logins", login).await.expect(200);
    assert_eq!(login["user"]["user_id"], "auth0|ann");
    let user = api.get(&user_path("auth0|ann")).await;
    assert!(!String::from_utf8_lossy(&user.bytes).contains("argon2"), "{}", user.body);
}

#[tokio::test]
async fn a_user_may_change_only_the_own_user_metadata() {
    let server = Server::start().await;
    let api = &server.api;
    api.user("ann").await;
    api.user("bob").await;
    let (ann, bob) = (user_path("auth0|ann"), user_path("auth0|bob"));
    let me = own(&server, "auth0|ann", "read:current_user update:current_user_metadata read:users update:users").await;
    let patch = json!({"user_metadata": {"color": "red"}});
    assert_eq!(me.patch(&ann, patch.clone()).await.expect(200)["user_metadata"], patch["user_metadata"]);
    assert_eq!(me.get(&ann).await.expect(200)["user_metadata"], patch["user_metadata"]);
    for body in [
        json!({"app_metadata": {"plan": "gold"}}),
        json!({"user_metadata": {"a": 1}, "app_metadata": {"plan": "gold"}}),
        json!({"user_metadata": {"a": 1}, "email_verified": true}),
        json!({"name": "Ann"}),
        json!({"password": PASSWORD}),
        json!({}),
    ] {
        let what = body.to_string();
        let message = me.patch(&ann, body).await.refused(403, "insufficient_scope");
        assert!(message.contains("update:users"), "{what}: {message}");
    }
    // Others are out of reach, whatever else the token says.
    me.patch(&bob, patch.clone()).await.refused(403, "insufficient_scope");
    me.get(&bob).await.refused(403, "insufficient_scope");
    me.get(&user_path("auth0|nobody")).await.refused(403, "insufficient_scope");
    me.get("/api/v2/users").await.refused(403, "insufficient_scope");
    me.delete(&ann).await.refused(403, "insufficient_scope");
    let reader = own(&server, "auth0|ann", "read:current_user").await;
    reader.patch(&ann, patch.clone()).await.refused(403, "insufficient_scope");
    // A client's token is nobody's own.
    let client = api.with_scope("read:current_user update:current_user_metadata").await;
    client.get(&ann).await.refused(403, "insufficient_scope");
    client.patch(&ann, patch.clone()).await.refused(403, "insufficient_scope");
    let history = api.get(&format!("{ann}/history")).await.expect(200);
    let actor = json!({"type": "user", "user_id": "auth0|ann", "client_id": api.client_id});
    assert_eq!(history["history"][0]["actor"], actor);
    assert_eq!(api.get(&ann).await.expect(200)["user_metadata"], patch["user_metadata"]);
}

#[tokio::test]
async fn a_user_links_with_the_others_id_token() {
    let server = Server::start().await;
    let api = &server.api;
    api.user("ann").await;
    social(api).await;
    let me = own(&server, "auth0|ann", "update:current_user_identities").await;
    let path = identities_path("auth0|ann");
    let named = json!({"provider": "google-oauth2", "user_id": "117"});
    me.post(&path, named).await.refused(403, "insufficient_scope");
    let other = server.tenant("second").await;
    let claims = |sub: &str, aud: &str| json!({"sub": sub, "aud": aud});
    for (api, claims) in [
        (api, claims("google-oauth2|117", "not-a-client")),
        (api, claims("google-oauth2|117", &format!("https://{}/api/v2/", api.domain))),
        (api, json!({"sub": "google-oauth2|117", "aud": api.client_id, "exp": 1_000_000_000})),
        (&other, claims("google-oauth2|117", &api.client_id)),
    ] {
        let link = json!({"link_with": token(&server, api, claims).await});
        me.post(&path, link).await.refused(400, "");
    }
    let stranger = own(&server, "auth0|bob", "update:current_user_identities").await;
    let good = json!({"link_with": token(&server, api, claims("google-oauth2|117", &api.client_id)).await});
    stranger.post(&path, good.clone()).await.refused(403, "insufficient_scope");
    let identities = me.post(&path, good.clone()).await.expect(201);
    assert_eq!(identities.as_array().unwrap().len(), 2, "{identities}");
    me.post(&path, good).await.refused(404, "inexistent_user");
    me.delete(&format!("{path}/google-oauth2/117")).await.expect(200);
}
