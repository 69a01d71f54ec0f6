//! Logins in a browser, over real HTTP: `/authorize`, our pages, what comes back, and what must not.

use postern_e2e::{Api, Browser, PASSWORD, Server, Visit, module, returning};
use serde_json::{Value, json};

const CALLBACK: &str = "https://app.example.com/cb";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A single-page application.
pub(crate) async fn app_create(api: &Api) -> String {
    let body = json!({
        "name": "Shop & Sons", "app_type": "spa", "token_endpoint_auth_method": "none",
        "callbacks": [CALLBACK, "http://localhost:3000/cb", "com.example.app://callback"],
        "allowed_logout_urls": ["https://app.example.com/bye"],
        "grant_types": ["authorization_code", "implicit", "refresh_token"],
    });
    let client = api.post("/api/v2/clients", &body).await.expect(201);
    client["client_id"].as_str().unwrap().to_owned()
}

/// What an application asks for.
pub(crate) fn asked<'a>(client: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut pairs = vec![
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("state", "s-1"),
        ("nonce", "n-1"),
    ];
    for (name, value) in more {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    pairs
}

struct World {
    server: Server,
    client: String,
    user: String,
}

const EMAIL: &str = "ann@example.com";

async fn world() -> World {
    let server = Server::start().await;
    let client = app_create(&server.api).await;
    let user = server.api.user_create("ann").await;
    World { server, client, user }
}

impl World {
    fn api(&self) -> &Api {
        &self.server.api
    }

    fn browser(&self) -> Browser {
        Browser::new(self.api())
    }

    /// A browser that is logged in.
    async fn logged_in(&self) -> Browser {
        let mut browser = self.browser();
        let back = browser.login(&asked(&self.client, &[]), EMAIL).await;
        assert!(back.answer().contains_key("code"), "{}", back.location());
        browser
    }
}

/// The error that a redirect to the client carries.
#[track_caller]
fn refused(visit: &Visit, error: &str) -> String {
    let answer = visit.answer();
    assert!(visit.location().starts_with(CALLBACK), "{}", visit.location());
    assert_eq!(answer.get("error").map(String::as_str), Some(error), "{answer:?}");
    assert_eq!(answer.get("state").map(String::as_str), Some("s-1"), "{answer:?}");
    assert!(!answer.contains_key("code") && !answer.contains_key("access_token"), "{answer:?}");
    answer["error_description"].clone()
}

pub(crate) fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(1).expect("a JWT");
    serde_json::from_slice(&base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_code_flow_with_pkce_ends_in_tokens_of_the_user() {
    let world = world().await;
    let mut browser = world.browser();
    let asked = asked(&world.client, &[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    let begun = browser.query("/authorize", &asked).await;
    assert!(begun.location().starts_with("/u/login?state="), "{}", begun.location());
    let page = browser.get(begun.location()).await;
    let text = page.page(200);
    assert!(text.contains("<html lang=\"en\">") && text.contains("<label for=\"username\">"), "{text}");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert!(!text.contains("<script"), "{text}");

    // A wrong password and an unknown name read the same.
    let wrong = browser.submit(&page.form().with("username", EMAIL).with("password", "no")).await;
    let nobody = browser.submit(&page.form().with("username", "bob@example.com").with("password", "no")).await;
    let error = |visit: &Visit| {
        let text = visit.page(400).split_once("role=\"alert\">").unwrap().1;
        text.split_once('<').unwrap().0.to_owned()
    };
    assert_eq!(error(&wrong), "Wrong email or password.");
    assert_eq!(error(&wrong), error(&nobody));
    assert!(wrong.body.contains("aria-describedby=\"form-error\"") && wrong.body.contains("value=\"ann@example.com\""));
    assert!(!wrong.body.contains("\"no\""), "the password is shown again");
    assert!(!browser.cookies.contains_key("auth0"));

    let form = wrong.form().with("username", "ANN@example.com").with("password", PASSWORD);
    let back = browser.submit(&form).await;
    let answer = back.answer();
    assert!(back.location().starts_with("https://app.example.com/cb?code="), "{}", back.location());
    assert_eq!(answer.get("state").map(String::as_str), Some("s-1"));
    assert_eq!(answer.len(), 2, "{answer:?}");

    // The page is used up.
    let again = browser.submit(&form).await;
    assert!(again.page(400).contains("no longer valid"), "{}", again.body);

    let mut exchange = json!({
        "grant_type": "authorization_code", "client_id": world.client, "code": answer["code"],
        "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
    });
    let public = world.api().with_token(None);
    exchange["code_verifier"] = json!(CHALLENGE);
    assert_eq!(public.post("/oauth/token", &exchange).await.expect(403)["error"], "invalid_grant");
    exchange["code_verifier"] = json!(VERIFIER);
    let tokens = public.post("/oauth/token", &exchange).await.expect(200);
    let id = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&id["sub"], &id["nonce"], &id["aud"]), (&json!(world.user), &json!("n-1"), &json!(world.client)));
    assert_eq!(id["email"], EMAIL);
    assert!(id["sid"].as_str().unwrap().starts_with("ses_"), "{id}");
    assert_eq!(public.post("/oauth/token", &exchange).await.expect(403)["error"], "invalid_grant");
}

#[tokio::test]
async fn every_response_mode_and_type_answers_where_it_should() {
    let world = world().await;
    let mut browser = world.logged_in().await;

    let query = browser.query("/authorize", &asked(&world.client, &[("response_mode", "query")])).await;
    assert!(query.location().starts_with("https://app.example.com/cb?code="), "{}", query.location());
    let fragment = browser.query("/authorize", &asked(&world.client, &[("response_mode", "fragment")])).await;
    assert!(fragment.location().starts_with("https://app.example.com/cb#code="), "{}", fragment.location());
    let native = asked(&world.client, &[("redirect_uri", "com.example.app://callback")]);
    let native = browser.query("/authorize", &native).await;
    assert!(native.location().starts_with("com.example.app://callback?code="), "{}", native.location());

    let posted = browser.query("/authorize", &asked(&world.client, &[("response_mode", "form_post")])).await;
    let _text = posted.page(200);
    let form = posted.form();
    assert_eq!(form.action, CALLBACK);
    assert!(form.fields.iter().any(|(name, _)| name == "code"), "{form:?}");
    assert!(form.fields.contains(&("state".to_owned(), "s-1".to_owned())), "{form:?}");
    assert!(posted.header("content-security-policy").contains("script-src 'nonce-"));

    for types in ["token", "id_token", "token id_token", "code token", "code id_token", "code id_token token"] {
        let implicit = browser.query("/authorize", &asked(&world.client, &[("response_type", types)])).await;
        assert!(implicit.location().starts_with("https://app.example.com/cb#"), "{}", implicit.location());
        let answer = implicit.answer();
        for (name, field) in [("token", "access_token"), ("id_token", "id_token"), ("code", "code")] {
            let wanted = types.split(' ').any(|one| one == name);
            assert_eq!(answer.contains_key(field), wanted, "{types}: {answer:?}");
        }
        assert!(!answer.contains_key("refresh_token"), "{types}: {answer:?}");
        if let Some(token) = answer.get("id_token") {
            let id = claims(token);
            assert_eq!((&id["sub"], &id["nonce"]), (&json!(world.user), &json!("n-1")), "{types}");
            assert_eq!(id.get("at_hash").is_some(), answer.contains_key("access_token"), "{types}: {id}");
            assert_eq!(id.get("c_hash").is_some(), answer.contains_key("code"), "{types}: {id}");
        }
    }
    // Tokens never go into a query.
    let exposed = [("response_type", "token"), ("response_mode", "query")];
    let exposed = browser.query("/authorize", &asked(&world.client, &exposed)).await;
    assert!(exposed.location().contains("/cb#"), "{}", exposed.location());
    let _why = refused(&exposed, "invalid_request");
}

/// The message of a `web_message` page, and the origin it goes to.
#[track_caller]
fn message(visit: &Visit) -> (Value, String) {
    let text = visit.page(200);
    let (_, rest) = text.split_once("\"response\": ").unwrap();
    let (response, rest) = rest.split_once("};\n").unwrap();
    let (_, origin) = rest.split_once("postMessage(message, ").unwrap();
    let (origin, _) = origin.split_once(')').unwrap();
    (serde_json::from_str(response).unwrap(), serde_json::from_str(origin).unwrap())
}

#[tokio::test]
async fn a_frame_is_told_silently_who_is_signed_in() {
    let world = world().await;
    let silent = [("prompt", "none"), ("response_mode", "web_message")];
    let mut stranger = world.browser();
    let nobody = stranger.query("/authorize", &asked(&world.client, &silent)).await;
    let (response, origin) = message(&nobody);
    assert_eq!(origin, "https://app.example.com");
    assert_eq!((&response["error"], &response["state"]), (&json!("login_required"), &json!("s-1")));
    assert!(!nobody.headers.contains_key("x-frame-options"));
    assert!(nobody.header("content-security-policy").contains("frame-ancestors https://app.example.com;"));

    let mut browser = world.logged_in().await;
    let somebody = browser.query("/authorize", &asked(&world.client, &silent)).await;
    let (response, _) = message(&somebody);
    assert!(response["code"].is_string() && response["error"].is_null(), "{response}");

    let hostile = "</script><script>alert(1)</script>\u{2028}'\"";
    let hostile = [("prompt", "none"), ("response_mode", "web_message"), ("state", hostile)];
    let answered = browser.query("/authorize", &asked(&world.client, &hostile)).await;
    assert_eq!(answered.body.matches("<script").count(), 1, "{}", answered.body);
    assert_eq!(message(&answered).0["state"], hostile[2].1);

    // Only to addresses and origins that the client registered.
    let elsewhere = [("prompt", "none"), ("response_mode", "web_message"), ("redirect_uri", "https://evil.test")];
    let refused = browser.query("/authorize", &asked(&world.client, &elsewhere)).await;
    assert!(!refused.page(403).contains("postMessage"));
}

#[tokio::test]
async fn prompt_and_max_age_decide_whether_a_session_is_enough() {
    let world = world().await;
    let mut browser = world.logged_in().await;
    let silent = browser.query("/authorize", &asked(&world.client, &[("prompt", "none")])).await;
    assert!(silent.answer().contains_key("code"), "{}", silent.location());
    let old = browser.query("/authorize", &asked(&world.client, &[("max_age", "3600")])).await;
    assert!(old.answer().contains_key("code"), "{}", old.location());
    for more in [[("prompt", "login")], [("max_age", "0")], [("screen_hint", "signup")], [("connection", "nobodys")]] {
        let page = browser.query("/authorize", &asked(&world.client, &more)).await;
        assert!(page.location().starts_with("/u/"), "{more:?}: {}", page.location());
    }
    let both = browser.query("/authorize", &asked(&world.client, &[("prompt", "none"), ("max_age", "0")])).await;
    let _why = refused(&both, "login_required");
    let both = browser.query("/authorize", &asked(&world.client, &[("prompt", "none login")])).await;
    let _why = refused(&both, "invalid_request");
    let stranger = world.browser().query("/authorize", &asked(&world.client, &[("prompt", "none")])).await;
    let _why = refused(&stranger, "login_required");
}

#[tokio::test]
async fn bad_parameters_are_told_to_the_client_with_its_state() {
    let world = world().await;
    let mut browser = world.logged_in().await;
    for (more, error) in [
        (vec![("response_type", "")], "invalid_request"),
        (vec![("response_type", "magic")], "unsupported_response_type"),
        (vec![("response_type", "code code")], "unsupported_response_type"),
        (vec![("response_mode", "magic")], "invalid_request"),
        (vec![("max_age", "-1")], "invalid_request"),
        (vec![("max_age", "soon")], "invalid_request"),
        (vec![("prompt", "magic")], "invalid_request"),
        (vec![("code_challenge", "short")], "invalid_request"),
        (vec![("code_challenge_method", "S256")], "invalid_request"),
        (vec![("code_challenge", CHALLENGE), ("code_challenge_method", "MD5")], "invalid_request"),
        (vec![("response_type", "id_token"), ("nonce", "")], "invalid_request"),
        (vec![("scope", "openid\u{1}")], "invalid_scope"),
        (vec![("request", "e30.e30.")], "request_not_supported"),
        (vec![("request_uri", "https://evil.test/r")], "request_uri_not_supported"),
        (vec![("login_ticket", "made-up")], "access_denied"),
    ] {
        let visit = browser.query("/authorize", &asked(&world.client, &more)).await;
        let _why = refused(&visit, error);
    }
    let twice = [asked(&world.client, &[]), vec![("scope", "openid admin")]].concat();
    let _why = refused(&browser.query("/authorize", &twice).await, "invalid_request");
    let mut form = world.browser();
    let posted = form.post("/authorize", &asked(&world.client, &[])).await;
    assert!(posted.location().starts_with("/u/login?state="), "{}", posted.location());
    // A client that may not use the grant.
    let only = json!({"name": "only", "callbacks": [CALLBACK], "grant_types": ["client_credentials"]});
    let only = world.api().post("/api/v2/clients", &only).await.expect(201);
    let visit = form.query("/authorize", &asked(only["client_id"].as_str().unwrap(), &[])).await;
    let _why = refused(&visit, "unauthorized_client");
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_the_client_did_not_register() {
    let world = world().await;
    let mut browser = world.logged_in().await;
    for address in [
        "https://evil.test/cb",
        "https://app.example.com/cb/../../evil",
        "https://app.example.com/cb?next=https://evil.test",
        "https://app.example.com/cb#x",
        "https://app.example.com@evil.test/cb",
        "https://app.example.com.evil.test/cb",
        "http://app.example.com/cb",
        "http://localhost:3001/cb",
        "//evil.test/cb",
        "/cb",
        "javascript:alert(1)",
        "https://app.example.com/cb\r\nset-cookie: a=b",
        "https://app.example.com/cb%0d%0aset-cookie: a=b",
        "\\\\evil.test",
    ] {
        for mode in ["query", "fragment", "form_post", "web_message"] {
            let more = [("redirect_uri", address), ("response_mode", mode)];
            let visit = browser.query("/authorize", &asked(&world.client, &more)).await;
            let text = visit.page(403);
            assert!(!text.contains("evil.test") && !text.contains("<form"), "{address}: {text}");
        }
    }
    for more in [
        vec![("client_id", "nobody")],
        vec![("client_id", "")],
        vec![("client_id", "<script>alert(1)</script>")],
        vec![("client_id", "../../x")],
    ] {
        let visit = browser.query("/authorize", &asked(&world.client, &more)).await;
        assert!(!visit.page(400).contains("alert(1)"), "{}", visit.body);
    }
    let twice = [asked(&world.client, &[]), vec![("redirect_uri", "https://evil.test/cb")]].concat();
    assert!(!browser.query("/authorize", &twice).await.page(400).contains("evil"));
    // Another tenant's client is unknown here.
    let (other, _) = world.api().tenant_create(&world.server.bootstrap.operator_token, "other").await;
    let visit = Browser::new(&other).query("/authorize", &asked(&world.client, &[])).await;
    let _page = visit.page(400);
    let large = "x".repeat(20_000);
    let _page = browser.query("/authorize", &asked(&world.client, &[("state", &large)])).await.page(400);
}

#[tokio::test]
async fn nothing_that_is_sent_becomes_markup_or_a_header() {
    let world = world().await;
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'\r\nset-cookie: evil=1\r\n\r\n<b>";
    let mut browser = world.browser();
    let more = [("login_hint", hostile), ("state", hostile), ("ui_locales", hostile), ("acr_values", hostile)];
    let begun = browser.query("/authorize", &asked(&world.client, &more)).await;
    let page = browser.get(begun.location()).await;
    let check = |visit: &Visit, status: u16| {
        let text = visit.page(status);
        assert!(!text.contains("<script") && !text.contains("<img") && !text.contains("<b>"), "{text}");
        assert!(!visit.headers.get_all("set-cookie").iter().any(|cookie| cookie.to_str().unwrap().contains("evil")));
    };
    check(&page, 200);
    assert!(page.form().fields.contains(&("username".to_owned(), hostile.to_owned())), "{:?}", page.form());
    let wrong = browser.submit(&page.form().with("username", hostile).with("password", hostile)).await;
    check(&wrong, 400);
    let back = browser.submit(&wrong.form().with("username", EMAIL).with("password", PASSWORD)).await;
    assert_eq!(back.answer()["state"], hostile, "{}", back.location());
    assert!(!back.headers.get_all("set-cookie").iter().any(|cookie| cookie.to_str().unwrap().starts_with("evil")));
    let posted = [("response_mode", "form_post"), ("state", hostile)];
    let posted = browser.query("/authorize", &asked(&world.client, &posted)).await;
    assert_eq!(posted.page(200).matches("<script").count(), 1, "{}", posted.body);
    assert!(posted.form().fields.contains(&("state".to_owned(), hostile.to_owned())), "{:?}", posted.form());
    for path in ["/u/login", "/continue", "/v2/logout", "/oidc/logout"] {
        for name in ["state", "client_id", "returnTo", "post_logout_redirect_uri", "id_token_hint", "error"] {
            let visit = browser.query(path, &[(name, hostile)]).await;
            if !visit.status.is_redirection() {
                let status = visit.status.as_u16();
                assert!(status < 500, "{path} {name}");
                check(&visit, status);
            }
        }
    }
}

#[tokio::test]
async fn a_form_counts_only_from_its_own_page_in_its_own_browser() {
    let world = world().await;
    let (mut browser, mut other) = (world.browser(), world.browser());
    let begun = browser.query("/authorize", &asked(&world.client, &[])).await;
    let page = browser.get(begun.location()).await;
    let form = page.form().with("username", EMAIL).with("password", PASSWORD);
    let others = other.query("/authorize", &asked(&world.client, &[])).await;
    let others = other.get(others.location()).await.form();
    let token = |form: &postern_e2e::Form| {
        form.fields.iter().find(|(name, _)| name == "_csrf").map(|(_, value)| value.clone()).unwrap()
    };
    for forged in ["", "x", "AAAA", &token(&others)] {
        let visit = browser.submit(&form.clone().with("_csrf", forged)).await;
        let _page = visit.page(403);
    }
    let mut without = form.clone();
    without.fields.retain(|(name, _)| name != "_csrf");
    let _page = browser.submit(&without).await.page(403);
    // The page of one browser in another, with and without cookies of its own.
    let _page = other.submit(&form).await.page(403);
    let _page = other.get(begun.location()).await.page(400);
    let _page = world.browser().submit(&form).await.page(403);
    let _page = world.browser().get(begun.location()).await.page(400);
    // A second page of the same browser has a token of its own.
    let second = browser.query("/authorize", &asked(&world.client, &[])).await;
    let second = browser.get(second.location()).await.form();
    let _page = browser.submit(&form.clone().with("_csrf", &token(&second))).await.page(403);
    // A cookie that we did not sign is none.
    let mut forger = browser.clone();
    let value = forger.cookies.get_mut("did").unwrap();
    *value = format!("x{value}");
    let _page = forger.submit(&form).await.page(403);
    let body = postern_e2e::form_encode(&form.fields);
    for media_type in ["text/plain", "application/json", "multipart/form-data; boundary=x"] {
        let _page = browser.post_raw(&form.action, media_type, &body).await.page(400);
    }
    let _page =
        browser.post_raw(&form.action, "application/x-www-form-urlencoded", &"x".repeat(100_000)).await.page(413);
    assert!(browser.submit(&form).await.answer().contains_key("code"));
}

#[tokio::test]
async fn an_action_denies_with_its_reason() {
    let world = world().await;
    let deny = returning(r#"{"mutations":[{"type":"access.deny","reason":"Not <today> & not \"here\"\r\nx: y"}]}"#);
    let action = world.api().install("deny", &deny).await;
    let mut browser = world.browser();
    let back = browser.login(&asked(&world.client, &[]), EMAIL).await;
    assert_eq!(refused(&back, "access_denied"), "Not <today> & not \"here\"\r\nx: y");
    assert!(!browser.cookies.contains_key("auth0"), "a denied login leaves no session");
    let _bindings = world.api().bind(&[]).await;
    let back = browser.login(&asked(&world.client, &[]), EMAIL).await;
    assert!(back.answer().contains_key("code"));
    // Actions run with a session, too.
    let _bindings = world.api().bind(&[&action]).await;
    let _why = refused(&browser.query("/authorize", &asked(&world.client, &[])).await, "access_denied");
    let silent = browser.query("/authorize", &asked(&world.client, &[("prompt", "none")])).await;
    let _why = refused(&silent, "access_denied");
}

#[tokio::test]
async fn an_action_sends_the_browser_away_and_takes_it_back() {
    let world = world().await;
    let _action = world.api().install("redirect", &module("redirect")).await;
    let mut browser = world.browser();
    let away = browser.login(&asked(&world.client, &[]), EMAIL).await;
    assert!(away.location().starts_with("https://forms.example.com/ask?from=postern&state="), "{}", away.location());
    assert!(!browser.cookies.contains_key("auth0"));
    let state = away.answer()["state"].clone();
    let back = [("state", state.as_str()), ("answer", "blue")];
    // Another browser, or none, has no part in it; nor has a page of ours.
    let _page = world.browser().query("/continue", &back).await.page(400);
    let mut other = world.browser();
    let _away = other.login(&asked(&world.client, &[]), EMAIL).await;
    let _page = other.query("/continue", &back).await.page(400);
    let _page = browser.query("/u/login", &[("state", &state)]).await.page(400);
    let _page = browser.query("/continue", &[("answer", "blue")]).await.page(400);
    let _page = browser.query("/continue", &[("state", "made-up")]).await.page(400);

    let done = browser.query("/continue", &back).await;
    assert!(done.location().starts_with("https://app.example.com/cb?code="), "{}", done.location());
    assert_eq!(done.answer()["state"], "s-1");
    assert!(browser.cookies.contains_key("auth0"));
    assert_eq!(world.api().user(&world.user).await["user_metadata"]["answer"], "blue");
    let _page = browser.query("/continue", &back).await.page(400);
    // A silent login cannot be sent away.
    let silent = browser.query("/authorize", &asked(&world.client, &[("prompt", "none")])).await;
    let _why = refused(&silent, "interaction_required");
    // With a session it is sent away without a page, and may come back by a form.
    let away = browser.query("/authorize", &asked(&world.client, &[])).await;
    let state = away.answer()["state"].clone();
    let done = browser.post(&format!("/continue?state={state}&answer=green"), &[("field", "x")]).await;
    assert!(done.answer().contains_key("code"), "{}", done.location());
    assert_eq!(world.api().user(&world.user).await["user_metadata"]["answer"], "green");
}

#[tokio::test]
async fn a_second_factor_is_not_given_by_coming_back() {
    let world = world().await;
    let mfa = returning(r#"{"mutations":[{"type":"multifactor.enable","provider":"google-authenticator"}]}"#);
    let _action = world.api().install("mfa", &mfa).await;
    let mut browser = world.browser();
    let away = browser.login(&asked(&world.client, &[]), EMAIL).await;
    assert!(away.location().starts_with("/u/mfa?state="), "{}", away.location());
    let state = away.answer()["state"].clone();
    for path in ["/continue", "/u/login"] {
        let visit = browser.query(path, &[("state", &state)]).await;
        let _page = visit.page(400);
    }
    let _page = browser.post("/continue", &[("state", &state)]).await.page(400);
    assert!(!browser.cookies.contains_key("auth0"));
}

#[tokio::test]
async fn a_ticket_of_a_form_elsewhere_is_for_its_client_and_for_once() {
    let world = world().await;
    let public = world.api().with_token(None);
    let body = json!({
        "client_id": world.client, "username": EMAIL, "password": PASSWORD,
        "realm": "Username-Password-Authentication",
        "credential_type": "http://auth0.com/oauth/grant-type/password-realm",
    });
    for (name, value, status, error) in [
        ("password", json!("no"), 403, "access_denied"),
        ("username", json!("nobody@example.com"), 403, "access_denied"),
        ("client_id", json!("nobody"), 401, "unauthorized_client"),
        ("credential_type", json!("magic"), 400, "unsupported_credential_type"),
        ("realm", Value::Null, 400, "invalid_request"),
        ("realm", json!("nobodys"), 400, "invalid_request"),
        ("password", Value::Null, 400, "invalid_request"),
        ("password", json!(7), 400, "invalid_request"),
    ] {
        let mut bad = body.clone();
        bad[name] = value;
        let answer = public.post("/co/authenticate", &bad).await.expect(status);
        assert_eq!(answer["error"], error, "{bad}");
        assert!(answer["error_description"].is_string(), "{answer}");
    }
    let ticket = public.post("/co/authenticate", &body).await.expect(200);
    let ticket = ticket["login_ticket"].as_str().unwrap();
    let more =
        [("login_ticket", ticket), ("realm", "Username-Password-Authentication"), ("response_type", "token id_token")];
    let mut browser = world.browser();
    let back = browser.query("/authorize", &asked(&world.client, &more)).await;
    assert!(back.location().starts_with("https://app.example.com/cb#"), "{}", back.location());
    assert_eq!(claims(&back.answer()["id_token"])["sub"], world.user);
    assert!(browser.cookies.contains_key("auth0"));
    let again = browser.query("/authorize", &asked(&world.client, &more)).await;
    let _why = refused(&again, "access_denied");
    // Another client's.
    let other = app_create(world.api()).await;
    let ticket = public.post("/co/authenticate", &body).await.expect(200);
    let more = [("login_ticket", ticket["login_ticket"].as_str().unwrap())];
    let _why = refused(&world.browser().query("/authorize", &asked(&other, &more)).await, "access_denied");
}

#[tokio::test]
async fn lock_reads_a_clients_settings_from_a_script() {
    let world = world().await;
    let mut browser = world.browser();
    let script = browser.get(&format!("/client/{}.js?t=1", world.client)).await;
    assert_eq!(script.status.as_u16(), 200);
    assert!(script.header("content-type").starts_with("application/javascript"));
    let json = script.body.strip_prefix("Auth0.setClient(").and_then(|text| text.strip_suffix(");")).unwrap();
    let settings: Value = serde_json::from_str(json).unwrap();
    assert_eq!(settings["id"], world.client);
    let strategy = &settings["strategies"][0];
    assert_eq!((&strategy["name"], &strategy["connections"][0]["showSignup"]), (&json!("auth0"), &json!(true)));
    assert!(!script.body.contains("secret") && !script.body.contains('<'), "{}", script.body);
    for path in ["/client/nobody.js", "/client/%3Cscript%3E.js", "/client/x"] {
        let absent = browser.get(path).await;
        assert_eq!(absent.status.as_u16(), 404, "{path}");
        assert!(!absent.body.contains("<script"), "{}", absent.body);
    }
}

#[tokio::test]
async fn what_actions_see_of_a_browser_login_holds_no_password() {
    let world = world().await;
    let mut browser = world.browser();
    let _back = browser.login(&asked(&world.client, &[("ext-color", "red")]), EMAIL).await;
    let logs = world.api().get("/api/v2/logs").await.expect(200).to_string();
    assert!(!logs.contains(PASSWORD) && logs.contains("\"type\":\"s\""), "{logs}");
    assert!(!world.server.log().contains(PASSWORD));
}

#[tokio::test]
async fn a_new_user_signs_up_on_a_page_and_is_logged_in() {
    let world = world().await;
    let mut browser = world.browser();
    let begun = browser.query("/authorize", &asked(&world.client, &[("screen_hint", "signup")])).await;
    assert!(begun.location().starts_with("/u/signup?state="), "{}", begun.location());
    let page = browser.get(begun.location()).await;
    assert!(page.page(200).contains("aria-describedby=\"password-hint"), "{}", page.body);
    let typed = |email: &str, password: &str| page.form().with("email", email).with("password", password);
    for (email, password) in [("new@example.com", "short"), ("no address", PASSWORD), ("", PASSWORD), (EMAIL, PASSWORD)]
    {
        let again = browser.submit(&typed(email, password)).await;
        assert!(again.page(400).contains("role=\"alert\""), "{email}: {}", again.body);
        // Whether an address is taken is not said.
        assert!(!again.body.contains("exists"), "{email}: {}", again.body);
    }
    let _page = browser.submit(&typed("new@example.com", PASSWORD).with("_csrf", "x")).await.page(403);
    let back = browser.submit(&typed("new@example.com", PASSWORD)).await;
    assert!(back.answer().contains_key("code"), "{}", back.location());
    let made = world.api().get("/api/v2/users-by-email?email=new%40example.com").await.expect(200);
    assert_eq!((made.as_array().unwrap().len(), &made[0]["logins_count"]), (1, &json!(1)), "{made}");
    let _page = browser.submit(&typed("newer@example.com", PASSWORD)).await.page(400);
}

#[tokio::test]
async fn asking_for_a_new_password_tells_nobody_who_has_an_account() {
    let world = world().await;
    let mut browser = world.browser();
    let begun = browser.query("/authorize", &asked(&world.client, &[])).await;
    let path = begun.location().replace("/u/login", "/u/reset-password/request");
    let form = browser.get(&path).await.form();
    let known = browser.submit(&form.clone().with("email", EMAIL)).await;
    let unknown = browser.submit(&form.clone().with("email", "nobody@example.com")).await;
    let text = |visit: &Visit| visit.page(200).split_once("<main>").unwrap().1.to_owned();
    assert_eq!(text(&known), text(&unknown));
    let _page = browser.submit(&form.clone().with("email", "")).await.page(400);
    let _page = browser.submit(&form.with("_csrf", "x").with("email", EMAIL)).await.page(403);
}
