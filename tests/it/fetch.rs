//! `http.fetch` of a guest to a real HTTPS server, and to where it may not go.

use postern_e2e::{Api, HttpsServer, Server, ServerOptions, module};
use serde_json::{Value, json};

/// A server whose guests may reach loopback addresses and trust the authority.
pub(crate) async fn start(https: &HttpsServer) -> Server {
    let arguments = ["--egress-allow", "127.0.0.0/8,::1,localhost", "--egress-ca-file", https.ca().to_str().unwrap()];
    Server::start_with(ServerOptions { arguments: arguments.map(str::to_owned).to_vec(), ..ServerOptions::default() })
        .await
}

/// Makes, deploys and binds an action that fetches this address; returns its id.
async fn install(api: &Api, url: &str) -> String {
    let secrets = json!([{"name": "url", "value": url}]);
    let name = format!("fetch-{}", postern_e2e::encode(url).replace(['%', '.', '_', '~'], "-"));
    let action = api.action_create(&name, &module("fetch"), &secrets).await;
    let _version = api.deploy(&action).await;
    let _bindings = api.bind(&[&action]).await;
    action
}

/// What the guest got when it fetched.
async fn fetched(api: &Api, client: &str, user: &str) -> Value {
    let login = api.login(client, user).await;
    assert_eq!(login["outcome"]["type"], "allow", "{login}");
    login["user"]["app_metadata"]["fetched"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_fetches_from_an_https_server() {
    let folder = tempfile::tempdir().unwrap();
    let https = HttpsServer::start(folder.path()).await;
    let server = start(&https).await;
    let api = &server.api;
    let (client, user) = (api.client_id().await, api.user_create("ann").await);
    let action = install(api, &https.url("/score")).await;
    let answer = fetched(api, &client, &user).await;
    assert_eq!(answer["status"], 200, "{answer}");
    let body: Value = serde_json::from_str(answer["body"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"id": "customer-7", "path": "/score", "method": "GET", "number": 1}), "{answer}");
    assert_eq!(https.requests(), 1);

    // A binding's host list narrows it.
    let mut narrow = postern_e2e::binding(&action);
    narrow["egress_hosts"] = json!(["api.example.com"]);
    let _bindings = api.bind_as(&[narrow.clone()]).await;
    let answer = fetched(api, &client, &user).await;
    assert_eq!(answer["error"]["code"], "egress_denied", "{answer}");
    narrow["egress_hosts"] = json!(["localhost"]);
    let _bindings = api.bind_as(&[narrow]).await;
    let answer = fetched(api, &client, &user).await;
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!(https.requests(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_reaches_no_private_address_unless_the_operator_lists_it() {
    let folder = tempfile::tempdir().unwrap();
    let https = HttpsServer::start(folder.path()).await;
    let port = https.url("").rsplit(':').next().unwrap().to_owned();
    let server = Server::start().await;
    let api = &server.api;
    let (client, user) = (api.client_id().await, api.user_create("ann").await);
    for host in [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
        "0.0.0.0",
        "2130706433",
    ] {
        let _action = install(api, &format!("https://{host}:{port}/")).await;
        let answer = fetched(api, &client, &user).await;
        assert_eq!(answer["error"]["code"], "egress_denied", "{host}: {answer}");
    }
    // Not even the server itself, without TLS.
    let _action = install(api, &format!("http://{}/health", server.address())).await;
    let answer = fetched(api, &client, &user).await;
    assert_eq!(answer["error"]["code"], "egress_denied", "{answer}");
    assert_eq!(https.requests(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let https = HttpsServer::start(folder.path()).await;
    let options = ServerOptions {
        arguments: ["--egress-allow", "127.0.0.0/8,::1,localhost"].map(str::to_owned).to_vec(),
        ..ServerOptions::default()
    };
    let server = Server::start_with(options).await;
    let api = &server.api;
    let (client, user) = (api.client_id().await, api.user_create("ann").await);
    let _action = install(api, &https.url("/score")).await;
    let answer = fetched(api, &client, &user).await;
    assert_eq!(answer["error"]["code"], "tls", "{answer}");
    assert_eq!(https.requests(), 0);
}
