//! Sessions of browsers: what their cookies are, who has one, and when it ends.

use postern_e2e::{Api, Browser, Server, encode};
use serde_json::json;

use crate::authorize::{app_create, asked, claims};

const EMAIL: &str = "ann@example.com";

async fn world() -> (Server, String, String) {
    let server = Server::start().await;
    let client = app_create(&server.api).await;
    let user = server.api.user_create("ann").await;
    (server, client, user)
}

async fn logged_in(api: &Api, client: &str) -> Browser {
    let mut browser = Browser::new(api);
    let back = browser.login(&asked(client, &[]), EMAIL).await;
    assert!(back.answer().contains_key("code"), "{}", back.location());
    browser
}

/// Whether the browser is signed in.
async fn is_signed_in(browser: &mut Browser, client: &str) -> bool {
    let silent = browser.query("/authorize", &asked(client, &[("prompt", "none")])).await;
    silent.answer().contains_key("code")
}

#[tokio::test]
async fn cookies_are_for_us_alone_and_for_https_where_there_is_any() {
    let (server, client, _) = world().await;
    for (https, wanted) in [(false, "samesite=lax"), (true, "samesite=none")] {
        let mut browser = Browser::new(&server.api);
        if https {
            browser.headers.push(("x-forwarded-proto", "https".to_owned()));
        }
        let begun = browser.query("/authorize", &asked(&client, &[])).await;
        let back = browser.login(&asked(&client, &[]), EMAIL).await;
        for (visit, name) in [(&begun, "did="), (&back, "auth0=")] {
            let cookies: Vec<String> =
                visit.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect();
            let cookie =
                cookies.iter().find(|cookie| cookie.starts_with(name)).unwrap_or_else(|| panic!("{cookies:?}"));
            let cookie = cookie.to_lowercase();
            for part in ["httponly", "path=/", "max-age=", wanted] {
                assert!(cookie.contains(part), "{part}: {cookie}");
            }
            assert_eq!(cookie.contains("secure"), https, "{cookie}");
            assert!(!cookie.contains("domain="), "{cookie}");
        }
    }
}

#[tokio::test]
async fn every_login_makes_a_session_of_its_own() {
    let (server, client, _) = world().await;
    let mut browser = logged_in(&server.api, &client).await;
    let before = browser.cookies.clone();
    let implicit = [("response_type", "id_token"), ("prompt", "login")];
    let first = browser.query("/authorize", &asked(&client, &[("response_type", "id_token")])).await;
    let first = claims(&first.answer()["id_token"])["sid"].clone();
    let back = browser.login(&asked(&client, &implicit), EMAIL).await;
    let second = claims(&back.answer()["id_token"])["sid"].clone();
    assert_ne!(first, second);
    assert_ne!(before["auth0"], browser.cookies["auth0"]);
    // Who knew the old one has nothing.
    let mut old = Browser::new(&server.api);
    old.cookies = before;
    assert!(!is_signed_in(&mut old, &client).await);
    assert!(is_signed_in(&mut browser, &client).await);
}

#[tokio::test]
async fn a_cookie_that_we_did_not_sign_for_this_is_none() {
    let (server, client, _) = world().await;
    let browser = logged_in(&server.api, &client).await;
    let (session, device) = (browser.cookies["auth0"].clone(), browser.cookies["did"].clone());
    let id = session.rsplit_once('s').unwrap().0.to_owned();
    let tampered = format!("{session}x");
    for forged in ["", "s.ses_1", &tampered, &id, &device, &"x".repeat(4000), "%00", "\"\""] {
        let mut forger = browser.clone();
        forger.cookies.insert("auth0".to_owned(), forged.to_owned());
        assert!(!is_signed_in(&mut forger, &client).await, "{forged}");
    }
    // The session of one tenant in another.
    let (other, _) = server.api.tenant_create(&server.bootstrap.operator_token, "other").await;
    let app = app_create(&other).await;
    let _user = other.user_create("ann").await;
    let mut stranger = Browser::new(&other);
    stranger.cookies = browser.cookies.clone();
    assert!(!is_signed_in(&mut stranger, &app).await);
}

#[tokio::test]
async fn a_session_ends_with_its_user_or_their_password() {
    let (server, client, user) = world().await;
    let path = format!("/api/v2/users/{}", encode(&user));
    let mut browser = logged_in(&server.api, &client).await;
    let _user = server.api.patch(&path, &json!({"blocked": true})).await.expect(200);
    assert!(!is_signed_in(&mut browser, &client).await, "a blocked user gets nothing");
    let _user = server.api.patch(&path, &json!({"blocked": false})).await.expect(200);
    assert!(is_signed_in(&mut browser, &client).await);
    let password = json!({"password": "another horse battery staple 7!"});
    let _user = server.api.patch(&path, &password).await.expect(200);
    assert!(!is_signed_in(&mut browser, &client).await, "the session is older than the password");
    let _user = server.api.patch(&path, &json!({"password": postern_e2e::PASSWORD})).await.expect(200);
    let mut browser = logged_in(&server.api, &client).await;
    let _gone = server.api.delete(&path).await.expect(204);
    assert!(!is_signed_in(&mut browser, &client).await);
}

#[tokio::test]
async fn sessions_outlive_the_process() {
    let (mut server, client, _) = world().await;
    let mut browser = logged_in(&server.api, &client).await;
    server.kill();
    server.restart().await;
    assert!(is_signed_in(&mut browser, &client).await);
}
