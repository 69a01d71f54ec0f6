//! Jobs: users imported from a file and exported to one.

use std::io::Read as _;

use postern_e2e::{Answer, Api, Server, encode};
use reqwest::Method;
use serde_json::{Value, json};

const DATABASE: &str = "Username-Password-Authentication";

/// The id of the database every tenant starts with.
async fn database(api: &Api) -> String {
    let connections = api.get(&format!("/api/v2/connections?name={DATABASE}")).await.expect(200);
    connections[0]["id"].as_str().unwrap().to_owned()
}

/// Sends a form as clients do.
async fn send(api: &Api, fields: &[(&str, &str)], file: Option<&[u8]>) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    if let Some(file) = file {
        let head = "--line\r\nContent-Disposition: form-data; name=\"users\"; filename=\"blob\"\r\n\
                    Content-Type: application/json\r\n\r\n";
        body.extend(head.bytes());
        body.extend(file);
        body.extend(b"\r\n");
    }
    body.extend(b"--line--\r\n");
    let path = "/api/v2/jobs/users-imports";
    let request = api.request(Method::POST, path).header("content-type", "multipart/form-data; boundary=line");
    let response = request.body(body).send().await.unwrap();
    let status = response.status();
    let body = response.json().await.unwrap_or(Value::Null);
    Answer { request: format!("POST {path}"), status, body }
}

/// Imports, and waits for the end.
async fn import(api: &Api, users: &Value, upsert: bool) -> Value {
    let connection = database(api).await;
    let upsert = if upsert { "true" } else { "false" };
    let fields = [("connection_id", &*connection), ("upsert", upsert), ("external_id", "")];
    let job = send(api, &fields, Some(users.to_string().as_bytes())).await.expect(202);
    assert_eq!((&job["type"], &job["status"]), (&json!("users_import"), &json!("pending")), "{job}");
    assert_eq!((&job["connection_id"], &job["connection"]), (&json!(connection), &json!(DATABASE)), "{job}");
    assert!(job.get("external_id").is_none(), "{job}");
    api.job_wait(job["id"].as_str().unwrap()).await
}

/// The errors of a job, by row: the codes.
async fn codes(api: &Api, job: &Value) -> Vec<String> {
    let errors = api.get(&format!("/api/v2/jobs/{}/errors", job["id"].as_str().unwrap())).await.expect(200);
    let codes = |row: &Value| {
        row["errors"].as_array().unwrap().iter().map(|e| e["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    errors.as_array().unwrap().iter().flat_map(codes).collect()
}

fn summary(inserted: u64, updated: u64, failed: u64) -> Value {
    json!({"inserted": inserted, "updated": updated, "failed": failed, "total": inserted + updated + failed})
}

#[tokio::test]
async fn users_are_imported_and_refused_one_by_one() {
    let server = Server::start().await;
    let api = &server.api;
    api.user_create("ann").await;
    let hash = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    let users = json!([
        {"email": "Bob@Example.com", "user_id": "bob", "given_name": "Bob", "email_verified": true,
         "app_metadata": {"plan": "gold"}, "user_metadata": {"lang": "de"}, "password_hash": hash},
        {"email": "ann@example.com"},
        {"email": "bob@example.com"},
        {"email": "not an address"},
        {"email": "c@example.com", "extra": true},
        {"email": "d@example.com", "app_metadata": {"blocked": true}, "custom_password_hash": {"algorithm": "md4"}},
        {"given_name": "Nobody"},
        "text",
        {"email": "eve@example.com"},
    ]);
    let job = import(api, &users, false).await;
    assert_eq!((&job["status"], &job["summary"]), (&json!("completed"), &summary(2, 0, 7)), "{job}");
    assert_eq!(job["percentage_done"], 100);
    assert_eq!(
        codes(api, &job).await,
        [
            "DUPLICATED_USER",
            "DUPLICATED_USER",
            "FORMAT",
            "OBJECT_ADDITIONAL_PROPERTIES",
            "NOT_PASSED",
            "OBJECT_REQUIRED",
            "ANY_OF_MISSING",
            "INVALID_TYPE"
        ]
    );
    let errors = api.get(&format!("/api/v2/jobs/{}/errors", job["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(errors[0]["user"], users[1]);
    assert_eq!(errors[0]["errors"][0]["message"], "The user already exist and upsert parameter is false");
    assert_eq!(errors[4]["user"]["custom_password_hash"], "*****");
    let bob = api.user("auth0|bob").await;
    assert_eq!(bob["email"], "bob@example.com");
    assert_eq!(bob["name"], "bob@example.com");
    assert_eq!((&bob["given_name"], &bob["email_verified"]), (&json!("Bob"), &json!(true)));
    assert_eq!((&bob["app_metadata"], &bob["user_metadata"]), (&json!({"plan": "gold"}), &json!({"lang": "de"})));
    let job = import(api, &json!([{"email": "fay@example.com"}]), false).await;
    let errors = api.get(&format!("/api/v2/jobs/{}/errors", job["id"].as_str().unwrap())).await;
    assert_eq!((errors.status.as_u16(), &errors.body), (204, &Value::Null));
}

#[tokio::test]
async fn an_upsert_replaces_metadata_whole() {
    let server = Server::start().await;
    let api = &server.api;
    let ann = api.user_create("ann").await;
    api.user_create("bob").await;
    let path = format!("/api/v2/users/{}", encode(&ann));
    let patch = json!({"app_metadata": {"a": 1, "b": 2}, "user_metadata": {"c": 3}, "name": "Ann"});
    let _ann = api.patch(&path, &patch).await.expect(200);
    let users = json!([
        {"email": "ANN@example.com", "app_metadata": {"b": 3}, "nickname": "annie", "email_verified": true},
        {"email": "bob@example.com", "user_id": "ann"},
        {"email": "new@example.com"},
    ]);
    let job = import(api, &users, true).await;
    assert_eq!(job["summary"], summary(1, 1, 1), "{job}");
    assert_eq!(codes(api, &job).await, ["CONFLICT"]);
    let user = api.user(&ann).await;
    assert_eq!((&user["app_metadata"], &user["user_metadata"]), (&json!({"b": 3}), &json!({"c": 3})));
    assert_eq!((&user["name"], &user["nickname"]), (&json!("Ann"), &json!("annie")));
    assert_eq!(user["email_verified"], true);
    let history = api.get(&format!("{path}/history")).await.expect(200);
    let keys: Vec<&str> =
        history["history"].as_array().unwrap()[..2].iter().map(|e| e["key"].as_str().unwrap()).collect();
    assert!(keys.contains(&"a") && keys.contains(&"b"), "{history}");
    assert_eq!(history["history"][0]["actor"]["type"], "client");
}

#[tokio::test]
async fn a_form_that_is_none_is_refused() {
    let server = Server::start().await;
    let api = &server.api;
    let connection = database(api).await;
    let id = [("connection_id", &*connection)];
    assert_eq!(send(api, &[], Some(b"[]")).await.refused(400), "invalid_body");
    assert_eq!(send(api, &id, None).await.refused(400), "invalid_body");
    assert_eq!(send(api, &[id[0], ("upsert", "maybe")], Some(b"[]")).await.refused(400), "invalid_body");
    assert_eq!(send(api, &[id[0], ("more", "1")], Some(b"[]")).await.refused(400), "invalid_body");
    assert_eq!(send(api, &[("connection_id", "con_x")], Some(b"[]")).await.refused(404), "inexistent_connection");
    let json = api.post("/api/v2/jobs/users-imports", &json!({"connection_id": connection})).await;
    assert_eq!(json.refused(400), "invalid_body");
    for size in [512_001, 700_000, 3_000_000] {
        let answer = send(api, &id, Some(&vec![b' '; size])).await;
        let message = answer.body["message"].to_string();
        let _code = answer.refused(413);
        assert!(message.contains("greater than maximum allowed: 512000"), "{message}");
    }
    // What is no list of users fails as a whole.
    let job = send(api, &id, Some(b"{\"email\": 1}")).await.expect(202);
    let job = api.job_wait(job["id"].as_str().unwrap()).await;
    assert_eq!(job["status"], "failed");
    assert!(job["status_details"].as_str().unwrap().contains("JSON"), "{job}");
    assert_eq!(api.get("/api/v2/users").await.expect(200), json!([]));
}

#[tokio::test]
async fn an_import_goes_on_after_a_crash_and_counts_right() {
    let mut server = Server::start().await;
    let connection = database(&server.api).await;
    let users: Vec<Value> = (0..2000).map(|at| json!({"email": format!("user{at}@example.com")})).collect();
    let file = Value::from(users).to_string();
    let fields = [("connection_id", &*connection)];
    let first = send(&server.api, &fields, Some(file.as_bytes())).await.expect(202);
    let second = send(&server.api, &fields, Some(b"[{\"email\": \"user1999@example.com\"}]")).await.expect(202);
    let _third = send(&server.api, &fields, Some(b"[]")).await;
    server.kill();
    server.restart().await;
    let first = server.api.job_wait(first["id"].as_str().unwrap()).await;
    let second = server.api.job_wait(second["id"].as_str().unwrap()).await;
    let inserted = first["summary"]["inserted"].as_u64().unwrap() + second["summary"]["inserted"].as_u64().unwrap();
    assert_eq!((inserted, &first["summary"]["total"]), (2000, &json!(2000)), "{first} {second}");
    let list = server.api.get("/api/v2/users?per_page=1&include_totals=true").await.expect(200);
    assert_eq!(list["total"], 2000);
}

/// The file at a job's location.
async fn file(api: &Api, job: &Value) -> String {
    let location = job["location"].as_str().unwrap_or_else(|| panic!("no location: {job}"));
    let path = location.split_once("/api/").unwrap().1;
    let request = api.with_token(None).request(Method::GET, &format!("/api/{path}"));
    let response = request.send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], "application/gzip");
    let bytes = response.bytes().await.unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn users_are_exported() {
    let server = Server::start().await;
    let api = &server.api;
    for name in ["ann", "bob", "cleo"] {
        let id = api.user_create(name).await;
        let patch = json!({"user_metadata": {"note": format!("a \"{name}\", really")}});
        let _user = api.patch(&format!("/api/v2/users/{}", encode(&id)), &patch).await.expect(200);
    }
    let export = async |body: Value| {
        let job = api.post("/api/v2/jobs/users-exports", &body).await.expect(200);
        assert_eq!((&job["type"], &job["status"]), (&json!("users_export"), &json!("pending")));
        api.job_wait(job["id"].as_str().unwrap()).await
    };
    let job = export(json!({})).await;
    assert_eq!((&job["status"], &job["format"]), (&json!("completed"), &json!("json")), "{job}");
    let text = file(api, &job).await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{text}");
    let mut ann = api.user("auth0|ann").await;
    ann.as_object_mut().unwrap().remove("revision");
    assert_eq!(lines[0], ann);
    assert!(!text.contains("argon2"), "{text}");
    let fields = json!([
        {"name": "email"}, {"name": "identities[0].connection", "export_as": "provider"},
        {"name": "user_metadata.note", "export_as": "note"}, {"name": "given_name"},
    ]);
    let job = export(json!({"format": "csv", "limit": 2, "fields": fields})).await;
    let want = "email,provider,note,given_name\r\n\
                ann@example.com,Username-Password-Authentication,\"a \"\"ann\"\", really\",\r\n\
                bob@example.com,Username-Password-Authentication,\"a \"\"bob\"\", really\",\r\n";
    assert_eq!(file(api, &job).await, want);
    // The address alone opens nothing.
    let path = format!("/api/v2/jobs/{}/file", job["id"].as_str().unwrap());
    for query in ["", "?token=", "?token=AAAA"] {
        let _code = api.get(&format!("{path}{query}")).await.refused(401);
    }
    for body in [json!({"format": "xml"}), json!({"limit": 0}), json!({"fields": [{}]}), json!({"more": 1})] {
        assert_eq!(api.post("/api/v2/jobs/users-exports", &body).await.refused(400), "invalid_body", "{body}");
    }
}
