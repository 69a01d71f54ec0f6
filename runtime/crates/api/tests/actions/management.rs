//! The actions part of the management API over real HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Server, returning, sets};

const LIST: &str = "/api/v2/actions/actions";
const BINDINGS: &str = "/api/v2/actions/triggers/post-login/bindings";
const ABSENT: &str = "00000000-0000-4000-8000-000000000000";

fn body(name: &str) -> Value {
    json!({"name": name, "supported_triggers": [{"id": "post-login", "version": "v3"}]})
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn an_action_has_the_shape_that_auth0_gives_it() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let script = json!({
        "name": "script", "supported_triggers": [{"id": "post-login", "version": "v3"}],
        "code": "exports.onExecutePostLogin = async () => {};", "runtime": "node22",
        "dependencies": [{"name": "lodash", "version": "4.0.0", "registry_url": "https://registry.npmjs.org"}],
        "secrets": [{"name": "KEY", "value": "s3cret"}],
    });
    let made = api.post(LIST, &script).await.expect(201);
    assert_eq!(made["secrets"][0]["name"], "KEY");
    assert!(made["secrets"][0].get("value").is_none() && !made.to_string().contains("s3cret"), "{made}");
    assert_eq!(made["dependencies"], json!([{"name": "lodash", "version": "4.0.0"}]));
    // What became of the build is told from the next answer on.
    assert_eq!((&made["status"], &made["all_changes_deployed"]), (&json!("pending"), &json!(false)));
    let read = api.get(&format!("{LIST}/{}", made["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&read["status"], &read["errors"][0]["id"]), (&json!("failed"), &json!("dependencies")));
    assert_eq!(made["supported_triggers"], script["supported_triggers"]);

    let id = api.action("compiled", &sets("a")).await;
    let one = format!("{LIST}/{id}");
    let action = api.get(&one).await.expect(200);
    assert_eq!(
        keys(&action),
        [
            "all_changes_deployed",
            "artifact",
            "built_at",
            "code",
            "created_at",
            "dependencies",
            "id",
            "name",
            "runtime",
            "secrets",
            "status",
            "supported_triggers",
            "updated_at"
        ]
    );
    assert_eq!((&action["status"], &action["runtime"], &action["code"]), (&json!("built"), &json!("wasm"), &json!("")));
    let version = api.deploy(&id).await;
    assert_eq!(
        (&version["number"], &version["status"], &version["action"]["id"]),
        (&json!(1), &json!("built"), &json!(id))
    );
    assert_eq!(version["content_sha256"].as_str().unwrap().len(), 64);
    let action = api.get(&one).await.expect(200);
    assert_eq!(action["all_changes_deployed"], true);
    assert_eq!(
        (&action["deployed_version"]["id"], &action["deployed_version"]["deployed"]),
        (&version["id"], &json!(true))
    );
    assert_eq!(
        (&action["current_version"]["status"], &action["current_version"]["number"]),
        (&json!("BUILT"), &json!(1))
    );

    // Lists leave out numbers that are zero; the rows are the same objects.
    let list = api.get(&format!("{LIST}?actionName=compiled&page=0&per_page=50")).await.expect(200);
    assert_eq!(list, json!({"actions": [action], "total": 1, "per_page": 50}));
    let none = api.get(&format!("{LIST}?triggerId=credentials-exchange&per_page=50")).await.expect(200);
    assert_eq!(none, json!({"actions": [], "per_page": 50}));
    let second = api.get(&format!("{LIST}?page=1&per_page=1")).await.expect(200);
    assert_eq!((&second["actions"][0]["name"], &second["page"]), (&json!("compiled"), &json!(1)));
    let idle = api.get(&format!("{LIST}?deployed=false")).await.expect(200);
    assert_eq!(idle["actions"][0]["name"], "script");

    let updated = api.patch(&one, &json!({"name": "renamed"})).await.expect(200);
    assert_eq!((&updated["name"], &updated["all_changes_deployed"]), (&json!("renamed"), &json!(true)));
    assert_eq!(api.delete(&one).await.status, 204);
    let gone = api.get(&one).await;
    let error = json!({"statusCode": 404, "error": "Not Found", "message": "That action does not exist."});
    assert_eq!(gone.expect(404), error);
}

#[tokio::test]
async fn versions_are_listed_rolled_back_to_and_named_by_content() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let id = api.action("plan", &sets("a")).await;
    let first = api.deploy(&id).await;
    api.upload(&id, &sets("b")).await.expect(200);
    let second = api.deploy(&id).await;
    let path = format!("{LIST}/{id}/versions");
    let deploy = format!("{path}/{}/deploy", first["id"].as_str().unwrap());
    let third = api.send(api.request(Method::POST, &deploy)).await.expect(200);
    assert_eq!((&third["number"], &third["content_sha256"]), (&json!(3), &first["content_sha256"]));
    assert_eq!(third["rolled_back_from"], first["id"]);
    assert_eq!(api.get(&format!("{LIST}/{id}")).await.expect(200)["artifact"], second["artifact"]);
    let fourth = api.post(&deploy, &json!({"update_draft": true})).await.expect(200);
    assert_eq!(api.get(&format!("{LIST}/{id}")).await.expect(200)["artifact"], first["artifact"]);
    let list = api.get(&path).await.expect(200);
    let rows: Vec<(&Value, &Value)> =
        list["versions"].as_array().unwrap().iter().map(|row| (&row["number"], &row["deployed"])).collect();
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(rows, [(&json!(4), &yes), (&json!(3), &no), (&json!(2), &no), (&json!(1), &no)]);
    let one = api.get(&format!("{path}/{}", fourth["id"].as_str().unwrap())).await.expect(200);
    let mut deployed = fourth.clone();
    for name in ["deployed", "built_at", "action_id", "action"] {
        deployed[name] = one[name].clone();
    }
    assert_eq!(one, deployed);
}

#[tokio::test]
async fn a_module_goes_up_and_comes_down_with_its_digest() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let wasm = sets("a");
    let id = api.action("plan", &wasm).await;
    let path = format!("{LIST}/{id}/artifact");
    let sha256 = api.get(&format!("{LIST}/{id}")).await.expect(200)["artifact"]["sha256"].as_str().unwrap().to_owned();
    let down = api.get(&path).await;
    assert_eq!((down.status, &down.bytes), (200, &wasm));
    assert_eq!(down.headers["content-type"], "application/wasm");
    assert_eq!(down.headers["etag"], format!("\"{sha256}\""));
    let known = api.send(api.request(Method::GET, &path).header("if-none-match", format!("\"{sha256}\""))).await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));

    let put = |kind: &str, body: Vec<u8>| api.request(Method::PUT, &path).header("content-type", kind).body(body);
    api.send(put("application/json", b"{}".to_vec())).await.refused("JSON", 415);
    api.send(put("application/octet-stream", wasm.clone())).await.refused("octets", 415);
    let message = api.send(put("application/wasm", vec![0; (4 << 20) + 1])).await.refused("too large", 413);
    assert!(message.contains("4194304"), "{message}");
    let message = api.send(put("application/wasm", b"no module".to_vec())).await.refused("no module", 400);
    assert!(message.contains("rule `"), "{message}");
    assert_eq!(api.get(&path).await.bytes, wasm, "a refused upload changes nothing");

    let empty = api.post(LIST, &body("empty")).await.expect(201);
    let empty = format!("{LIST}/{}", empty["id"].as_str().unwrap());
    api.get(&format!("{empty}/artifact")).await.refused("no artifact yet", 404);
    let message = api.send(api.request(Method::POST, &format!("{empty}/deploy"))).await.refused("not built", 400);
    assert!(message.starts_with("The draft's build failed: "), "{message}");
}

#[tokio::test]
async fn a_test_answers_what_the_draft_did() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let id = api.action("plan", &sets("a")).await;
    let path = format!("{LIST}/{id}/test");
    let run = api.post(&path, &json!({"payload": {"event": {"user": {"email": "x@example.com"}}}})).await.expect(200);
    let payload = &run["payload"];
    assert_eq!(payload["mutations"], json!([{"type": "user.setAppMetadata", "key": "plan", "value": "a"}]));
    assert!(payload["stats"]["fuel"].as_u64().unwrap() > 0, "{payload}");
    assert!(payload["stats"]["action_duration_ms"].is_u64() && payload["logs"].is_array(), "{payload}");
    api.upload(&id, &returning(r#"{"error":{"name":"TypeError","message":"no"}}"#)).await.expect(200);
    let run = api.post(&path, &json!({"payload": {}})).await.expect(200);
    assert_eq!(run["payload"]["error"], json!({"name": "TypeError", "message": "no"}));
    assert_eq!(run["payload"]["mutations"], json!([]));
}

#[tokio::test]
async fn bindings_have_the_shape_and_the_order_that_were_sent() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let triggers = api.get("/api/v2/actions/triggers").await.expect(200);
    let post_login = triggers["triggers"].as_array().unwrap().iter().find(|row| row["version"] == "v3").unwrap();
    assert_eq!((&post_login["id"], &post_login["status"]), (&json!("post-login"), &json!("CURRENT")));
    assert_eq!(post_login["compatible_triggers"], json!([{"id": "post-login", "version": "v2"}]));
    let first = api.get(BINDINGS).await.expect(200);
    assert_eq!(first, json!({"bindings": [], "per_page": 50}));

    let (a, b) = (api.action("a", &sets("a")).await, api.action("b", &sets("b")).await);
    let items = json!({"bindings": [
        {"ref": {"type": "action_name", "value": "b"}, "display_name": "second"},
        {"ref": {"type": "action_id", "value": a}, "on_failure": "skip", "egress_hosts": ["api.example.com"]},
    ]});
    let message = api.patch(BINDINGS, &items).await.refused("never deployed", 400);
    assert_eq!(message, "Trying to create a binding for an action that has not been deployed yet");
    api.deploy(&a).await;
    api.deploy(&b).await;
    let bound = api.patch(BINDINGS, &items).await.expect(200)["bindings"].clone();
    assert_eq!((&bound[0]["action"]["name"], &bound[0]["display_name"]), (&json!("b"), &json!("second")));
    assert_eq!((&bound[0]["on_failure"], &bound[0]["egress_hosts"]), (&json!("deny"), &Value::Null));
    assert_eq!((&bound[1]["display_name"], &bound[1]["on_failure"]), (&json!("a"), &json!("skip")));
    assert_eq!(
        (&bound[1]["trigger_id"], &bound[1]["egress_hosts"]),
        (&json!("post-login"), &json!(["api.example.com"]))
    );
    assert_eq!(bound[1]["action"]["deployed_version"]["number"], 1);

    let turned = json!({"bindings": [
        {"ref": {"type": "binding_id", "value": bound[1]["id"]}, "display_name": "one"},
        {"ref": {"type": "binding_id", "value": bound[0]["id"]}, "egress_hosts": null},
    ]});
    let turned = api.patch(BINDINGS, &turned).await.expect(200)["bindings"].clone();
    assert_eq!((&turned[0]["action"]["id"], &turned[0]["on_failure"]), (&json!(a), &json!("skip")));
    assert_ne!(turned[0]["id"], bound[1]["id"]);
    let list = api.get(&format!("{BINDINGS}?per_page=100")).await.expect(200);
    assert_eq!(list, json!({"bindings": turned, "total": 2, "per_page": 100}));

    let message = api.delete(&format!("{LIST}/{a}")).await.refused("bound", 409);
    assert_eq!(message, "Unable to delete an action bound to a trigger.");
    assert_eq!(api.delete(&format!("{LIST}/{a}?force=true")).await.status, 204);
    assert_eq!(api.get(BINDINGS).await.expect(200)["total"], 1);
    assert_eq!(api.patch(BINDINGS, &json!({"bindings": []})).await.expect(200), json!({"bindings": []}));
}

#[tokio::test]
async fn bad_input_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let id = api.action("plan", &sets("a")).await;
    let version = api.deploy(&id).await;
    api.bind(&[&id]).await;
    let one = format!("{LIST}/{id}");
    let rollback = format!("{one}/versions/{}/deploy", version["id"].as_str().unwrap());
    let test = format!("{one}/test");
    let state = async || {
        let versions = api.get(&format!("{one}/versions")).await.expect(200);
        (api.get(LIST).await.expect(200), versions, api.get(BINDINGS).await.expect(200))
    };
    let before = state().await;
    let (post, patch) = (Method::POST, Method::PATCH);
    let long = "x".repeat(300);
    let rows: Vec<(&Method, &str, Value)> = vec![
        (&post, LIST, json!({})),
        (&post, LIST, json!({"name": "x"})),
        (&post, LIST, json!({"name": 7, "supported_triggers": [{"id": "post-login", "version": "v3"}]})),
        (&post, LIST, json!({"name": long, "supported_triggers": [{"id": "post-login", "version": "v3"}]})),
        (&post, LIST, json!({"name": "x", "supported_triggers": []})),
        (&post, LIST, json!({"name": "x", "supported_triggers": [{"id": "no-such-trigger", "version": "v1"}]})),
        (&post, LIST, json!({"name": "x", "supported_triggers": [{"id": "post-login"}]})),
        (&post, LIST, {
            let mut b = body("x");
            b["unknown"] = json!(1);
            b
        }),
        (&post, LIST, {
            let mut b = body("x");
            b["runtime"] = json!("node99");
            b
        }),
        (&post, LIST, {
            let mut b = body("x");
            b["modules"] = json!([{}]);
            b
        }),
        (&post, LIST, {
            let mut b = body("x");
            b["secrets"] = json!([{"name": "A"}]);
            b
        }),
        (&post, LIST, {
            let mut b = body("x");
            b["deploy"] = json!(true);
            b
        }),
        (&patch, &one, json!({"secrets": [{"value": "x"}]})),
        (&patch, &one, json!({"secrets": "x"})),
        (&patch, &one, json!({"code": "x"})),
        (&patch, &one, json!({"deploy": true})),
        (&patch, &one, json!({"id": ABSENT})),
        (&patch, BINDINGS, json!({})),
        (&patch, BINDINGS, json!({"bindings": {}})),
        (&patch, BINDINGS, json!({"bindings": [{}]})),
        (&patch, BINDINGS, json!({"bindings": [{"ref": {"type": "other", "value": id}}]})),
        (&patch, BINDINGS, json!({"bindings": [{"ref": {"type": "action_id", "value": ABSENT}}]})),
        (&patch, BINDINGS, json!({"bindings": [{"ref": {"type": "action_id", "value": id}, "on_failure": "maybe"}]})),
        (&patch, BINDINGS, json!({"bindings": [{"ref": {"type": "action_id", "value": id}, "egress_hosts": [""]}]})),
        (
            &patch,
            BINDINGS,
            json!({"bindings": [{"ref": {"type": "action_id", "value": id}, "secrets": [{"name": "A"}]}]}),
        ),
        (&post, &rollback, json!({"update_draft": "yes"})),
        (&post, &rollback, json!({"unknown": true})),
        (&post, &test, json!({})),
        (&post, &test, json!({"payload": 1})),
        (&post, &test, json!({"payload": {"event": []}})),
    ];
    for (method, path, body) in rows {
        let what = format!("{method} {path} {body}");
        api.raw(method.clone(), path, body.to_string().into_bytes()).await.refused(&what, 400);
    }
    for (method, path) in [(&post, LIST), (&patch, &*one), (&patch, BINDINGS), (&post, &*rollback), (&post, &*test)] {
        api.raw(method.clone(), path, b"{\"name\":".to_vec()).await.refused(path, 400);
        api.raw(method.clone(), path, vec![b' '; (1 << 20) + 1]).await.refused(path, 413);
    }
    for query in ["per_page=0", "per_page=101", "page=-1", "page=x", "deployed=maybe"] {
        api.get(&format!("{LIST}?{query}")).await.refused(query, 400);
    }
    for query in
        ["", "take=0&user_id=a%7Cb", "take=101&user_id=a%7Cb", "login_id=a&user_id=b", "from=%00&user_id=a%7Cb"]
    {
        api.get(&format!("/api/v2/actions/executions?{query}")).await.refused(query, 400);
    }
    assert_eq!(state().await, before);
}

/// Every operation of this part: method, path after `/api/v2/actions`, body, scope.
fn operations(id: &str, version: &str) -> Vec<(Method, String, Option<Value>, &'static str)> {
    let one = format!("/actions/{id}");
    let all = body("new");
    vec![
        (Method::GET, "/actions".to_owned(), None, "read:actions"),
        (Method::POST, "/actions".to_owned(), Some(all), "create:actions"),
        (Method::GET, one.clone(), None, "read:actions"),
        (Method::PATCH, one.clone(), Some(json!({"name": "stolen"})), "update:actions"),
        (Method::DELETE, format!("{one}?force=true"), None, "delete:actions"),
        (Method::POST, format!("{one}/deploy"), None, "create:actions"),
        (Method::POST, format!("{one}/test"), Some(json!({"payload": {}})), "create:actions"),
        (Method::GET, format!("{one}/artifact"), None, "read:actions"),
        (Method::PUT, format!("{one}/artifact"), None, "update:actions"),
        (Method::GET, format!("{one}/versions"), None, "read:actions"),
        (Method::GET, format!("{one}/versions/{version}"), None, "read:actions"),
        (Method::POST, format!("{one}/versions/{version}/deploy"), None, "create:actions"),
        (Method::GET, "/triggers".to_owned(), None, "read:actions"),
        (Method::GET, "/triggers/post-login/bindings".to_owned(), None, "read:actions"),
        (Method::PATCH, "/triggers/post-login/bindings".to_owned(), Some(json!({"bindings": []})), "update:actions"),
        (Method::GET, "/executions?user_id=auth0%7Cann".to_owned(), None, "read:actions"),
        (Method::GET, "/executions/exe_nothing".to_owned(), None, "read:actions"),
    ]
}

#[tokio::test]
async fn every_operation_asks_for_its_scope_before_it_reads_the_body() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let id = api.action("plan", &sets("a")).await;
    let version = api.deploy(&id).await["id"].as_str().unwrap().to_owned();
    let before = api.get(&format!("{LIST}/{id}")).await.expect(200);
    let poor = api.scoped(Some("read:users")).await;
    for (method, path, body, scope) in operations(&id, &version) {
        let path = format!("/api/v2/actions{path}");
        let what = format!("{method} {path}");
        for body in [body.unwrap_or_else(|| json!({})).to_string().into_bytes(), b"not JSON".to_vec()] {
            let message = poor.raw(method.clone(), &path, body.clone()).await.refused(&what, 403);
            assert_eq!(message, format!("Insufficient scope, expected any of: {scope}"), "{what}");
            api.without_token().raw(method.clone(), &path, body).await.refused(&what, 401);
        }
    }
    assert_eq!(api.get(&format!("{LIST}/{id}")).await.expect(200), before);
}

#[tokio::test]
async fn a_foreign_tenants_ids_are_not_found() {
    let server = Server::start().await;
    let owner = server.tenant("owner").await;
    let other = server.tenant("other").await;
    let id = owner.action("plan", &sets("a")).await;
    let version = owner.deploy(&id).await["id"].as_str().unwrap().to_owned();
    let before = owner.get(&format!("{LIST}/{id}")).await.expect(200);
    for ids in [(id.as_str(), version.as_str()), (ABSENT, ABSENT), ("7", "7"), ("%00", "%ff")] {
        for (method, path, body, _) in operations(ids.0, ids.1) {
            if !path.starts_with("/actions/") && !path.starts_with("/executions/") {
                continue;
            }
            let path = format!("/api/v2/actions{path}");
            let answer =
                other.raw(method.clone(), &path, body.map(|body| body.to_string()).unwrap_or_default().into()).await;
            answer.refused(&format!("{method} {path}"), 404);
        }
    }
    assert_eq!(other.get(LIST).await.expect(200)["actions"], json!([]));
    assert_eq!(owner.get(&format!("{LIST}/{id}")).await.expect(200), before);
}
