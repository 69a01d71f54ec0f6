//! How a client gets a management token, and which tokens are taken.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Api, DOMAIN, OPERATOR_TOKEN, Server};

fn ask(api: &Api) -> Value {
    json!({
        "grant_type": "client_credentials", "client_id": api.client_id, "client_secret": api.client_secret,
        "audience": format!("https://{DOMAIN}/api/v2/"),
    })
}

fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn credentials_are_taken_in_each_of_their_forms() {
    let server = Server::start().await;
    let api = server.api.with_token(None);
    let audience = format!("https://{DOMAIN}/api/v2/");
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_id", &api.client_id),
        ("client_secret", &api.client_secret),
        ("audience", &audience),
    ];
    let basic = BASE64_STANDARD.encode(format!("{}:{}", api.client_id, api.client_secret));
    let by_basic = api
        .request(Method::POST, "/oauth/token")
        .header("content-type", FORM)
        .header("authorization", format!("Basic {basic}"))
        .body(form(&[pairs[0], pairs[3]]));
    let with_nulls = {
        let mut body = ask(&api);
        for key in ["organization", "scope", "connection"] {
            body[key] = Value::Null;
        }
        body
    };
    for answer in [
        api.post("/oauth/token", ask(&api)).await,
        api.post("/oauth/token", with_nulls).await,
        api.raw(Method::POST, "/oauth/token", FORM, form(&pairs)).await,
        api.raw(Method::POST, "/oauth/token", "application/x-www-form-urlencoded; charset=utf-8", form(&pairs)).await,
        api.answer(by_basic).await,
    ] {
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
        let body = answer.expect(200);
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
        let claims = claims(body["access_token"].as_str().unwrap());
        assert_eq!(claims["iss"], format!("https://{DOMAIN}/"));
        assert_eq!(claims["aud"], audience);
        assert_eq!(claims["sub"], format!("{}@clients", api.client_id));
        assert_eq!(claims["scope"], body["scope"]);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    }
}

#[tokio::test]
async fn scopes_narrow_a_token() {
    let server = Server::start().await;
    let api = server.api.with_token(None);
    for (scope, want) in [
        (json!("read:users"), "read:users"),
        (json!("read:clients  read:users"), "read:users read:clients"),
        // Never more than is granted.
        (json!("read:users read:everything"), "read:users"),
        (json!("read:everything"), ""),
    ] {
        let mut body = ask(&api);
        body["scope"] = scope.clone();
        assert_eq!(api.post("/oauth/token", body).await.expect(200)["scope"], want, "{scope}");
    }
}

#[tokio::test]
async fn bad_requests_are_refused_in_oauths_words() {
    let server = Server::start().await;
    let api = server.api.with_token(None);
    let changed = |key: &str, value: Value| {
        let mut body = ask(&api);
        body[key] = value;
        body
    };
    for (body, status, error) in [
        (changed("client_secret", json!("wrong")), 401, "access_denied"),
        (changed("client_secret", json!("")), 401, "access_denied"),
        (changed("client_secret", Value::Null), 401, "access_denied"),
        (changed("client_id", json!("nobody")), 401, "access_denied"),
        (changed("client_id", json!("not an id!")), 401, "access_denied"),
        (changed("audience", json!("https://elsewhere/")), 403, "access_denied"),
        (changed("audience", Value::Null), 403, "access_denied"),
        (changed("grant_type", json!("magic")), 403, "unsupported_grant_type"),
        (changed("grant_type", Value::Null), 400, "invalid_request"),
        (changed("client_id", json!(7)), 400, "invalid_request"),
        (changed("scope", json!(["read:users"])), 400, "invalid_request"),
        (json!([]), 400, "invalid_request"),
        (json!("text"), 400, "invalid_request"),
    ] {
        let answer = api.post("/oauth/token", body.clone()).await;
        // A challenge would hide the error from some clients.
        assert!(!answer.headers.contains_key("www-authenticate"), "{body}");
        assert_eq!(answer.headers["content-type"], "application/json");
        let answer = answer.expect(status);
        assert_eq!(answer["error"], error, "{body}: {answer}");
        assert!(answer["error_description"].is_string(), "{body}: {answer}");
    }
    for (media_type, body, status) in [
        ("application/json", b"{\"grant_type\":".to_vec(), 400),
        ("application/json", vec![b'{'; 100_000], 413),
        (FORM, b"\xff\xfe=%zz".to_vec(), 400),
        (FORM, Vec::new(), 400),
        ("text/plain", b"x".to_vec(), 400),
    ] {
        let answer = api.raw(Method::POST, "/oauth/token", media_type, body).await.expect(status);
        assert!(answer["error"].is_string() && answer["error_description"].is_string(), "{answer}");
    }
}

#[tokio::test]
async fn a_client_whose_grant_types_lack_it_gets_no_token() {
    let server = Server::start().await;
    let client = json!({"name": "web", "grant_types": ["authorization_code"]});
    let client = server.api.post("/api/v2/clients", client).await.expect(201);
    let mut body = ask(&server.api);
    body["client_id"] = client["client_id"].clone();
    body["client_secret"] = client["client_secret"].clone();
    assert_eq!(
        server.api.with_token(None).post("/oauth/token", body).await.expect(403)["error"],
        "unauthorized_client"
    );
}

#[tokio::test]
async fn only_a_whole_token_of_this_tenant_is_taken() {
    let server = Server::start().await;
    let api = &server.api;
    let token = api.token.clone().unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let other = server.tenant("second").await;
    let cut = token[..token.len() - 8].to_owned();
    for (what, header) in [
        ("none", None),
        ("not bearer", Some(format!("Basic {token}"))),
        ("empty", Some("Bearer ".to_owned())),
        ("no token", Some("Bearer x.y.z".to_owned())),
        ("unsigned", Some(format!("Bearer {}.{}.", parts[0], parts[1]))),
        ("cut", Some(format!("Bearer {cut}"))),
        ("another tenant's", Some(format!("Bearer {}", other.token.clone().unwrap()))),
        ("the operator's", Some(format!("Bearer {OPERATOR_TOKEN}"))),
    ] {
        let mut request = api.with_token(None).request(Method::GET, "/api/v2/clients");
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let answer = api.answer(request).await;
        assert_eq!(answer.status.as_u16(), 401, "{what}: {}", answer.body);
        answer.refused(401, "invalid_token");
    }
    // The scheme's case says nothing.
    let request =
        api.with_token(None).request(Method::GET, "/api/v2/clients").header("authorization", format!("bearer {token}"));
    api.answer(request).await.expect(200);
}

#[tokio::test]
async fn discovery_and_keys_fit_the_tokens() {
    let server = Server::start().await;
    let api = server.api.with_token(None);
    let discovery = api.get("/.well-known/openid-configuration").await.expect(200);
    let issuer = format!("https://{DOMAIN}/");
    assert_eq!(discovery["issuer"], issuer);
    assert_eq!(discovery["token_endpoint"], format!("{issuer}oauth/token"));
    assert_eq!(discovery["jwks_uri"], format!("{issuer}.well-known/jwks.json"));
    let keys = api.get("/.well-known/jwks.json").await.expect(200);
    let key = &keys["keys"][0];
    assert_eq!((&key["kty"], &key["use"], &key["alg"]), (&json!("RSA"), &json!("sig"), &json!("RS256")));
    assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap().len(), 256);
    for private in ["d", "p", "q"] {
        assert!(key.get(private).is_none(), "{private}");
    }
    let token = server.api.token.clone().unwrap();
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!((&header["alg"], &header["kid"]), (&json!("RS256"), &key["kid"]));
    // Another tenant has keys of its own.
    let other = server.tenant("second").await;
    let others = other.get("/.well-known/jwks.json").await.expect(200);
    assert_ne!(others["keys"][0]["n"], key["n"]);
}

#[tokio::test]
async fn strangers_do_not_fill_the_log() {
    let server = Server::start().await;
    let wrong = json!({"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "x"});
    for _ in 0..150 {
        server.api.post("/oauth/token", wrong.clone()).await.expect(401);
    }
    let logged =
        server.api.get("/api/v2/logs?q=type%3A%22feccft%22&include_totals=true").await.expect(200)["total"].clone();
    // Sixty a minute; a minute may have ended meanwhile.
    assert!((60..=120).contains(&logged.as_u64().unwrap()), "{logged}");
}
