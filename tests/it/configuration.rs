//! Clients, connections, APIs and grants in the shapes that recordings of the real API have.

use postern_e2e::{Api, Server};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::rows;

const DATABASE: &str = "Username-Password-Authentication";

async fn client_create(api: &Api, body: Value) -> Value {
    api.post("/api/v2/clients", &body).await.expect(201)
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_else(|| panic!("no {name}: {row}")).to_owned()
}

#[tokio::test]
async fn a_new_client_has_the_defaults_of_auth0() {
    let server = Server::start().await;
    let api = &server.api;
    let mut client = client_create(api, json!({"name": "app", "client_metadata": {"bar": "baz"}})).await;
    for name in ["client_id", "client_secret"] {
        assert!(text(&client, name).len() >= 32, "{client}");
        client[name] = json!("[made]");
    }
    assert_eq!(
        client,
        json!({
            "tenant": "default", "global": false, "name": "app", "client_id": "[made]", "client_secret": "[made]",
            "is_first_party": true, "is_token_endpoint_ip_header_trusted": false, "oidc_conformant": false,
            "sso_disabled": false, "cross_origin_auth": false, "cross_origin_authentication": false,
            "allowed_clients": [], "callbacks": [], "client_aliases": [], "callback_url_template": false,
            "native_social_login": {"apple": {"enabled": false}, "facebook": {"enabled": false}},
            "jwt_configuration": {"alg": "RS256", "lifetime_in_seconds": 36000, "secret_encoded": false},
            "grant_types": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
            "custom_login_page_on": true, "client_metadata": {"bar": "baz"},
            "refresh_token": {
                "rotation_type": "non-rotating", "expiration_type": "non-expiring", "leeway": 0,
                "token_lifetime": 2_592_000, "infinite_token_lifetime": true, "infinite_idle_token_lifetime": true,
                "idle_token_lifetime": 1_296_000,
            },
        })
    );
    let public = client_create(api, json!({"name": "spa", "app_type": "spa", "is_first_party": false})).await;
    assert_eq!(public["grant_types"], json!(["authorization_code", "implicit", "refresh_token"]));
    assert_eq!(public["refresh_token"]["rotation_type"], "rotating");

    // A part of a setting leaves the other parts at their defaults.
    let path = format!("/api/v2/clients/{}", text(&public, "client_id"));
    let patch = json!({"jwt_configuration": {"lifetime_in_seconds": 60}, "no_such_setting": {"kept": true}});
    let patched = api.patch(&path, &patch).await.expect(200);
    let want = json!({"alg": "RS256", "lifetime_in_seconds": 60, "secret_encoded": false});
    assert_eq!((&patched["jwt_configuration"], &patched["no_such_setting"]), (&want, &json!({"kept": true})));
}

#[tokio::test]
async fn clients_are_listed_by_what_they_are() {
    let server = Server::start().await;
    let api = &server.api;
    let _spa = client_create(api, json!({"name": "spa", "app_type": "spa"})).await;
    let _native = client_create(api, json!({"name": "native", "app_type": "native", "is_first_party": false})).await;
    let names = |list: Value| -> Vec<String> { rows(&list).iter().map(|row| text(row, "name")).collect() };
    let get = |query: &str| {
        let path = format!("/api/v2/clients{query}");
        async move { api.get(&path).await.expect(200) }
    };
    assert_eq!(names(get("").await), ["Management", "spa", "native"]);
    assert_eq!(names(get("?app_type=spa,native").await), ["spa", "native"]);
    assert_eq!(names(get("?is_first_party=false").await), ["native"]);
    assert_eq!(names(get("?is_global=true").await), ["All Applications"]);
    let page = get("?page=0&per_page=100&include_totals=true&is_global=false&fields=name").await;
    let want = json!([{"name": "Management"}, {"name": "spa"}, {"name": "native"}]);
    assert_eq!(page, json!({"start": 0, "limit": 100, "total": 3, "clients": want}));
    // Past the end there is an empty page, not an error.
    let end = get("?page=7&per_page=100&include_totals=true").await;
    assert_eq!(end, json!({"start": 700, "limit": 100, "total": 3, "clients": []}));
}

#[tokio::test]
async fn a_rotated_secret_replaces_the_old_one() {
    let server = Server::start().await;
    let api = &server.api;
    let client = client_create(api, json!({"name": "app"})).await;
    let path = format!("/api/v2/clients/{}/rotate-secret", text(&client, "client_id"));
    let rotated = api.post(&path, &json!({})).await.expect(200);
    assert_eq!(rotated["client_id"], client["client_id"]);
    assert_ne!(rotated["client_secret"], client["client_secret"]);
    let ask = |secret: &Value| {
        let audience = format!("https://{}/api/v2/", api.domain);
        let body = json!({
            "grant_type": "client_credentials", "client_id": client["client_id"], "client_secret": secret,
            "audience": audience,
        });
        async move { api.post("/oauth/token", &body).await.status.as_u16() }
    };
    assert_eq!(ask(&client["client_secret"]).await, 401);
    // The new one is right; the client has no grant.
    assert_eq!(ask(&rotated["client_secret"]).await, 403);
    let _code = api.post("/api/v2/clients/nothing/rotate-secret", &json!({})).await.refused(404);
}

#[tokio::test]
async fn a_client_setting_that_is_no_address_or_value_is_refused() {
    let server = Server::start().await;
    let api = &server.api;
    let client = client_create(api, json!({"name": "app"})).await;
    let path = format!("/api/v2/clients/{}", text(&client, "client_id"));
    for body in [
        json!({"callbacks": ["javascript:alert(1)"]}),
        json!({"callbacks": ["/relative"]}),
        json!({"callbacks": ["https://a.example/cb#fragment"]}),
        json!({"callbacks": ["https://a.example/\r\nset-cookie: a=b"]}),
        json!({"web_origins": ["https://a.example/with/path"]}),
        json!({"token_endpoint_auth_method": "magic"}),
        json!({"jwt_configuration": {"alg": "none"}}),
        json!({"refresh_token": {"leeway": -1}}),
    ] {
        assert_eq!(api.patch(&path, &body).await.refused(400), "invalid_body", "{body}");
    }
    assert_eq!(api.get(&path).await.expect(200), client);
}

#[tokio::test]
async fn a_connection_has_the_shape_of_auth0() {
    let server = Server::start().await;
    let api = &server.api;
    let body = json!({"name": "google", "strategy": "google-oauth2", "options": {"email": true, "scope": ["email"]}});
    let mut made = api.post("/api/v2/connections", &body).await.expect(201);
    let path = format!("/api/v2/connections/{}", text(&made, "id"));
    assert_eq!(api.get(&path).await.expect(200), made);
    made["id"] = json!("[made]");
    assert_eq!(
        made,
        json!({
            "id": "[made]", "options": {"email": true, "scope": ["email"]}, "strategy": "google-oauth2",
            "name": "google", "is_domain_connection": false, "authentication": {"active": true},
            "connected_accounts": {"active": false}, "enabled_clients": [], "realms": ["google"],
        })
    );
    let patch = json!({"options": {"scope": []}, "realms": ["google"], "is_domain_connection": true,
        "display_name": "Google"});
    let patched = api.patch(&path, &patch).await.expect(200);
    assert_eq!((&patched["options"], &patched["display_name"]), (&json!({"scope": []}), &json!("Google")));
    assert_eq!(patched["is_domain_connection"], true);
    for bad in [
        json!({"options": {"passwordPolicy": "superb"}}),
        json!({"options": {"disable_signup": "no"}}),
        json!({"name": "other"}),
        json!({"no_such_field": 1}),
    ] {
        assert_eq!(api.patch(&path, &bad).await.refused(400), "invalid_body", "{bad}");
    }
    let deleted = api.send(Method::DELETE, &path, None).await.expect(202);
    assert!(deleted["deleted_at"].is_string(), "{deleted}");
    assert_eq!(api.get(&path).await.refused(404), "inexistent_connection");

    // `take` wins over the totals.
    let list = api.get("/api/v2/connections?include_totals=true&take=50&strategy=auth0&strategy=samlp").await;
    let list = list.expect(200);
    let database = &list["connections"][0];
    assert_eq!((list.as_object().unwrap().len(), &database["name"]), (1, &json!(DATABASE)), "{list}");
    assert_eq!(database["options"]["passwordPolicy"], "good");
}

#[tokio::test]
async fn a_new_client_may_use_the_connections_that_are_there() {
    let server = Server::start().await;
    let api = &server.api;
    let connections = api.get("/api/v2/connections").await.expect(200);
    let path = format!("/api/v2/connections/{}", text(&connections[0], "id"));
    let enabled = || async {
        let list = api.get(&format!("{path}/clients?take=100")).await.expect(200);
        let mut ids: Vec<String> = rows(&list).iter().map(|row| text(row, "client_id")).collect();
        ids.sort();
        let mut shown: Vec<String> = api.get(&path).await.expect(200)["enabled_clients"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_str().unwrap().to_owned())
            .collect();
        shown.sort();
        assert_eq!(ids, shown);
        ids
    };
    let before = enabled().await;
    // Many at once meet in the connection, and none is lost.
    let made = (0..12).map(|n| client_create(api, json!({"name": format!("c{n}")})));
    let made = futures_util::future::join_all(made).await;
    let after = enabled().await;
    assert_eq!(after.len(), before.len() + 12);
    let (one, two) = (text(&made[0], "client_id"), text(&made[1], "client_id"));

    let off = json!([{"client_id": one, "status": false}]);
    assert_eq!(api.patch(&format!("{path}/clients"), &off).await.status.as_u16(), 204);
    assert!(!enabled().await.contains(&one));
    let on = json!([{"client_id": one, "status": true}, {"client_id": two, "status": false}]);
    assert_eq!(api.patch(&format!("{path}/clients"), &on).await.status.as_u16(), 204);
    let now = enabled().await;
    assert!(now.contains(&one) && !now.contains(&two));
    let unknown = json!([{"client_id": "nobody", "status": true}]);
    let _code = api.patch(&format!("{path}/clients"), &unknown).await.refused(404);
    let _gone = api.send(Method::DELETE, &format!("/api/v2/clients/{one}"), None).await;
    assert!(!enabled().await.contains(&one));

    // A tenant that does not want it is asked.
    let flags = json!({"flags": {"enable_client_connections": false}});
    let _settings = api.patch("/api/v2/tenants/settings", &flags).await.expect(200);
    let last = client_create(api, json!({"name": "last"})).await;
    assert!(!enabled().await.contains(&text(&last, "client_id")));
}

#[tokio::test]
async fn a_resource_server_has_the_shape_of_auth0() {
    let server = Server::start().await;
    let api = &server.api;
    let identifier = "https://uat.example.com/api";
    let mut made = api.post("/api/v2/resource-servers", &json!({"identifier": identifier})).await.expect(201);
    let id = text(&made, "id");
    made["id"] = json!("[made]");
    assert_eq!(
        made,
        json!({
            "id": "[made]", "identifier": identifier, "allow_offline_access": false,
            "skip_consent_for_verifiable_first_party_clients": false,
            "subject_type_authorization": {"client": {"policy": "require_client_grant"}, "user": {"policy": "allow_all"}},
            "token_lifetime": 86400, "token_lifetime_for_web": 7200, "signing_alg": "RS256",
        })
    );
    // By identifier as by id.
    let by_name = format!("/api/v2/resource-servers/{}", postern_e2e::encode(identifier));
    let scopes = json!({"scopes": [{"value": "read:posts", "description": "Can read posts"}]});
    let patched = api.patch(&by_name, &scopes).await.expect(200);
    assert_eq!((&patched["id"], &patched["scopes"]), (&json!(id), &scopes["scopes"]));
    let taken = api.post("/api/v2/resource-servers", &json!({"identifier": identifier})).await;
    assert_eq!(taken.status.as_u16(), 409);
    for bad in [
        json!({"scopes": [{"value": "a b"}]}),
        json!({"scopes": [{"value": "a"}, {"value": "a"}]}),
        json!({"token_lifetime": 99_999_999}),
        json!({"token_lifetime_for_web": 100_000}),
        json!({"signing_alg": "HS256"}),
        json!({"identifier": "https://other/"}),
        json!({"no_such_field": true}),
    ] {
        assert_eq!(api.patch(&by_name, &bad).await.refused(400), "invalid_body", "{bad}");
    }

    let list = api.get("/api/v2/resource-servers?page=0&per_page=100&include_totals=true").await.expect(200);
    assert_eq!((&list["total"], &list["start"], &list["limit"]), (&json!(2), &json!(0), &json!(100)));
    let system = &list["resource_servers"][0];
    assert_eq!((&system["name"], &system["is_system"]), (&json!("Auth0 Management API"), &json!(true)));
    let system = format!("/api/v2/resource-servers/{}", text(system, "id"));
    let _code = api.patch(&system, &json!({"name": "mine"})).await.refused(400);
    let _code = api.send(Method::DELETE, &system, None).await.refused(400);

    // A role's permissions are scopes of an API.
    let role = api.post("/api/v2/roles", &json!({"name": "reader"})).await.ok();
    let permissions = format!("/api/v2/roles/{}/permissions", text(&role, "id"));
    let body = json!({"permissions": [{"resource_server_identifier": identifier, "permission_name": "read:posts"}]});
    assert_eq!(api.post(&permissions, &body).await.expect(201), json!({}));
    let listed = api.get(&permissions).await.expect(200);
    assert_eq!(
        (&listed[0]["permission_name"], &listed[0]["description"]),
        (&json!("read:posts"), &json!("Can read posts"))
    );
    let unknown = json!({"permissions": [{"resource_server_identifier": identifier, "permission_name": "nope"}]});
    let _code = api.post(&permissions, &unknown).await.refused(400);
    assert_eq!(api.send(Method::DELETE, &permissions, Some(&body)).await.status.as_u16(), 204);
    assert_eq!(api.get(&permissions).await.expect(200), json!([]));
}

#[tokio::test]
async fn a_client_grant_is_on_an_api_and_goes_with_it() {
    let server = Server::start().await;
    let api = &server.api;
    let identifier = "https://uat.example.com/api";
    let body = json!({"identifier": identifier, "scopes": [{"value": "create:bar"}, {"value": "create:foo"}]});
    let resource_server = api.post("/api/v2/resource-servers", &body).await.expect(201);
    let client = client_create(api, json!({"name": "app"})).await;
    let body = json!({"client_id": client["client_id"], "audience": identifier, "scope": ["create:bar"]});
    let mut grant = api.post("/api/v2/client-grants", &body).await.expect(201);
    let path = format!("/api/v2/client-grants/{}", text(&grant, "id"));
    assert_eq!(api.get(&path).await.expect(200), grant);
    assert!(text(&grant, "id").starts_with("cgr_"), "{grant}");
    assert_eq!(api.post("/api/v2/client-grants", &body).await.status.as_u16(), 409);
    let patched = api.patch(&path, &json!({"scope": ["create:foo"]})).await.expect(200);
    assert_eq!(patched["scope"], json!(["create:foo"]));
    let _code = api.patch(&path, &json!({"scope": ["create:nothing"]})).await.refused(400);
    let list = api.get("/api/v2/client-grants?include_totals=true&take=50").await.expect(200);
    assert_eq!(list.as_object().unwrap().len(), 1, "{list}");
    // The first is the management client's own, on the management API.
    let management = &list["client_grants"][0];
    assert_eq!(management["audience"], json!(format!("https://{}/api/v2/", api.domain)));
    grant["scope"] = json!(["create:foo"]);
    assert_eq!(list["client_grants"][1], grant);
    let none = api.get("/api/v2/client-grants?audience=https%3A%2F%2Fnothing%2F&include_totals=true&per_page=50").await;
    assert_eq!(none.expect(200), json!({"total": 0, "start": 0, "limit": 50, "client_grants": []}));

    let one = format!("/api/v2/resource-servers/{}", text(&resource_server, "id"));
    assert_eq!(api.send(Method::DELETE, &one, None).await.status.as_u16(), 204);
    assert_eq!(api.get(&path).await.refused(404), "inexistent_grant");
}
