//! What every answer has, and who may read it: CORS, rate limits, names of requests, media types.

use std::time::Duration;

use postern_e2e::{Api, Server, ServerOptions};
use reqwest::header::HeaderMap;
use reqwest::{Method, Response};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const APP: &str = "https://app.example.com";

/// The answer to a request from a page of an origin.
async fn from_page(api: &Api, method: Method, path: &str, origin: &str, asks: Option<&str>) -> Response {
    let mut request = api.with_token(None).request(method, path).header("origin", origin);
    if let Some(method) = asks {
        request = request
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "auth0-client,content-type");
    }
    request.send().await.unwrap()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

/// Who may read an answer, and whether cookies may come along.
fn readers(answer: &Response) -> (Option<&str>, bool) {
    let headers = answer.headers();
    let credentials = header(headers, "access-control-allow-credentials") == Some("true");
    (header(headers, "access-control-allow-origin"), credentials)
}

#[tokio::test]
async fn pages_of_a_clients_origins_may_send_cookies_and_no_others() {
    let server = Server::start().await;
    let api = &server.api;
    let client = json!({
        "name": "page", "app_type": "spa", "callbacks": [format!("{APP}/callback")],
        "web_origins": ["https://*.preview.example.com"], "allowed_origins": ["http://localhost:5173"],
    });
    let client = api.post("/api/v2/clients", &client).await.expect(201);
    for (origin, known) in [
        (APP, true),
        ("https://seven.preview.example.com", true),
        ("http://localhost:5173", true),
        ("http://localhost:5174", false),
        ("https://evil.example.com", false),
        ("https://app.example.com.evil.example", false),
        ("http://app.example.com", false),
        ("null", false),
    ] {
        for path in ["/oauth/token", "/userinfo", "/dbconnections/signup", "/mfa/challenge", "/oauth/revoke"] {
            let answer = from_page(api, Method::OPTIONS, path, origin, Some("POST")).await;
            assert_eq!(answer.status(), 204, "{path}");
            let expected = if known { (Some(origin), true) } else { (Some("*"), false) };
            assert_eq!(readers(&answer), expected, "{path} from {origin}");
            let allowed = header(answer.headers(), "access-control-allow-headers").unwrap();
            for name in ["auth0-client", "content-type", "authorization"] {
                assert!(allowed.split(", ").any(|allowed| allowed == name), "{allowed}");
            }
        }
        let answer = from_page(api, Method::OPTIONS, "/co/authenticate", origin, Some("POST")).await;
        assert_eq!(readers(&answer), if known { (Some(origin), true) } else { (None, false) }, "{origin}");
        let answer = from_page(api, Method::POST, "/oauth/token", origin, None).await;
        assert!(answer.status().is_client_error());
        let expected = if known { (Some(origin), true) } else { (Some("*"), false) };
        assert_eq!(readers(&answer), expected, "the answer itself, an error, from {origin}");
        assert!(header(answer.headers(), "access-control-expose-headers").unwrap().contains("x-ratelimit-remaining"));
        assert_eq!(header(answer.headers(), "vary"), Some("origin"));
    }
    for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json", "/api/v2/users/x"] {
        let answer = from_page(api, Method::GET, path, APP, None).await;
        assert_eq!(readers(&answer), (Some("*"), false), "{path}");
    }
    for path in ["/operator/v1/tenants", "/metrics", "/health"] {
        let answer = from_page(api, Method::GET, path, APP, None).await;
        assert_eq!(readers(&answer), (None, false), "{path}");
    }
    // A change of the client counts at once.
    let path = format!("/api/v2/clients/{}", client["client_id"].as_str().unwrap());
    let _client = api.patch(&path, &json!({"callbacks": ["https://moved.example.com/"]})).await.ok();
    let answer = from_page(api, Method::OPTIONS, "/oauth/token", APP, Some("POST")).await;
    assert_eq!(readers(&answer), (Some("*"), false));
    let answer = from_page(api, Method::OPTIONS, "/oauth/token", "https://moved.example.com", Some("POST")).await;
    assert_eq!(readers(&answer), (Some("https://moved.example.com"), true));
    // Another tenant's client is nobody here.
    let (second, _) = api.tenant_create(&server.bootstrap.operator_token, "second").await;
    let answer = from_page(&second, Method::OPTIONS, "/oauth/token", "https://moved.example.com", Some("POST")).await;
    assert_eq!(readers(&answer), (Some("*"), false));
}

#[tokio::test]
async fn every_answer_has_a_media_type_and_a_name() {
    let server = Server::start().await;
    let api = &server.api;
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/api/v2/nothing"),
        (Method::GET, "/api/v2/users"),
        (Method::POST, "/api/v2/users"),
        (Method::DELETE, "/oauth/token"),
        (Method::POST, "/oauth/token"),
        (Method::OPTIONS, "/api/v2/users"),
        (Method::GET, "/health"),
        (Method::GET, "/metrics"),
        (Method::GET, "/.well-known/jwks.json"),
        (Method::GET, "/api/v2/users/%ff"),
    ] {
        let answer = api.request(method.clone(), path).header("x-correlation-id", "order-7").send().await.unwrap();
        assert!(answer.status().as_u16() < 500, "{method} {path}: {}", answer.status());
        let headers = answer.headers();
        assert!(header(headers, "content-type").is_some_and(|text| !text.is_empty()), "{method} {path}");
        assert!(header(headers, "x-request-id").is_some(), "{method} {path}");
        assert_eq!(header(headers, "x-correlation-id"), Some("order-7"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_clients_name_for_its_request_is_in_the_log() {
    let server = Server::start().await;
    let api = &server.api;
    for (name, id, kept) in [("first", "order-7".to_owned(), true), ("second", "x".repeat(65), false)] {
        let request = api.request(Method::POST, "/api/v2/clients").header("x-correlation-id", &id);
        let answer = request.json(&json!({"name": name})).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(header(answer.headers(), "x-correlation-id"), kept.then_some(id.as_str()));
        let logs = api.get("/api/v2/logs?q=type:sapi").await.expect(200);
        let found = logs[0]["details"]["correlation_id"].as_str();
        assert_eq!(found, kept.then_some(id.as_str()), "{}", logs[0]);
    }
}

#[tokio::test]
async fn a_tenant_that_sends_too_much_is_told_to_wait_and_its_neighbour_is_not() {
    let arguments = ["--management-rate", "1", "--management-burst", "50"].map(str::to_owned).to_vec();
    let server = Server::start_with(ServerOptions { arguments, ..ServerOptions::default() }).await;
    let api = &server.api;
    let (second, _) = api.tenant_create(&server.bootstrap.operator_token, "second").await;
    let mut refused = None;
    for sent in 1..=60 {
        let answer = api.request(Method::GET, "/api/v2/clients").send().await.unwrap();
        let headers = answer.headers().clone();
        assert_eq!(header(&headers, "x-ratelimit-limit"), Some("50"));
        let remaining: u32 = header(&headers, "x-ratelimit-remaining").unwrap().parse().unwrap();
        if answer.status() == 429 {
            assert!(sent > 50, "{sent}");
            assert_eq!(remaining, 0);
            refused = Some((headers, answer.json::<serde_json::Value>().await.unwrap()));
            break;
        }
        assert_eq!(answer.status(), 200);
        assert!(remaining < 50);
    }
    let (headers, body) = refused.expect("a refusal");
    assert_eq!(body["statusCode"], 429, "{body}");
    assert_eq!(body["errorCode"], "too_many_requests", "{body}");
    let wait: i64 = header(&headers, "retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    let reset: i64 = header(&headers, "x-ratelimit-reset").unwrap().parse().unwrap();
    let now = jiff::Timestamp::now().as_second();
    assert!((now - 5..=now + 5).contains(&reset), "{reset} at {now}");
    // The neighbour, strangers, and the tenant's own logins go on.
    let answer = second.request(Method::GET, "/api/v2/clients").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let _code = api.with_token(Some("forged")).get("/api/v2/clients").await.refused(401);
    let bootstrap = &server.bootstrap;
    let token = api.token(&bootstrap.client_id, &bootstrap.client_secret, None).await;
    assert!(!token.is_empty());

    // The operator sets the tenant's own.
    let set = ["--bootstrap", "bootstrap.json", "tenant", "set", "default", "--rate-limit", "management.burst=900"];
    let out = server.postern(&[&set[..], &["--rate-limit", "authentication.burst=3"]].concat());
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let answer = api.request(Method::GET, "/api/v2/clients").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), header(answer.headers(), "x-ratelimit-limit")), (200, Some("900")));
    let operator = api.with_token(Some(&bootstrap.operator_token));
    let slow = json!({"rate_limits": {"authentication": {"per_second": 1}}});
    let _tenant = operator.patch("/operator/v1/tenants/default", &slow).await.ok();
    let mut answer = None;
    for _ in 0..8 {
        answer = Some(api.request(Method::POST, "/oauth/token").json(&json!({})).send().await.unwrap());
    }
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after") && answer.headers().contains_key("x-ratelimit-reset"));
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["error"], "too_many_requests", "{body}");
    for (bad, said) in [
        (json!({"rate_limits": {"management": {"burst": 0}}}), "0"),
        (json!({"rate_limits": {"managment": {"burst": 1}}}), "managment"),
        (json!({"rate_limits": {"management": {"bursts": 1}}}), "bursts"),
        (json!({"rate_limits": 7}), "rate_limits"),
    ] {
        let answer = operator.patch("/operator/v1/tenants/default", &bad).await;
        assert!(answer.body["message"].as_str().unwrap().contains(said), "{}", answer.body);
        let _code = answer.refused(400);
    }
}

#[tokio::test]
async fn a_connection_outlives_a_request_that_is_refused_before_its_body_comes() {
    let server = Server::start().await;
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    let host = server.address();
    let head = format!(
        "PUT /api/v2/guardian/policies HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer x\r\n\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n"
    );
    for _ in 0..3 {
        connection.write_all(head.as_bytes()).await.unwrap();
        // Time enough to answer, if the body is not waited for.
        let early = tokio::time::timeout(Duration::from_millis(200), connection.readable()).await;
        assert!(early.is_err(), "answered, or closed, before the body came");
        connection.write_all(b"[]").await.unwrap();
        let mut answer = vec![0; 4096];
        let length = connection.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    }
}
