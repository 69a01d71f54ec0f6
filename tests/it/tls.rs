//! HTTPS: the local authority, certificates of the operator's own, peers that do not shake hands.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use postern_e2e::{Server, ServerOptions};
use serde_json::{Value, json};

async fn tls_dev() -> Server {
    Server::start_with(ServerOptions { tls_dev: true, ..ServerOptions::default() }).await
}

fn bootstrap_file(server: &Server) -> Value {
    serde_json::from_slice(&fs::read(server.folder().join("bootstrap.json")).unwrap()).unwrap()
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_bootstrap_file_says_how_to_reach_the_server() {
    let server = tls_dev().await;
    let file = bootstrap_file(&server);
    let keys: Vec<&String> = file.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    let domain = format!("localhost:{}", server.address().port());
    assert_eq!(file["domain"], domain.as_str());
    assert_eq!(file["issuer"], format!("https://{domain}/"));
    assert!(file["management"]["client_id"].is_string() && file["management"]["client_secret"].is_string());
    assert!(file["operator_token"].is_string());
    let ca = std::path::PathBuf::from(file["ca_pem_file"].as_str().unwrap());
    assert!(ca.is_absolute() && ca.exists(), "{}", ca.display());
    assert!(server.log().contains(ca.to_str().unwrap()), "its path is printed: {}", server.log());
    assert_eq!(mode(&server.folder().join("bootstrap.json")), 0o600);
    assert_eq!(mode(&server.folder().join("data/tls-dev-ca.key")), 0o600);

    // By name, as clients do, and with nothing but the authority trusted.
    let discovery = format!("https://{domain}/.well-known/openid-configuration");
    let found: Value = server.api.http.get(discovery).send().await.unwrap().json().await.unwrap();
    assert_eq!(found["issuer"], file["issuer"]);
    assert_eq!(found["token_endpoint"], format!("https://{domain}/oauth/token"));

    // Our own command line trusts it too.
    let out = server.postern(&["--bootstrap", "bootstrap.json", "--json", "clients", "list"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let out = server.postern(&["--bootstrap", "bootstrap.json", "--json", "tenant", "list"]);
    let tenants: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(tenants[0]["issuer"], file["issuer"], "{tenants}");
}

#[tokio::test]
async fn the_authority_outlives_a_restart() {
    let mut server = tls_dev().await;
    let ca = fs::read(server.folder().join("data/tls-dev-ca.pem")).unwrap();
    let status = server.stop();
    assert!(status.success());
    server.restart().await;
    assert_eq!(fs::read(server.folder().join("data/tls-dev-ca.pem")).unwrap(), ca);
    let _clients = server.api.get("/api/v2/clients").await.expect(200);
}

#[tokio::test]
async fn another_tenants_domain_has_a_certificate_too() {
    let server = tls_dev().await;
    let (tenant, made) = server.api.tenant_create(&server.bootstrap.operator_token, "second").await;
    assert_eq!(made["issuer"], format!("https://{}/", tenant.domain));
    let pem = fs::read(server.bootstrap.ca_pem_file.as_ref().unwrap()).unwrap();
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem).unwrap())
        .resolve(&tenant.domain, server.address())
        .build()
        .unwrap();
    let url = format!("https://{}:{}/health", tenant.domain, server.address().port());
    assert!(http.get(url).send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn peers_that_do_not_shake_hands_hold_up_nobody() {
    let mut server = tls_dev().await;
    let silent: Vec<TcpStream> = (0..64).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    let mut broken = Vec::new();
    for text in [&b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..], b"\x16\x03\x01\xff\xff", b"\0\0\0\0", &[0xff; 5000]] {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The server may have hung up already.
        drop(stream.write_all(text));
        broken.push(stream);
    }
    let begun = Instant::now();
    for _ in 0..5 {
        let http = &server.api.http;
        let _clients = server.api.get("/api/v2/clients").await.expect(200);
        assert!(http.get(format!("https://{}/health", server.address())).send().await.unwrap().status().is_success());
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    // Hung up on, in time.
    for stream in &mut broken {
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => assert!(!answer.starts_with(b"HTTP"), "{answer:?}"),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
        }
    }
    // And they do not hold up the end either.
    let more: Vec<TcpStream> = (0..16).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    let begun = Instant::now();
    assert!(server.stop().success());
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    drop((silent, more));
}

/// A certificate that signs itself, and its key, in files.
fn certificate(folder: &std::path::Path, name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate.to_str().unwrap().to_owned(), key.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_operator_brings_a_certificate() {
    let mut server = Server::start().await;
    let plain = bootstrap_file(&server);
    assert_eq!(plain["issuer"], format!("http://{}/", server.bootstrap.domain));
    assert_eq!(plain["ca_pem_file"], json!(null));
    assert!(server.stop().success());
    let (certificate, key) = certificate(server.folder(), "own");
    let pem = fs::read(&certificate).unwrap();
    server.respawn(&["--tls-cert", &certificate, "--tls-key", &key]);
    server.api.http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem).unwrap())
        .build()
        .unwrap();
    server.api.base = format!("https://localhost:{}", server.address().port());
    server.ready().await;
    let file = bootstrap_file(&server);
    assert_eq!(file["issuer"], format!("https://{}/", server.bootstrap.domain));
    assert_eq!(file["ca_pem_file"], json!(null));
    // Tokens of before name another issuer.
    let _code = server.api.get("/api/v2/clients").await.refused(401);
    let bootstrap = server.bootstrap.clone();
    let token = server.api.token(&bootstrap.client_id, &bootstrap.client_secret, None).await;
    let _clients = server.api.with_token(Some(&token)).get("/api/v2/clients").await.expect(200);
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    let mut server = Server::start().await;
    assert!(server.stop().success());
    let (certificate, key) = certificate(server.folder(), "own");
    let (_, other_key) = self::certificate(server.folder(), "other");
    let empty = server.folder().join("empty.pem").to_str().unwrap().to_owned();
    fs::write(&empty, "").unwrap();
    for (arguments, said) in [
        (vec!["--tls-cert", &certificate], "--tls-key"),
        (vec!["--tls-cert", &certificate, "--tls-key", &key, "--tls-dev"], "cannot be used with"),
        (vec!["--tls-cert", "absent.pem", "--tls-key", &key], "read absent.pem"),
        (vec!["--tls-cert", &empty, "--tls-key", &key], "holds no certificate"),
        (vec!["--tls-cert", &certificate, "--tls-key", &empty], "read a private key"),
        (vec!["--tls-cert", &certificate, "--tls-key", &other_key], "use the certificate"),
    ] {
        let all = [&["serve", "--data", "data", "--listen", "127.0.0.1:0"], &arguments[..]].concat();
        let out = server.postern(&all);
        let text = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && text.contains(said), "{arguments:?}: {text}");
    }
}

#[tokio::test]
async fn behind_a_proxy_the_issuer_is_https_and_the_client_is_the_forwarded_one() {
    let arguments = ["--behind-tls", "--domain", "login.example.test"].map(str::to_owned).to_vec();
    let server = Server::start_with(ServerOptions { arguments, ..ServerOptions::default() }).await;
    assert_eq!(server.bootstrap.issuer, "https://login.example.test/");
    let request = server.api.with_token(None).request(reqwest::Method::POST, "/oauth/token");
    let refused = json!({"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "x"});
    let request = request.header("x-forwarded-for", "192.0.2.1, 203.0.113.9").json(&refused);
    assert_eq!(request.send().await.unwrap().status(), 401);
    let logs = server.api.get("/api/v2/logs?q=type:feccft").await.expect(200);
    assert_eq!(logs[0]["ip"], "203.0.113.9", "{logs}");
}
