//! A tenant with at least one row of every kind, so that each operation can be called on something that exists.

use postern_e2e::{Api, encode, module, returning};
use serde_json::{Value, json};

use crate::openapi::{Access, Operation, operations};

/// Ids of one row of every kind.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) api: Api,
    /// The same with the operator's token.
    pub(crate) operator: Api,
    pub(crate) user_id: String,
    pub(crate) client_id: String,
    pub(crate) connection_id: String,
    pub(crate) role_id: String,
    pub(crate) grant_id: String,
    pub(crate) resource_server_id: String,
    pub(crate) rule_id: String,
    pub(crate) rule_config_key: String,
    pub(crate) action_id: String,
    pub(crate) version_id: String,
    /// An Actions Module, and its version.
    pub(crate) module_id: String,
    pub(crate) module_version_id: String,
    pub(crate) execution_id: String,
    pub(crate) log_id: String,
    /// A job that is finished.
    pub(crate) job_id: String,
    pub(crate) kid: String,
    /// An authenticator app of the user.
    pub(crate) method_id: String,
    /// Name of an e-mail template.
    pub(crate) template: String,
    /// A login that waits, and the token that resumes it.
    pub(crate) login_id: String,
    pub(crate) state: String,
}

impl World {
    /// Fills the tenant; `name` is part of every name and value in it.
    pub(crate) async fn create(api: &Api, operator_token: &str, name: &str) -> Self {
        let client = json!({"name": format!("{name}-app"), "client_metadata": {"owner": name}});
        let client = api.post("/api/v2/clients", &client).await.expect(201);
        let client_id = client["client_id"].as_str().unwrap().to_owned();
        let user_id = api.user_create(&format!("{name}-ann")).await;
        let patch = json!({"user_metadata": {"city": name}, "app_metadata": {"plan": name}});
        let _user = api.patch(&format!("/api/v2/users/{}", encode(&user_id)), &patch).await.expect(200);
        let action_id = api.action_create(&format!("{name}-action"), &module("redirect"), &json!([])).await;
        let version = api.deploy(&action_id).await;
        let _bindings = api.bind(&[&action_id]).await;
        let waiting = api.login(&client_id, &user_id).await;
        assert_eq!(waiting["outcome"]["type"], "redirect", "{waiting}");
        let connections = api.get("/api/v2/connections").await.expect(200);
        let role = json!({"name": format!("{name}-role"), "description": name});
        let role = api.post("/api/v2/roles", &role).await.ok();
        let audience = format!("https://{}/api/v2/", api.domain);
        let grant = json!({"client_id": client_id, "audience": audience, "scope": ["read:users"]});
        let grant = api.post("/api/v2/client-grants", &grant).await.expect(201);
        let methods = format!("/api/v2/users/{}/authentication-methods", encode(&user_id));
        let method = api.post(&methods, &json!({"type": "totp", "name": name})).await.expect(201);
        let resource_server = json!({"identifier": format!("https://{name}.example.com/")});
        let resource_server = api.post("/api/v2/resource-servers", &resource_server).await.expect(201);
        let job = api.post("/api/v2/jobs/verification-email", &json!({"user_id": user_id})).await.expect(201);
        let job = api.job_wait(job["id"].as_str().unwrap()).await;
        let rule = json!({"name": format!("{name}-rule"), "script": "function (user, context, callback) { callback(null, user, context); }"});
        let rule = api.post("/api/v2/rules", &rule).await.expect(201);
        let rule_config_key = format!("{name}-key");
        let config = format!("/api/v2/rules-configs/{rule_config_key}");
        let _config = api.send(reqwest::Method::PUT, &config, Some(&json!({"value": name}))).await.expect(200);
        let of_module = json!({"name": format!("{name}-module"), "code": "exports.a = 1;", "publish": true});
        let of_module = api.post("/api/v2/actions/modules", &of_module).await.expect(201);
        let logs = api.get("/api/v2/logs").await.expect(200);
        let keys = api.get("/api/v2/keys/signing").await.expect(200);
        Self {
            api: api.clone(),
            operator: api.with_token(Some(operator_token)),
            user_id,
            client_id,
            connection_id: rows(&connections)[0]["id"].as_str().unwrap().to_owned(),
            role_id: role["id"].as_str().unwrap().to_owned(),
            grant_id: grant["id"].as_str().unwrap().to_owned(),
            resource_server_id: resource_server["id"].as_str().unwrap().to_owned(),
            rule_id: rule["id"].as_str().unwrap().to_owned(),
            rule_config_key,
            action_id,
            version_id: version["id"].as_str().unwrap().to_owned(),
            module_id: of_module["id"].as_str().unwrap().to_owned(),
            module_version_id: of_module["latest_version"]["id"].as_str().unwrap().to_owned(),
            execution_id: waiting["execution_id"].as_str().unwrap().to_owned(),
            job_id: job["id"].as_str().unwrap().to_owned(),
            log_id: rows(&logs)[0]["log_id"].as_str().unwrap().to_owned(),
            kid: rows(&keys)[0]["kid"].as_str().unwrap().to_owned(),
            method_id: method["id"].as_str().unwrap().to_owned(),
            template: "verify_email".to_owned(),
            login_id: waiting["login_id"].as_str().unwrap().to_owned(),
            state: waiting["outcome"]["state"].as_str().unwrap().to_owned(),
        }
    }

    /// The path of an operation with ids of this tenant.
    pub(crate) fn path(&self, operation: &Operation) -> String {
        let mut segments = Vec::new();
        let mut kind = "";
        let script = format!("{}.js", self.client_id);
        for segment in operation.path.split('/') {
            if !segment.starts_with('{') {
                kind = segment;
                segments.push(segment.to_owned());
                continue;
            }
            let id = match kind {
                "users" => &self.user_id,
                "clients" => &self.client_id,
                "client" => &script,
                "connections" => &self.connection_id,
                "roles" => &self.role_id,
                "client-grants" => &self.grant_id,
                "resource-servers" => &self.resource_server_id,
                "actions" => &self.action_id,
                "versions" if operation.path.contains("/modules/") => &self.module_version_id,
                "versions" => &self.version_id,
                "modules" => &self.module_id,
                "executions" => &self.execution_id,
                "logs" => &self.log_id,
                "jobs" => &self.job_id,
                "identities" => "google-oauth2",
                "authentication-methods" | "authenticators" => &self.method_id,
                "enrollments" => self.method_id.split_once('|').unwrap().1,
                "multifactor" => "google-authenticator",
                "factors" => "otp",
                "simulated-logins" => &self.login_id,
                "signing" => &self.kid,
                // There is none without a browser.
                "sessions" => "ses_nothing",
                "refresh-tokens" => "rtk_nothing",
                "triggers" => "post-login",
                "rules" => &self.rule_id,
                "rules-configs" => &self.rule_config_key,
                "prompts" => "login",
                "custom-text" => "en",
                "tenants" => "default",
                "email-templates" => &self.template,
                _ => panic!("teach World::path what {segment} of {operation} is"),
            };
            segments.push(encode(id));
        }
        segments.join("/")
    }

    /// The client that may call an operation.
    pub(crate) fn caller(&self, operation: &Operation) -> &Api {
        match operation.access {
            Access::Operator => &self.operator,
            Access::Public | Access::Scopes(_) => &self.api,
        }
    }

    /// Every id and text that no other tenant may see.
    pub(crate) fn private(&self) -> Vec<&str> {
        vec![
            &self.user_id,
            &self.client_id,
            &self.connection_id,
            &self.action_id,
            &self.version_id,
            &self.module_id,
            &self.module_version_id,
            &self.execution_id,
            &self.login_id,
            &self.state,
            &self.log_id,
            &self.job_id,
            &self.method_id,
            &self.role_id,
            &self.grant_id,
            &self.resource_server_id,
            &self.rule_id,
            &self.rule_config_key,
        ]
    }

    /// Everything a management token can read of this tenant, but the log.
    pub(crate) async fn everything(&self) -> Value {
        let mut everything = json!({});
        for operation in operations(&self.api).await {
            let readable = matches!(operation.access, Access::Scopes(_)) && !operation.is_write();
            if !readable || operation.path.contains("logs") {
                continue;
            }
            let path = self.path(&operation);
            let answer = self.api.get(&path).await;
            everything[path] = json!({"status": answer.status.as_u16(), "body": answer.body});
        }
        everything
    }
}

/// The rows of a list, however it is wrapped.
pub(crate) fn rows(list: &Value) -> &[Value] {
    list.as_array()
        .or_else(|| list.as_object().and_then(|object| object.values().find_map(Value::as_array)))
        .unwrap_or_else(|| panic!("not a list: {list}"))
}

/// A module that allows and asks for nothing.
pub(crate) fn nothing() -> Vec<u8> {
    returning(r#"{"mutations":[]}"#)
}
