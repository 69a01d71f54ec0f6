//! Runs cannot see each other, and neither can tenants.

use postern_e2e::{Server, module};
use serde_json::json;

use crate::openapi::{Access, operations};
use crate::world::World;

#[tokio::test]
async fn a_guest_never_finds_the_marks_of_an_earlier_run() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let user = api.user_create("ann").await;
    let _action = api.install("mark", &module("mark")).await;
    // More runs than one after another: slots of the pool are used again, by several threads.
    for _ in 0..8 {
        let logins = (0..16).map(|_| api.login(&client, &user));
        for login in futures_util::future::join_all(logins).await {
            assert_eq!(login["outcome"]["type"], "allow", "{login}");
            assert_eq!(login["user"]["app_metadata"]["marks"], 0, "{login}");
        }
    }
}

#[tokio::test]
async fn a_tenant_sees_nothing_of_another_by_any_id_on_any_operation() {
    let server = Server::start().await;
    let operator_token = &server.bootstrap.operator_token;
    let (first, _) = server.api.tenant_create(operator_token, "first").await;
    let (second, _) = server.api.tenant_create(operator_token, "second").await;
    let first = World::create(&first, operator_token, "first").await;
    let second = World::create(&second, operator_token, "second").await;
    let before = first.everything().await;
    let (mut tried, mut refused) = (0, 0);
    for operation in operations(&server.api).await {
        if !matches!(operation.access, Access::Scopes(_)) {
            continue;
        }
        // The second tenant's token and domain, the first tenant's ids.
        let path = first.path(&operation);
        let body = operation.is_write().then(|| json!({}));
        let answer = second.api.send(operation.method.clone(), &path, body.as_ref()).await;
        let names_a_row =
            path.contains("first") || first.private().iter().any(|id| path.contains(&postern_e2e::encode(id)));
        if names_a_row && operation.method != reqwest::Method::DELETE {
            assert!(answer.status.is_client_error(), "{operation}: {} {}", answer.status, answer.body);
            refused += 1;
        }
        let text = answer.body.to_string();
        for private in first.private() {
            // An error may repeat the id it was asked for.
            assert!(!answer.status.is_success() || !text.contains(private), "{operation} shows {private}: {text}");
        }
        assert!(!text.contains("first-app") && !text.contains("first-action"), "{operation}: {text}");
        tried += 1;
    }
    assert!(tried >= 30 && refused >= 20, "only {tried} operations were tried, {refused} with an id");
    assert_eq!(first.everything().await, before);
}

#[tokio::test]
async fn a_tenant_cannot_name_rows_of_another_in_a_body() {
    let server = Server::start().await;
    let operator_token = &server.bootstrap.operator_token;
    let (first, _) = server.api.tenant_create(operator_token, "first").await;
    let (second, _) = server.api.tenant_create(operator_token, "second").await;
    let first = World::create(&first, operator_token, "first").await;
    let second = World::create(&second, operator_token, "second").await;
    let before = (first.everything().await, second.everything().await);
    let api = &second.api;

    let bindings = json!({"bindings": [postern_e2e::binding(&first.action_id)]});
    assert!(api.patch("/api/v2/actions/triggers/post-login/bindings", &bindings).await.status.is_client_error());
    for (client, user) in
        [(&first.client_id, &second.user_id), (&second.client_id, &first.user_id), (&first.client_id, &first.user_id)]
    {
        let login = api.post("/api/v2/simulated-logins", &postern_e2e::Api::login_body(client, user)).await;
        assert!(login.status.is_client_error(), "{}: {}", login.status, login.body);
    }
    let path = format!("/api/v2/simulated-logins/{}/continue", first.login_id);
    let back = json!({"query": {"state": first.state, "answer": "x"}});
    assert!(api.post(&path, &back).await.status.is_client_error());
    // The state of the first tenant's login with the second tenant's own login.
    let path = format!("/api/v2/simulated-logins/{}/continue", second.login_id);
    assert!(api.post(&path, &back).await.status.is_client_error());
    let email = api.get("/api/v2/users-by-email?email=first-ann%40example.com").await.expect(200);
    assert_eq!(email, json!([]));

    assert_eq!((first.everything().await, second.everything().await), before);
    // The first tenant itself still can.
    let path = format!("/api/v2/simulated-logins/{}/continue", first.login_id);
    let resumed = first.api.post(&path, &back).await.expect(200);
    assert_eq!(resumed["outcome"]["type"], "allow", "{resumed}");
}

#[tokio::test]
async fn a_token_is_good_for_its_own_domain_only() {
    let server = Server::start().await;
    let (second, _) = server.api.tenant_create(&server.bootstrap.operator_token, "second").await;
    let _code = second.with_token(server.api.token.as_deref()).get("/api/v2/clients").await.refused(401);
    let _code = server.api.with_token(second.token.as_deref()).get("/api/v2/clients").await.refused(401);
    let elsewhere = postern_e2e::Api { domain: "nobody.example.test".to_owned(), ..server.api.clone() };
    assert!(elsewhere.get("/api/v2/clients").await.status.is_client_error());
}
