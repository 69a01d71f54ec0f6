//! The API's description, and the one way to add a route: [`Routes::add`] takes the handler together with what the
//! document says of it, so that the router and the document cannot list different things.

use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};
use axum::{Extension, Router};
use serde_json::{Map, Value, json};

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Public,
    /// A management token that holds one of these scopes.
    Scopes(&'static [&'static str]),
    /// The operator's token.
    Operator,
}

/// A parameter of the query string.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    #[expect(missing_docs, reason = "says its name")]
    pub name: &'static str,
    /// A JSON Schema type: `string`, `integer` or `boolean`.
    pub kind: &'static str,
    #[expect(missing_docs, reason = "says its name")]
    pub summary: &'static str,
}

/// A request or response body.
#[derive(Debug, Clone, Copy)]
pub struct Content {
    /// Its media type.
    pub media_type: &'static str,
    /// Its JSON Schema.
    pub schema: fn() -> Value,
}

impl Content {
    /// A JSON body.
    #[must_use]
    pub const fn json(schema: fn() -> Value) -> Self {
        Self { media_type: "application/json", schema }
    }
}

/// What the document says of one operation.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// `resource_verb`: the handler's name, the use case's and the span's too.
    pub id: &'static str,
    #[expect(missing_docs, reason = "says its name")]
    pub summary: &'static str,
    #[expect(missing_docs, reason = "says its name")]
    pub access: Access,
    #[expect(missing_docs, reason = "says its name")]
    pub query: &'static [Parameter],
    #[expect(missing_docs, reason = "says its name")]
    pub request: Option<Content>,
    /// Status of success.
    pub success: u16,
    /// Its body.
    pub response: Option<Content>,
    /// Statuses of failure beside those that every operation with its access has (400, 401, 403, 429).
    pub failures: &'static [u16],
}

impl Operation {
    /// An operation without query, bodies or further failures that answers 200. The rest is filled in with struct
    /// update syntax: `Operation { success: 201, ..Operation::new("user_create", "Create a user", access) }`.
    #[must_use]
    pub const fn new(id: &'static str, summary: &'static str, access: Access) -> Self {
        Self { id, summary, access, query: &[], request: None, success: 200, response: None, failures: &[] }
    }
}

/// An operation and where it is.
#[derive(Debug, Clone)]
pub struct Route {
    #[expect(missing_docs, reason = "says its name")]
    pub method: Method,
    /// With parameters in braces, as the router and OpenAPI both write them.
    pub path: &'static str,
    #[expect(missing_docs, reason = "says its name")]
    pub operation: Operation,
}

/// Routes with their description.
#[derive(Debug)]
pub struct Routes<S> {
    router: Router<S>,
    routes: Vec<Route>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self { router: Router::new(), routes: Vec::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one operation. Its [`Access`] is put into the extensions of every request to it, where the extractors of
    /// rights find it: a caller without the right is refused before the body is read.
    #[must_use]
    pub fn add<H, T>(mut self, method: Method, path: &'static str, operation: Operation, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        // The filter knows all methods but CONNECT and extensions, which no operation of ours uses.
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        self.router = self.router.route(path, on(filter, handler).layer(Extension(operation.access)));
        self.routes.push(Route { method, path, operation });
        self
    }

    /// Adds the routes of another module.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.routes.extend(other.routes);
        self
    }

    /// The router, and what it serves.
    pub fn into_parts(self) -> (Router<S>, Vec<Route>) {
        (self.router, self.routes)
    }
}

/// The OpenAPI 3.1 document of these routes.
#[must_use]
pub fn document(routes: &[Route]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Value::Object(item) = item {
            item.insert(route.method.as_str().to_ascii_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Postern",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Tenant administration and logins, in the shapes of Auth0's Management API",
        },
        "paths": paths,
        "components": {
            "schemas": { "Error": error_schema() },
            "securitySchemes": {
                "management": {
                    "type": "oauth2",
                    "flows": { "clientCredentials": { "tokenUrl": "/oauth/token", "scopes": scopes(routes) } },
                },
                "operator": { "type": "http", "scheme": "bearer" },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let Operation { id, summary, access, query, request, success, response, failures } = route.operation;
    let mut object = Map::new();
    object.insert("operationId".to_owned(), json!(id));
    object.insert("summary".to_owned(), json!(summary));
    object.insert("tags".to_owned(), json!([id.rsplit_once('_').map_or(id, |(resource, _)| resource)]));
    let mut parameters: Vec<Value> = path_parameters(route.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(query.iter().map(|parameter| {
        json!({
            "name": parameter.name, "in": "query", "required": false,
            "description": parameter.summary, "schema": { "type": parameter.kind },
        })
    }));
    if !parameters.is_empty() {
        object.insert("parameters".to_owned(), Value::Array(parameters));
    }
    if let Some(body) = request {
        object
            .insert("requestBody".to_owned(), json!({ "content": { body.media_type: { "schema": (body.schema)() } } }));
    }
    object.insert("responses".to_owned(), Value::Object(responses(access, success, response, failures)));
    object.insert("security".to_owned(), security(access));
    Value::Object(object)
}

/// OAuth lists in one requirement are all needed; alternatives are requirements of their own.
fn security(access: Access) -> Value {
    match access {
        Access::Public => json!([]),
        Access::Scopes([]) => json!([{ "management": [] }]),
        Access::Scopes(any) => any.iter().map(|scope| json!({ "management": [scope] })).collect(),
        Access::Operator => json!([{ "operator": [] }]),
    }
}

fn responses(access: Access, success: u16, response: Option<Content>, failures: &[u16]) -> Map<String, Value> {
    let mut answers = Map::new();
    let mut answer = json!({ "description": description(success) });
    if let (Some(body), Value::Object(answer)) = (response, &mut answer) {
        answer.insert("content".to_owned(), json!({ body.media_type: { "schema": (body.schema)() } }));
    }
    answers.insert(success.to_string(), answer);
    let usual: &[u16] = match access {
        Access::Public => &[400],
        Access::Scopes(_) | Access::Operator => &[400, 401, 403, 429],
    };
    for status in usual.iter().chain(failures) {
        answers.insert(
            status.to_string(),
            json!({
                "description": description(*status),
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
            }),
        );
    }
    answers
}

fn description(status: u16) -> &'static str {
    axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Answer")
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn scopes(routes: &[Route]) -> Map<String, Value> {
    let mut scopes = Map::new();
    for route in routes {
        if let Access::Scopes(any) = route.operation.access {
            scopes.extend(any.iter().map(|scope| ((*scope).to_owned(), json!(scope.replacen(':', " ", 1)))));
        }
    }
    scopes
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["statusCode", "error", "message"],
        "properties": {
            "statusCode": { "type": "integer", "description": "The HTTP status again" },
            "error": { "type": "string", "description": "Its reason phrase" },
            "message": { "type": "string", "description": "A text for people" },
            "errorCode": { "type": "string", "description": "A stable code for programs" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn nothing() {}

    #[test]
    fn a_route_is_in_the_document() {
        let access = Access::Scopes(&["read:things", "read:everything"]);
        let routes = Routes::<()>::new()
            .add(Method::GET, "/things/{id}", Operation::new("thing_fetch", "Fetch a thing", access), nothing)
            .add(
                Method::DELETE,
                "/things/{id}",
                Operation {
                    success: 204,
                    failures: &[404],
                    ..Operation::new("thing_delete", "Delete a thing", access)
                },
                nothing,
            );
        let (_, routes) = routes.into_parts();
        let document = document(&routes);
        let item = document.pointer("/paths/~1things~1{id}").unwrap();
        assert_eq!(item.pointer("/get/operationId"), Some(&json!("thing_fetch")));
        assert_eq!(
            item.pointer("/get/security"),
            Some(&json!([{ "management": ["read:things"] }, { "management": ["read:everything"] }]))
        );
        assert_eq!(item.pointer("/get/parameters/0/name"), Some(&json!("id")));
        let mut statuses: Vec<_> =
            item.pointer("/delete/responses").and_then(Value::as_object).unwrap().keys().collect();
        statuses.sort();
        assert_eq!(statuses, ["204", "400", "401", "403", "404", "429"]);
    }
}
