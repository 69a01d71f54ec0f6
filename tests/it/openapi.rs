//! The list of operations, as the server itself describes it: what these tests walk is what is served.

use postern_e2e::{Answer, Api};
use reqwest::Method;
use serde_json::{Value, json};

/// Who may call an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anyone.
    Public,
    /// A management token with one of these scopes.
    Scopes(Vec<String>),
    /// The operator's token.
    Operator,
}

#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) access: Access,
    /// JSON Schema of the request body, when it is JSON.
    pub(crate) request: Option<Value>,
    /// Names and types of the query parameters.
    pub(crate) query: Vec<(String, String)>,
}

impl Operation {
    pub(crate) fn is_write(&self) -> bool {
        self.method != Method::GET
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.id, self.method, self.path)
    }
}

/// Every operation the server lists.
pub(crate) async fn operations(api: &Api) -> Vec<Operation> {
    let document = api.get("/api/v2/openapi.json").await.expect(200);
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            operations.push(parse(path, method, operation));
        }
    }
    assert!(operations.len() >= 40, "only {} operations are listed", operations.len());
    operations
}

fn parse(path: &str, method: &str, operation: &Value) -> Operation {
    let requirements = operation["security"].as_array().unwrap_or_else(|| panic!("{method} {path}: no security"));
    let access = match requirements.first() {
        None => Access::Public,
        Some(first) if first.get("operator").is_some() => Access::Operator,
        Some(_) => Access::Scopes(
            requirements
                .iter()
                .flat_map(|requirement| requirement["management"].as_array().cloned().unwrap_or_default())
                .map(|scope| scope.as_str().expect("a scope").to_owned())
                .collect(),
        ),
    };
    let query = operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query");
    Operation {
        id: operation["operationId"].as_str().expect("operationId").to_owned(),
        method: method.to_uppercase().parse().expect("a method"),
        path: path.to_owned(),
        access,
        request: operation.pointer("/requestBody/content/application~1json/schema").cloned(),
        query: query
            .map(|parameter| {
                let name = parameter["name"].as_str().expect("a name").to_owned();
                (name, parameter["schema"]["type"].as_str().unwrap_or("string").to_owned())
            })
            .collect(),
    }
}

/// Calls an operation with these ids in its path, and an empty object where a body is wanted.
pub(crate) async fn call(api: &Api, operation: &Operation, path: &str) -> Answer {
    let body = operation.is_write().then(|| json!({}));
    api.send(operation.method.clone(), path, body.as_ref()).await
}
