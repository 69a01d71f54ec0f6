//! Tenant settings, rules, the tenant log, actions and what an export of a tenant reads.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use postern_app::retention::sweep;
use postern_e2e::{Server, module};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::rows;

#[tokio::test]
async fn tenant_settings_have_defaults_and_merge_flags() {
    let server = Server::start().await;
    let api = &server.api;
    let path = "/api/v2/tenants/settings";
    let fresh = api.get(path).await.expect(200);
    assert_eq!(
        (&fresh["session_lifetime"], &fresh["idle_session_lifetime"], &fresh["default_directory"]),
        (&json!(168), &json!(72), &json!("Username-Password-Authentication"))
    );
    assert_eq!(fresh["flags"]["enable_client_connections"], true);
    let patch = json!({
        "friendly_name": "Acme", "session_lifetime": 3.5, "allowed_logout_urls": ["https://acme.example/out"],
        "flags": {"enable_public_signup_user_exists_error": true}, "error_page": {"url": "https://acme.example/err"},
    });
    let patched = api.patch(path, &patch).await.expect(200);
    assert_eq!(patched["friendly_name"], "Acme");
    let flags = api.patch(path, &json!({"flags": {"enable_sso": false}, "error_page": null})).await.expect(200);
    assert_eq!(flags["flags"]["enable_public_signup_user_exists_error"], true);
    assert_eq!((&flags["flags"]["enable_sso"], flags.get("error_page")), (&json!(false), None));
    let read = api.get(path).await.expect(200);
    for bad in [
        json!({}),
        json!({"session_lifetime": 0}),
        json!({"session_lifetime": "168"}),
        json!({"flags": {"enable_sso": "no"}}),
        json!({"allowed_logout_urls": ["javascript:alert(1)"]}),
        json!({"default_redirection_uri": "nowhere"}),
        json!({"friendly_name": 7}),
        json!({"no_such_setting": 1}),
    ] {
        assert_eq!(api.patch(path, &bad).await.refused(400), "invalid_body", "{bad}");
    }
    let _code = api.patch(path, &json!({"default_directory": "nothing"})).await.refused(400);
    assert_eq!(api.get(path).await.expect(200), read);
}

#[tokio::test]
async fn rules_are_kept_in_their_order() {
    let server = Server::start().await;
    let api = &server.api;
    let script = "function (user, context, callback) { callback(null, user, context); }";
    let mut first = api.post("/api/v2/rules", &json!({"name": "first", "script": script})).await.expect(201);
    let path = format!("/api/v2/rules/{}", first["id"].as_str().unwrap());
    assert_eq!(api.get(&path).await.expect(200), first);
    first["id"] = json!("[made]");
    let want = json!({
        "id": "[made]", "enabled": true, "script": script, "name": "first", "order": 1, "stage": "login_success",
    });
    assert_eq!(first, want);
    let early = json!({"name": "early", "script": script, "order": -5, "enabled": false});
    let _early = api.post("/api/v2/rules", &early).await.expect(201);
    let list = api.get("/api/v2/rules?page=0&per_page=50&include_totals=true&fields=name,order").await.expect(200);
    let names = json!([{"name": "early", "order": -5}, {"name": "first", "order": 1}]);
    assert_eq!(list, json!({"start": 0, "limit": 50, "total": 2, "rules": names}));
    assert_eq!(rows(&api.get("/api/v2/rules?enabled=true").await.expect(200)).len(), 1);
    for (body, status) in [
        (json!({"name": "first", "script": script}), 409),
        (json!({"name": "second", "script": script, "order": 1}), 409),
        (json!({"name": "-x", "script": script}), 400),
        (json!({"name": "a_b", "script": script}), 400),
        (json!({"name": "second"}), 400),
        (json!({"name": "second", "script": script, "stage": "never"}), 400),
    ] {
        assert_eq!(api.post("/api/v2/rules", &body).await.status.as_u16(), status, "{body}");
    }
    let patched = api.patch(&path, &json!({"enabled": false, "order": 9})).await.expect(200);
    assert_eq!((&patched["enabled"], &patched["order"]), (&json!(false), &json!(9)));
    assert_eq!(api.send(Method::DELETE, &path, None).await.status.as_u16(), 204);
    assert_eq!(api.get(&path).await.refused(404), "inexistent_rule");

    let config = "/api/v2/rules-configs/API_KEY";
    let put = api.send(Method::PUT, config, Some(&json!({"value": "hush"}))).await.expect(200);
    assert_eq!(put, json!({"key": "API_KEY", "value": "hush"}));
    let list = api.get("/api/v2/rules-configs?include_totals=true&per_page=50").await.expect(200);
    assert_eq!(list, json!([{"key": "API_KEY"}]));
    let bad = api.send(Method::PUT, "/api/v2/rules-configs/a%20b", Some(&json!({"value": "x"}))).await;
    let _code = bad.refused(400);
    assert_eq!(api.send(Method::DELETE, config, None).await.status.as_u16(), 204);
    assert_eq!(api.get("/api/v2/rules-configs").await.expect(200), json!([]));
}

#[tokio::test]
async fn the_log_is_searched_and_followed() {
    let server = Server::start().await;
    let api = &server.api;
    for n in 0..4 {
        let _client = api.post("/api/v2/clients", &json!({"name": format!("c{n}")})).await.expect(201);
    }
    let get = |query: String| async move { api.get(&format!("/api/v2/logs{query}")).await.expect(200) };
    let find = |q: &str| get(format!("?q={}", postern_e2e::encode(q)));
    let all = get(String::new()).await;
    let newest = &all[0];
    assert_eq!((&newest["_id"], &newest["type"]), (&newest["log_id"], &json!("sapi")), "{newest}");
    assert_eq!(find("type:\"no_such_type\"").await, json!([]));
    assert_eq!(rows(&find("type:sapi AND description:\"Create a client\"").await).len(), 4);
    assert_eq!(rows(&find("type:sapi AND description:create*").await).len(), 4);
    assert_eq!(rows(&find("date:[2020-01-01 TO *] AND NOT type:sapi").await).len(), rows(&all).len() - 4);
    assert_eq!(get("?search=type%3Anothing&include_totals=true".to_owned()).await["logs"], json!([]));
    let _code = api.get("/api/v2/logs?q=type%3A%22a%22%20AND%20(").await.refused(400);
    let _code = api.get("/api/v2/logs?sort=ip:1").await.refused(400);

    let oldest = get("?sort=date:1&per_page=2&fields=log_id".to_owned()).await;
    let ids: Vec<&Value> = rows(&all).iter().rev().map(|row| &row["log_id"]).collect();
    assert_eq!(oldest, json!([{"log_id": ids[0]}, {"log_id": ids[1]}]));
    let page = get("?page=1&per_page=2&include_totals=true".to_owned()).await;
    assert_eq!((&page["start"], &page["limit"], &page["length"]), (&json!(2), &json!(2), &json!(2)));
    assert_eq!(page["total"], json!(ids.len()));
    // Followed from an entry on, oldest first, as a bare array; the entry itself need not be there.
    let mut seen = Vec::new();
    let mut from = "900".to_owned();
    loop {
        let page = get(format!("?from={from}&take=2")).await;
        let page = page.as_array().unwrap();
        let Some(last) = page.last() else { break };
        from = last["log_id"].as_str().unwrap().to_owned();
        seen.extend(page.iter().map(|row| row["log_id"].clone()));
    }
    assert_eq!(seen.iter().collect::<Vec<_>>(), ids);
    let one = api.get(&format!("/api/v2/logs/{}", ids[0].as_str().unwrap())).await.expect(200);
    assert_eq!(one["log_id"], *ids[0]);
}

#[tokio::test]
async fn old_log_entries_and_executions_are_swept() {
    let mut server = Server::start().await;
    let client = server.api.client_id().await;
    let user = server.api.user_create("ann").await;
    let _action = server.api.install("count", &module("count")).await;
    let login = server.api.login(&client, &user).await;
    let execution = format!("/api/v2/actions/executions/{}", login["execution_id"].as_str().unwrap());
    let _found = server.api.get(&execution).await.expect(200);
    let _status = server.stop();
    {
        let app = crate::unauthorized::open(&server);
        let (day, now) = (Duration::from_secs(24 * 3600), Timestamp::now());
        assert_eq!(sweep(&app, day, now).await.unwrap(), 0, "nothing is a day old");
        let later = now + SignedDuration::from_hours(25);
        assert!(sweep(&app, day, later).await.unwrap() > 3);
        assert_eq!(sweep(&app, day, later).await.unwrap(), 0);
    }
    server.restart().await;
    assert_eq!(server.api.get("/api/v2/logs").await.expect(200), json!([]));
    let _code = server.api.get(&execution).await.refused(404);
    // What is no record of the past stays.
    let _user = server.api.user(&user).await;
}

#[tokio::test]
async fn what_a_whole_export_reads_is_there() {
    let server = Server::start().await;
    let api = &server.api;
    for (path, want) in [
        (
            "/api/v2/forms?page=0&per_page=100&include_totals=true",
            json!({"start": 0, "limit": 100, "total": 0, "forms": []}),
        ),
        (
            "/api/v2/flows?page=0&per_page=100&include_totals=true",
            json!({"start": 0, "limit": 100, "total": 0, "flows": []}),
        ),
        ("/api/v2/token-exchange-profiles?take=50", json!({"token_exchange_profiles": []})),
        ("/api/v2/organizations?include_totals=true&take=50", json!({"organizations": []})),
        ("/api/v2/log-streams", json!([])),
        ("/api/v2/custom-domains", json!([])),
        ("/api/v2/event-streams?take=50", json!({"eventStreams": []})),
        ("/api/v2/branding/phone/providers", json!({"providers": []})),
        ("/api/v2/prompts/login/custom-text/en", json!({})),
        ("/api/v2/actions/modules?page=0&per_page=100", json!({"modules": [], "total": 0, "page": 0, "per_page": 100})),
    ] {
        assert_eq!(api.get(path).await.expect(200), want, "{path}");
    }
    // What cannot be made there is not served, never a fault.
    let _code = api.post("/api/v2/forms", &json!({"name": "x"})).await.refused(404);
    let _code = api.patch("/api/v2/risk-assessments/settings", &json!({})).await.refused(404);
}

#[tokio::test]
async fn actions_have_the_recorded_shapes() {
    let server = Server::start().await;
    let api = &server.api;
    let list = "/api/v2/actions/actions";
    assert_eq!(
        api.get(&format!("{list}?page=0&per_page=50")).await.expect(200),
        json!({"actions": [], "per_page": 50})
    );
    let code = "exports.onExecutePostLogin = async (event, api) => {};";
    let body = json!({
        "name": "script", "supported_triggers": [{"id": "post-login", "version": "v3"}], "code": code,
    });
    let mut made = api.post(list, &body).await.expect(201);
    let script = made["id"].as_str().unwrap().to_owned();
    for name in ["id", "created_at", "updated_at"] {
        made[name] = json!("[made]");
    }
    let want = json!({
        "id": "[made]", "name": "script", "supported_triggers": [{"id": "post-login", "version": "v3"}],
        "created_at": "[made]", "updated_at": "[made]", "code": code, "dependencies": [], "runtime": "node22",
        "status": "pending", "secrets": [], "all_changes_deployed": false,
    });
    assert_eq!(made, want);
    let broken = json!({"code": "exports.onExecutePostLogin = async (event, api) => {"});
    let _answer = api.patch(&format!("{list}/{script}"), &broken).await.expect(200);
    let refused = api.post(&format!("{list}/{script}/deploy"), &json!({})).await;
    let message = refused.body["message"].as_str().unwrap().to_owned();
    let _code = refused.refused(400);
    assert!(message.contains("SyntaxError"), "{message}");

    let id = api.action_create("compiled", &module("count"), &json!([])).await;
    let version = api.deploy(&id).await;
    assert_eq!(
        (&version["deployed"], &version["number"], &version["status"]),
        (&json!(false), &json!(1), &json!("built"))
    );
    assert_eq!((version.get("built_at"), version.get("action_id")), (None, None), "{version}");
    let mut head = version["action"].as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
    head.sort_unstable();
    assert_eq!(head, ["all_changes_deployed", "created_at", "id", "name", "supported_triggers", "updated_at"]);
    let read = api.get(&format!("{list}/{id}/versions/{}", version["id"].as_str().unwrap())).await.expect(200);
    assert!(read["deployed"] == true && read["built_at"].is_string(), "{read}");

    let bindings = "/api/v2/actions/triggers/post-login/bindings";
    let undeployed = json!({"bindings": [{"ref": {"type": "action_id", "value": script}, "display_name": "x"}]});
    let answer = api.patch(bindings, &undeployed).await;
    assert_eq!(answer.body["message"], "Trying to create a binding for an action that has not been deployed yet");
    let first = api.bind(&[&id]).await;
    let second = api.bind(&[&id]).await;
    assert_ne!(first["bindings"][0]["id"], second["bindings"][0]["id"]);
    let page = api.get(&format!("{bindings}?page=1&per_page=100")).await.expect(200);
    assert_eq!(page, json!({"bindings": [], "page": 1, "per_page": 100}));
    let bound = api.send(Method::DELETE, &format!("{list}/{id}"), None).await;
    assert_eq!(
        (bound.status.as_u16(), &bound.body["message"]),
        (409, &json!("Unable to delete an action bound to a trigger."))
    );
    assert_eq!(api.send(Method::DELETE, &format!("{list}/{id}?force=true"), None).await.status.as_u16(), 204);
}

#[tokio::test]
async fn triggers_are_those_of_auth0() {
    let server = Server::start().await;
    let api = &server.api;
    let triggers = api.get("/api/v2/actions/triggers").await.expect(200);
    let triggers = triggers["triggers"].as_array().unwrap();
    assert_eq!(triggers.len(), 20);
    let post_login = triggers.iter().find(|row| row["id"] == "post-login" && row["status"] == "CURRENT").unwrap();
    let want = json!({
        "id": "post-login", "version": "v3", "status": "CURRENT", "runtimes": ["node18-actions", "node22", "wasm"],
        "default_runtime": "node22", "binding_policy": "trigger-bound",
        "compatible_triggers": [{"id": "post-login", "version": "v2"}],
    });
    assert_eq!(*post_login, want);
    for trigger in ["credentials-exchange", "pre-user-registration", "post-change-password"] {
        let path = format!("/api/v2/actions/triggers/{trigger}/bindings?page=0&per_page=50");
        assert_eq!(api.get(&path).await.expect(200), json!({"bindings": [], "per_page": 50}));
    }
}
