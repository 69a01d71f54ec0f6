//! The end of a session, and where it may lead to.

use postern_e2e::{Api, Browser, Server};
use serde_json::{Value, json};

use crate::authorize::{app_create, asked};

const EMAIL: &str = "ann@example.com";
const BYE: &str = "https://app.example.com/bye";

async fn world() -> (Server, String) {
    let server = Server::start().await;
    let client = app_create(&server.api).await;
    let _user = server.api.user_create("ann").await;
    (server, client)
}

/// A browser that is signed in, with its ID token.
async fn logged_in(api: &Api, client: &str) -> (Browser, String) {
    let mut browser = Browser::new(api);
    let back = browser.login(&asked(client, &[("response_type", "id_token")]), EMAIL).await;
    let token = back.answer()["id_token"].clone();
    (browser, token)
}

async fn is_signed_in(browser: &mut Browser, client: &str) -> bool {
    let silent = browser.query("/authorize", &asked(client, &[("prompt", "none")])).await;
    silent.answer().contains_key("code")
}

#[tokio::test]
async fn a_logout_ends_the_session_and_goes_to_a_registered_address() {
    let (server, client) = world().await;
    let (mut browser, _) = logged_in(&server.api, &client).await;
    let old = browser.clone();
    let to = format!("{BYE}?reason=done&x=1");
    let out = browser.query("/v2/logout", &[("client_id", &client), ("returnTo", &to)]).await;
    assert_eq!(out.location(), to);
    assert!(!browser.cookies.contains_key("auth0"), "{:?}", browser.cookies);
    assert!(!is_signed_in(&mut browser, &client).await);
    // The cookie that was kept opens nothing any more.
    assert!(!is_signed_in(&mut old.clone(), &client).await);
    let logs = server.api.get("/api/v2/logs").await.expect(200);
    let out = logs.as_array().unwrap().iter().find(|entry| entry["type"] == "slo").unwrap_or_else(|| panic!("{logs}"));
    assert_eq!((&out["client_id"], out["user_id"].is_string()), (&json!(client), true), "{out}");

    // Without an address: the client's first, or a page.
    let (mut browser, _) = logged_in(&server.api, &client).await;
    assert_eq!(browser.query("/v2/logout", &[("client_id", &client), ("federated", "")]).await.location(), BYE);
    let (mut browser, _) = logged_in(&server.api, &client).await;
    assert!(browser.get("/v2/logout").await.page(200).contains("logged out"));
    assert!(!is_signed_in(&mut browser, &client).await);
    // One who is not signed in is none the worse.
    assert_eq!(Browser::new(&server.api).query("/v2/logout", &[("client_id", &client)]).await.location(), BYE);
}

#[tokio::test]
async fn a_logout_leads_nowhere_else_and_then_ends_nothing() {
    let (server, client) = world().await;
    let (mut browser, token) = logged_in(&server.api, &client).await;
    for address in [
        "https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "https://app.example.com/bye/../evil",
        "https://app.example.com/byebye",
        "https://app.example.com@evil.test/bye",
        "https://app.example.com/bye\r\nset-cookie: a=b",
        "javascript:alert(1)",
        "data:text/html,x",
    ] {
        for (path, name) in [("/v2/logout", "returnTo"), ("/oidc/logout", "post_logout_redirect_uri")] {
            for who in [vec![("client_id", client.as_str())], vec![("client_id", "nobody")], vec![]] {
                let visit = browser.query(path, &[who, vec![(name, address)]].concat()).await;
                assert!(!visit.page(400).contains("evil.test"), "{}", visit.body);
            }
        }
    }
    let other = app_create(&server.api).await;
    let parts: Vec<&str> = token.split('.').collect();
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    for (hint, who) in [(token.as_str(), &other), ("x", &client), (unsigned.as_str(), &client)] {
        let asked = [("id_token_hint", hint), ("client_id", who), ("post_logout_redirect_uri", BYE)];
        let _page = browser.query("/oidc/logout", &asked).await.page(400);
    }
    assert!(is_signed_in(&mut browser, &client).await);
}

#[tokio::test]
async fn an_openid_connect_logout_knows_the_client_by_its_token() {
    let (server, client) = world().await;
    let (mut browser, token) = logged_in(&server.api, &client).await;
    let asked = [("id_token_hint", token.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a&b")];
    let out = browser.query("/oidc/logout", &asked).await;
    assert_eq!(out.location(), format!("{BYE}?state=a%26b"));
    assert!(!is_signed_in(&mut browser, &client).await);
    let (mut browser, _) = logged_in(&server.api, &client).await;
    let out = browser.post("/oidc/logout", &[("client_id", client.as_str()), ("post_logout_redirect_uri", BYE)]).await;
    assert_eq!(out.location(), BYE);
    let (mut browser, _) = logged_in(&server.api, &client).await;
    assert!(browser.get("/oidc/logout").await.page(200).contains("logged out"));
    assert!(!is_signed_in(&mut browser, &client).await);
    // A token of another tenant is none of ours.
    let (other, _) = server.api.tenant_create(&server.bootstrap.operator_token, "other").await;
    let app = app_create(&other).await;
    let _user = other.user_create("ann").await;
    let mut elsewhere = Browser::new(&other);
    let back = elsewhere.login(&crate::authorize::asked(&app, &[("response_type", "id_token")]), EMAIL).await;
    let theirs: Value = json!(back.answer()["id_token"]);
    let asked = [("id_token_hint", theirs.as_str().unwrap()), ("post_logout_redirect_uri", BYE)];
    let _page = browser.query("/oidc/logout", &asked).await.page(400);
}
