//! Every operation of the list refuses whoever may not call it, and changes nothing when it does.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use postern_app::tenants::{Scheme, tenant_by_domain};
use postern_app::tokens::{ClientCredentials, token_create};
use postern_app::{App, AppConfig, MasterKey, OpCtx};
use postern_e2e::{Answer, Server};
use postern_model::tenant::RateLimits;
use postern_store::{SledConfig, SledStore};
use serde_json::{Value, json};

use crate::openapi::{Access, Operation, call, operations};
use crate::world::World;

/// Claims of a token.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("a JWT");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The token with claims changed and the old signature.
fn reclaimed(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims(token);
    change(&mut claims);
    let parts: Vec<&str> = token.split('.').collect();
    format!("{}.{}.{}", parts[0], part(&claims), parts[2])
}

/// Tokens that nobody issued, with a name each.
fn forgeries(token: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = token.split('.').collect();
    let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
    let mut signature = BASE64_URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    signature[7] ^= 1;
    let other = |algorithm: &str| {
        let mut header = header.clone();
        header["alg"] = json!(algorithm);
        part(&header)
    };
    vec![
        ("empty", String::new()),
        ("no token at all", "abc".to_owned()),
        ("signature changed", format!("{}.{}.{}", parts[0], parts[1], BASE64_URL_SAFE_NO_PAD.encode(signature))),
        ("signature missing", format!("{}.{}.", parts[0], parts[1])),
        ("alg none", format!("{}.{}.", other("none"), parts[1])),
        ("alg none, signature kept", format!("{}.{}.{}", other("none"), parts[1], parts[2])),
        ("alg HS256", format!("{}.{}.{}", other("HS256"), parts[1], parts[2])),
        ("expiry moved", reclaimed(token, |claims| claims["exp"] = json!(4_102_444_800_u64))),
        ("scope widened", reclaimed(token, |claims| claims["scope"] = json!("read:users read:everything"))),
    ]
}

#[track_caller]
fn assert_refused(what: &str, operation: &Operation, answer: Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{what}: {operation}: {}", answer.body);
    let _code = answer.refused(status);
}

#[tokio::test]
async fn every_operation_refuses_a_token_that_is_missing_or_forged() {
    let server = Server::start().await;
    let world = World::create(&server.api, &server.bootstrap.operator_token, "first").await;
    let before = world.everything().await;
    let token = server.api.token.clone().unwrap();
    let (other_tenant, _) = server.api.tenant_create(&server.bootstrap.operator_token, "second").await;
    let mut tokens = forgeries(&token);
    tokens.push(("a token of another tenant", other_tenant.token.clone().unwrap()));
    for operation in operations(&server.api).await {
        if operation.access == Access::Public {
            continue;
        }
        let path = world.path(&operation);
        let answer = call(&server.api.with_token(None), &operation, &path).await;
        assert_refused("no token", &operation, answer, 401);
        for (what, token) in &tokens {
            let answer = call(&server.api.with_token(Some(token)), &operation, &path).await;
            assert_refused(what, &operation, answer, 401);
        }
    }
    assert_eq!(world.everything().await, before);
}

/// The program of a stopped server, in this process.
pub(crate) fn open(server: &Server) -> App {
    let data = server.folder().join("data");
    let store = SledStore::open(data.join("store"), SledConfig::default()).unwrap();
    App::new(AppConfig {
        store: Arc::new(store),
        engine: crate::in_process::engine(),
        master_key: MasterKey::parse(std::fs::read_to_string(data.join("master.key")).unwrap().trim()).unwrap(),
        operator_token: String::new(),
        token_for: Duration::from_secs(24 * 3600),
        scheme: Scheme::Http,
        rate_limits: RateLimits::default(),
        packages: postern_app::PackagesConfig::new(data.join("build-tools")),
    })
}

/// A token that the server's own key signed two days ago, for a day.
async fn expired(server: &Server) -> String {
    let app = open(server);
    let tenant = tenant_by_domain(&app, &server.api.domain).await.unwrap();
    let request = ClientCredentials {
        client_id: server.bootstrap.client_id.clone(),
        client_secret: server.bootstrap.client_secret.clone(),
        audience: Some(format!("https://{}/api/v2/", server.api.domain)),
        ..ClientCredentials::default()
    };
    let issued_at = Timestamp::now() - SignedDuration::from_hours(48);
    let ctx = OpCtx::visitor(Arc::clone(&tenant.tenant), issued_at, postern_app::ids::request().unwrap());
    token_create(&app, &tenant, &ctx, request).await.unwrap().access_token
}

#[tokio::test]
async fn every_operation_refuses_an_expired_token() {
    let mut server = Server::start().await;
    let world = World::create(&server.api, &server.bootstrap.operator_token, "first").await;
    let before = world.everything().await;
    let _status = server.stop();
    let token = expired(&server).await;
    server.restart().await;
    assert!(server.api.get("/api/v2/clients").await.status.is_success(), "a token outlives a restart");
    for operation in operations(&server.api).await {
        if let Access::Scopes(_) = operation.access {
            let answer = call(&server.api.with_token(Some(&token)), &operation, &world.path(&operation)).await;
            assert_refused("expired", &operation, answer, 401);
        }
    }
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn every_operation_refuses_a_token_without_its_scope() {
    let server = Server::start().await;
    let world = World::create(&server.api, &server.bootstrap.operator_token, "first").await;
    let before = world.everything().await;
    let operations = operations(&server.api).await;
    let all: Vec<String> =
        claims(server.api.token.as_ref().unwrap())["scope"].as_str().unwrap().split(' ').map(str::to_owned).collect();
    let mut scoped = 0;
    for operation in operations {
        let Access::Scopes(wanted) = &operation.access else { continue };
        if wanted.is_empty() {
            continue;
        }
        for scope in wanted {
            assert!(all.contains(scope), "{operation}: no client can hold {scope}");
        }
        let rest: Vec<&str> = all.iter().filter(|scope| !wanted.contains(scope)).map(String::as_str).collect();
        let bootstrap = &server.bootstrap;
        let token = server.api.token(&bootstrap.client_id, &bootstrap.client_secret, Some(&rest.join(" "))).await;
        let answer = call(&server.api.with_token(Some(&token)), &operation, &world.path(&operation)).await;
        let message = answer.body["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.refused(403), "insufficient_scope", "{operation}");
        assert!(wanted.iter().any(|scope| message.contains(scope.as_str())), "{operation}: {message}");
        scoped += 1;
    }
    assert!(scoped >= 30, "only {scoped} operations need a scope");
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn operator_and_management_rights_do_not_mix() {
    let server = Server::start().await;
    let world = World::create(&server.api, &server.bootstrap.operator_token, "first").await;
    let before = world.everything().await;
    let operator = server.api.with_token(Some(&server.bootstrap.operator_token));
    let mut operator_only = 0;
    for operation in operations(&server.api).await {
        let path = world.path(&operation);
        match operation.access {
            Access::Public => {}
            Access::Operator => {
                operator_only += 1;
                assert_refused("management token", &operation, call(&server.api, &operation, &path).await, 401);
            }
            Access::Scopes(_) => {
                assert_refused("operator token", &operation, call(&operator, &operation, &path).await, 401);
            }
        }
    }
    assert!(operator_only >= 1);
    assert_eq!(world.everything().await, before);
}
