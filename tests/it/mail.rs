//! E-mails: the provider, templates, and what arrives at a real SMTP server.

use postern_e2e::{Api, Server, SmtpSink};
use reqwest::Method;
use serde_json::{Value, json};

const PROVIDER: &str = "/api/v2/emails/provider";
const TEMPLATES: &str = "/api/v2/email-templates";

/// A server whose mails go to a sink.
async fn with_sink() -> (Server, SmtpSink) {
    let server = Server::start().await;
    let sink = SmtpSink::start().await;
    let _provider = server.api.post(PROVIDER, &sink.provider()).await.expect(200);
    (server, sink)
}

fn template(name: &str, body: &str) -> Value {
    json!({
        "template": name, "body": body, "from": "{{ application.name }} <team@example.com>", "subject": "{{ subject }}",
        "syntax": "liquid", "enabled": true,
    })
}

/// Waits until the tenant log has an entry of that type, newest first.
async fn logged(api: &Api, kind: &str) -> Value {
    for _ in 0..600 {
        let found = api.get(&format!("/api/v2/logs?q=type:%22{kind}%22")).await.expect(200);
        if let Some(entry) = found.as_array().and_then(|entries| entries.first()) {
            return entry.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("no {kind} in the log");
}

#[tokio::test]
async fn the_provider_never_gives_its_password_back() {
    let server = Server::start().await;
    let api = &server.api;
    assert_eq!(api.get(PROVIDER).await.refused(404), "inexistent_email_provider");
    assert_eq!(api.patch(PROVIDER, &json!({"enabled": false})).await.refused(404), "inexistent_email_provider");
    let _none = api.delete(PROVIDER).await.expect(204);

    let body = json!({
        "name": "smtp", "enabled": true, "default_from_address": "Support <support@example.com>",
        "credentials": {
            "smtp_host": "mail.example.com", "smtp_port": 587, "smtp_user": "mailer", "smtp_pass": "pass-word-77",
        },
        "settings": {"headers": {"X-SES-Configuration-Set": "set-1"}},
    });
    let made = api.post(PROVIDER, &body).await.expect(200);
    assert_eq!(made["credentials"], json!({"smtp_host": "mail.example.com", "smtp_port": 587, "smtp_user": "mailer"}));
    let _there = api.post(PROVIDER, &body).await.refused(409);
    let read = api.get(PROVIDER).await.expect(200);
    assert_eq!(read, made);
    assert!(!read.to_string().contains("pass-word-77"));
    let some = api.get(&format!("{PROVIDER}?fields=name,enabled&include_fields=true")).await.expect(200);
    assert_eq!(some, json!({"name": "smtp", "enabled": true}));
    // The password was given for that server.
    let moved = json!({"credentials": {"smtp_host": "evil.example.com"}});
    let _kept = api.patch(PROVIDER, &moved).await.refused(400);
    let changed =
        api.patch(PROVIDER, &json!({"enabled": false, "credentials": {"smtp_user": "other"}})).await.expect(200);
    assert_eq!((&changed["enabled"], &changed["credentials"]["smtp_user"]), (&json!(false), &json!("other")));
    let _gone = api.delete(PROVIDER).await.expect(204);
    assert_eq!(api.get(PROVIDER).await.refused(404), "inexistent_email_provider");
}

#[tokio::test]
async fn what_is_no_provider_is_refused() {
    let server = Server::start().await;
    let api = &server.api;
    let good = json!({"smtp_host": "mail.example.com", "smtp_port": 587});
    for (body, part) in [
        (json!({"name": "mandrill", "credentials": {"api_key": "x"}}), "smtp"),
        (json!({"name": "smtp"}), "credentials"),
        (json!({"credentials": good}), "name"),
        (json!({"name": "smtp", "credentials": {}}), "smtp_host"),
        (json!({"name": "smtp", "credentials": {"smtp_host": "a b", "smtp_port": 25}}), "smtp_host"),
        (json!({"name": "smtp", "credentials": {"smtp_host": "a\r\nb", "smtp_port": 25}}), "smtp_host"),
        (json!({"name": "smtp", "credentials": {"smtp_host": "a.example", "smtp_port": 0}}), "smtp_port"),
        (json!({"name": "smtp", "credentials": {"smtp_host": "a.example", "smtp_port": "25"}}), "smtp_port"),
        (json!({"name": "smtp", "credentials": {"smtp_host": "a.example", "smtp_port": 25, "x": 1}}), "x"),
        (
            json!({"name": "smtp", "credentials": good, "default_from_address": "a@b\r\nBcc: c@d"}),
            "default_from_address",
        ),
        (json!({"name": "smtp", "credentials": good, "settings": {"tls": "maybe"}}), "tls"),
        (json!({"name": "smtp", "credentials": good, "settings": {"headers": {"Bcc": "a@example.com"}}}), "Bcc"),
        (
            json!({"name": "smtp", "credentials": good, "settings": {"headers": {"X-SES-Configuration-Set": "a\r\nBcc: b"}}}),
            "X-SES-Configuration-Set",
        ),
    ] {
        let answer = api.post(PROVIDER, &body).await;
        let said = answer.body["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.refused(400), "invalid_body", "{body}");
        assert!(said.contains(part), "{body}: {said}");
    }
    let _none = api.get(PROVIDER).await.refused(404);
}

#[tokio::test]
async fn templates_are_kept_and_checked() {
    let server = Server::start().await;
    let api = &server.api;
    let one = format!("{TEMPLATES}/verify_email");
    assert_eq!(api.get(&one).await.refused(404), "inexistent_email_template");
    assert_eq!(api.get(&format!("{TEMPLATES}/nothing")).await.refused(404), "inexistent_email_template");
    let body = template("verify_email", "Hi {{ user.name | escape }}");
    assert_eq!(api.send(Method::PUT, &one, Some(&body)).await.refused(404), "inexistent_email_template");
    let made = api.post(TEMPLATES, &body).await.expect(200);
    assert_eq!(made, body);
    let _there = api.post(TEMPLATES, &body).await.refused(409);
    let patch = json!({"resultUrl": "https://app.example.com/done", "urlLifetimeInSeconds": 60, "includeEmailInRedirect": false});
    let changed = api.patch(&one, &patch).await.expect(200);
    assert_eq!(changed["resultUrl"], "https://app.example.com/done");
    assert_eq!(changed["body"], body["body"]);
    let mut anew = body.clone();
    anew["enabled"] = json!(false);
    let replaced = api.send(Method::PUT, &one, Some(&anew)).await.expect(200);
    assert_eq!(replaced, anew);
    for (patch, part) in [
        (json!({"body": "Hi\n{{ user.name | }}"}), "line 2"),
        (json!({"body": "{% if x %}"}), "body"),
        (json!({"body": "{{ x | nothing }}"}), "body"),
        (json!({"body": "{{ 99999999999999999999 }}"}), "body"),
        (json!({"subject": "{% for %}"}), "subject"),
        (json!({"subject": "a\r\nBcc: b@example.com"}), "subject"),
        (json!({"from": "nobody"}), "from"),
        (json!({"syntax": "handlebars"}), "syntax"),
        (json!({"resultUrl": "javascript:alert(1)"}), "resultUrl"),
        (json!({"resultUrl": "/relative"}), "resultUrl"),
        (json!({"template": "reset_email"}), "template"),
        (json!({"urlLifetimeInSeconds": 4_000_000_000_u64}), "urlLifetimeInSeconds"),
    ] {
        let answer = api.patch(&one, &patch).await;
        let said = answer.body["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.refused(400), "invalid_body", "{patch}");
        assert!(said.contains(part), "{patch}: {said}");
    }
    assert_eq!(api.get(&one).await.expect(200), anew);
    let _missing = api.post(TEMPLATES, &json!({"template": "reset_email"})).await.refused(400);
    let _unknown = api.post(TEMPLATES, &template("nothing", "x")).await.refused(400);
}

#[tokio::test]
async fn a_preview_speaks_the_users_language() {
    let server = Server::start().await;
    let api = &server.api;
    let user = api.user_create("ann").await;
    let metadata = json!({"name": "<b>Ann</b>", "user_metadata": {"lang": "it"}, "app_metadata": {"plan": "gold"}});
    let _user = api.patch(&format!("/api/v2/users/{}", postern_e2e::encode(&user)), &metadata).await.expect(200);
    let client = json!({
        "name": "Shop", "client_metadata": {"color": "blue"}, "callbacks": ["https://shop.example.com/callback"],
    });
    let client = api.post("/api/v2/clients", &client).await.expect(201);
    let text = "{% if user.user_metadata.lang == 'it' %}Ciao{% else %}Hello{% endif %} {{ user.name | escape }} \
                {{ application.client_metadata.color }} {{ application.callback_domain }} {{ user.app_metadata.plan }} \
                {{ connection.name }} {{ tenant }} {{ custom_domain.domain }} [{{ nothing.at.all }}] {{ extra }}";
    let mut own = template("verify_email", text);
    own["subject"] = json!("{{ user.user_metadata.lang | upcase }} {{ request_language }}");
    let _made = api.post(TEMPLATES, &own).await.expect(200);
    let body = json!({
        "user_id": user, "client_id": client["client_id"], "request_language": "de", "variables": {"extra": "more"},
    });
    let shown = api.post(&format!("{TEMPLATES}/verify_email/preview"), &body).await.expect(200);
    let domain = &server.bootstrap.domain;
    assert_eq!(shown["from"], "Shop <team@example.com>");
    assert_eq!(shown["to"], "ann@example.com");
    assert_eq!(shown["subject"], "IT de");
    let want = format!(
        "Ciao &lt;b&gt;Ann&lt;/b&gt; blue https://shop.example.com gold Username-Password-Authentication default \
         {domain} [] more"
    );
    assert_eq!(shown["body"], json!(want));
    // Built-in templates escape what users set.
    let shown = api.post(&format!("{TEMPLATES}/reset_email/preview"), &json!({"user_id": user})).await.expect(200);
    let html = shown["body"].as_str().unwrap();
    assert!(html.contains("&lt;b&gt;Ann&lt;/b&gt;") && !html.contains("<b>Ann"), "{html}");
    // What a user sets costs at most an error.
    let _patched = api
        .patch(
            &format!("{TEMPLATES}/verify_email"),
            &json!({"body": "{% for i in (1..user.user_metadata.n) %}x{% endfor %}"}),
        )
        .await
        .expect(200);
    let huge = json!({"variables": {"user": {"user_metadata": {"n": 1_000_000_000}}}});
    let _bounded = api.post(&format!("{TEMPLATES}/verify_email/preview"), &huge).await.refused(400);
    let _unknown =
        api.post(&format!("{TEMPLATES}/verify_email/preview"), &json!({"user_id": "auth0|none"})).await.refused(404);
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let (server, sink) = with_sink().await;
    let api = &server.api;
    let mut own = template("welcome_email", "<p>Grüße, {{ user.name | escape }}</p>");
    own["from"] = json!(null);
    let _made = api.post(TEMPLATES, &own).await.expect(200);
    let body = json!({"to": "ann@example.com", "variables": {"subject": "Hi\r\nBcc: eve@example.com\r\n\r\nx ü", "user": {"name": "<i>"}}});
    let _sent = api.post(&format!("{TEMPLATES}/welcome_email/send-test"), &body).await.expect(202);
    let mail = sink.next().await;
    assert_eq!(mail.to, ["ann@example.com"]);
    assert_eq!(mail.login, Some(("mailer".to_owned(), "smtp-password-1".to_owned())));
    assert_eq!(mail.from, (Some("Support".to_owned()), "support@example.com".to_owned()));
    assert_eq!(mail.subject, "Hi Bcc: eve@example.com x ü");
    assert!(mail.header("bcc").is_empty(), "{:?}", mail.headers);
    assert_eq!(mail.html.trim(), "<p>Grüße, &lt;i&gt;</p>");
    assert_eq!(mail.header("message-id").len(), 1);
    for to in ["ann@example.com\r\nBcc: eve@example.com", "ann", "a@b, c@d"] {
        let _bad = api.post(&format!("{TEMPLATES}/welcome_email/send-test"), &json!({"to": to})).await.refused(400);
    }
}

#[tokio::test]
async fn a_mail_outlives_a_provider_that_is_down_and_a_crash() {
    let mut server = Server::start().await;
    let address = SmtpSink::start().await.address();
    let mut provider =
        json!({"name": "smtp", "default_from_address": "a@example.com", "credentials": {"smtp_host": "127.0.0.1"}});
    provider["credentials"]["smtp_port"] = json!(address.port());
    let _provider = server.api.post(PROVIDER, &provider).await.expect(200);
    let send = json!({"to": "ann@example.com"});
    let path = format!("{TEMPLATES}/verify_email/send-test");
    let _sent = server.api.post(&path, &send).await.expect(202);
    let failed = logged(&server.api, "fn").await;
    assert_eq!(failed["details"]["email_template"], "verify_email", "{failed}");
    assert_eq!(failed["details"]["attempts"], 1, "{failed}");
    server.kill();
    let sink = SmtpSink::start_at(address).await;
    sink.refuse(1);
    server.restart().await;
    let mail = sink.next().await;
    assert_eq!(mail.to, ["ann@example.com"]);
    assert_eq!(sink.refused(), 1);
    let done = logged(&server.api, "svr").await;
    assert!(done["details"]["attempts"].as_u64().unwrap() >= 3, "{done}");
}

#[tokio::test]
async fn a_mail_that_nobody_takes_is_given_up() {
    let (server, sink) = with_sink().await;
    let path = format!("{TEMPLATES}/reset_email/send-test");
    let _sent = server.api.post(&path, &json!({"to": "gone@example.com"})).await.expect(202);
    let failed = logged(&server.api, "fcpr").await;
    assert!(failed["details"]["error"].as_str().unwrap().contains("no such mailbox"), "{failed}");
    assert_eq!(sink.waiting(), 0);
}
