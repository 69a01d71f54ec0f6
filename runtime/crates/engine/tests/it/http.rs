//! `http.fetch` against a real HTTPS server, and what it must never reach.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use postern_engine::{EgressConfig, EgressPolicy, EngineConfig, RunInput};
use postern_model::RunStatus;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::harness::{engine_with, input, run, value};

const CALLS: &str = include_str!("../guests/calls.wat");

/// A server on the loopback, in plain HTTP and in HTTPS with a certificate for `localhost`.
struct Server {
    plain: SocketAddr,
    tls: SocketAddr,
    ca_pem: Vec<u8>,
}

impl Server {
    async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let tls = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            plain: plain.local_addr().unwrap(),
            tls: tls.local_addr().unwrap(),
            ca_pem: made.cert.pem().into_bytes(),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = tls.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(TokioIo::new(stream)).await;
                    }
                });
            }
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = plain.accept().await {
                tokio::spawn(serve(TokioIo::new(stream)));
            }
        });
        server
    }

    fn https(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.tls.port())
    }

    fn http(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.plain.port())
    }

    fn trusting(&self, allow: &[&str]) -> EngineConfig {
        let allow = allow.iter().map(|entry| (*entry).to_owned()).collect();
        let egress = EgressConfig { allow, extra_ca_pem: Some(self.ca_pem.clone()), ..EgressConfig::default() };
        EngineConfig { egress, ..EngineConfig::default() }
    }

    /// The loopback is allowed, as an operator would for a service beside.
    fn open(&self) -> EngineConfig {
        self.trusting(&["127.0.0.0/8", "::1"])
    }
}

async fn serve<S: hyper::rt::Read + hyper::rt::Write + Unpin>(stream: S) {
    let service = hyper::service::service_fn(answer);
    // A client that goes away is no fault of the server.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let uri = request.uri().clone();
    let redirect = |status: u16, to: &str| {
        Response::builder().status(status).header("location", to).body(Full::default()).unwrap()
    };
    let to = uri.query().unwrap_or_default().to_owned();
    Ok(match uri.path() {
        "/hello" => Response::builder().header("x-kind", "greeting").body("hello".into()).unwrap(),
        "/binary" => Response::new(Bytes::from_static(&[0, 159, 146, 150]).into()),
        "/large" => Response::new(Bytes::from(vec![b'x'; 1024 * 1024 + 1]).into()),
        "/quarter" => Response::new(Bytes::from(vec![b'x'; 1024 * 1024]).into()),
        "/see-other" => redirect(303, &to),
        "/redirect" => redirect(307, &to),
        "/loop" => redirect(302, "/loop"),
        "/slow" => std::future::pending().await,
        "/echo" => {
            let method = request.method().to_string();
            let headers: Vec<(String, String)> = request
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect();
            let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            let text =
                json!({"method": method, "headers": headers, "body": String::from_utf8_lossy(&body)}).to_string();
            Response::new(text.into())
        }
        _ => Response::builder().status(404).body("not here".into()).unwrap(),
    })
}

fn get(url: &str) -> Value {
    json!({"type": "http.fetch", "method": "GET", "url": url})
}

/// The answer to one call.
async fn fetch_with(config: &EngineConfig, call: Value, policy: EgressPolicy) -> Value {
    let mut input = RunInput { event: Arc::new(json!({"calls": [call]})), egress: policy, ..input() };
    input.limits.result_bytes = 4 * 1024 * 1024;
    let report = run(&engine_with(config), CALLS, input).await;
    let answer = value(&report)[0][1].clone();
    assert_eq!(report.journal.calls[0].answer, answer);
    assert!(report.usage.host_bytes > 0);
    answer
}

async fn fetch(config: &EngineConfig, call: Value) -> Value {
    fetch_with(config, call, EgressPolicy::Public).await
}

#[track_caller]
fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test]
async fn fetches_over_tls() {
    let server = Server::start().await;
    let config = server.open();
    let answer = fetch(&config, get(&server.https("/hello"))).await;
    assert_eq!((&answer["status"], &answer["status_text"]), (&json!(200), &json!("OK")));
    assert_eq!(answer["body"], json!({"text": "hello"}));
    assert_eq!(answer["url"], server.https("/hello"));
    assert!(answer["headers"].as_array().unwrap().contains(&json!(["x-kind", "greeting"])));
    assert_eq!(fetch(&config, get(&server.https("/nowhere"))).await["status"], 404);
    assert_eq!(fetch(&config, get(&server.https("/binary"))).await["body"], json!({"base64": "AJ+Slg=="}));

    let post = json!({
        "type": "http.fetch", "method": "post", "url": server.https("/echo"),
        "headers": [["Content-Type", "text/plain"], ["X-Two", "a"], ["X-Two", "b"]], "body": {"text": "grüße"}
    });
    let answer = fetch(&config, post).await;
    let echo: Value = serde_json::from_str(answer["body"]["text"].as_str().unwrap()).unwrap();
    assert_eq!((&echo["method"], &echo["body"]), (&json!("POST"), &json!("grüße")));
    let headers = echo["headers"].as_array().unwrap();
    for wanted in [json!(["content-type", "text/plain"]), json!(["x-two", "a"]), json!(["x-two", "b"])] {
        assert!(headers.contains(&wanted), "{headers:?}");
    }
}

#[tokio::test]
async fn certificates_are_checked() {
    let server = Server::start().await;
    let mut untrusting = server.open();
    untrusting.egress.extra_ca_pem = None;
    assert_eq!(code(&fetch(&untrusting, get(&server.https("/hello"))).await), "tls");
    // Trusted, but for another name.
    let other = format!("https://127.0.0.1:{}/hello", server.tls.port());
    assert_eq!(code(&fetch(&server.open(), get(&other)).await), "tls");
}

#[tokio::test]
async fn private_addresses_are_refused() {
    let server = Server::start().await;
    let closed = server.trusting(&[]);
    let port = server.plain.port();
    for url in [
        format!("http://127.0.0.1:{port}/hello"),
        format!("http://127.1:{port}/hello"),
        format!("http://2130706433:{port}/hello"),
        format!("http://[::1]:{port}/hello"),
        format!("http://[::ffff:127.0.0.1]:{port}/hello"),
        format!("http://0.0.0.0:{port}/hello"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[fd00:ec2::254]/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "http://[64:ff9b::7f00:1]/".to_owned(),
        "ftp://example.com/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "http://user:password@example.com/".to_owned(),
        // Names that resolve to the loopback.
        server.http("/hello"),
        server.https("/hello"),
    ] {
        assert_eq!(code(&fetch(&closed, get(&url)).await), "egress_denied", "{url}");
    }
    // Listed by name, the same is reached.
    let listed = server.trusting(&["localhost"]);
    assert_eq!(fetch(&listed, get(&server.http("/hello"))).await["status"], 200);
    // But not under another name or as an address.
    assert_eq!(code(&fetch(&listed, get(&format!("http://127.0.0.1:{port}/hello"))).await), "egress_denied");
}

#[tokio::test]
async fn the_policy_of_the_run_narrows() {
    let server = Server::start().await;
    let config = server.open();
    let call = get(&server.http("/hello"));
    let hosts = |hosts: &[&str]| EgressPolicy::Hosts(hosts.iter().map(|host| (*host).to_owned()).collect());
    assert_eq!(code(&fetch_with(&config, call.clone(), EgressPolicy::None).await), "egress_denied");
    assert_eq!(code(&fetch_with(&config, call.clone(), hosts(&[])).await), "egress_denied");
    assert_eq!(code(&fetch_with(&config, call.clone(), hosts(&["*.localhost", "example.com"])).await), "egress_denied");
    assert_eq!(fetch_with(&config, call, hosts(&["localhost"])).await["status"], 200);
    // A redirect to a host that is not listed.
    let elsewhere = format!("/redirect?http://127.0.0.1:{}/hello", server.plain.port());
    let call = get(&server.http(&elsewhere));
    assert_eq!(code(&fetch_with(&config, call.clone(), hosts(&["localhost"])).await), "egress_denied");
    assert_eq!(fetch(&config, call).await["status"], 200);
}

#[tokio::test]
async fn redirects() {
    let server = Server::start().await;
    let config = server.open();
    let to = server.http("/echo");
    let call = json!({
        "type": "http.fetch", "method": "POST", "url": server.https(&format!("/redirect?{to}")), "body": {"text": "kept"},
        "headers": [["authorization", "Bearer x"], ["cookie", "a=b"], ["x-api-key", "k"], ["accept", "*/*"]]
    });
    let answer = fetch(&config, call).await;
    assert_eq!(answer["url"], to);
    let echo: Value = serde_json::from_str(answer["body"]["text"].as_str().unwrap()).unwrap();
    assert_eq!((&echo["method"], &echo["body"]), (&json!("POST"), &json!("kept")));
    let names: Vec<&str> =
        echo["headers"].as_array().unwrap().iter().map(|header| header[0].as_str().unwrap()).collect();
    assert!(names.contains(&"accept"));
    for credential in ["authorization", "cookie", "x-api-key"] {
        assert!(!names.contains(&credential), "{names:?}");
    }

    // Within an origin they stay.
    let call = json!({
        "type": "http.fetch", "method": "POST", "url": server.http("/see-other?/echo"), "body": {"text": "dropped"},
        "headers": [["authorization", "Bearer x"], ["content-type", "text/plain"]]
    });
    let answer = fetch(&config, call).await;
    let echo: Value = serde_json::from_str(answer["body"]["text"].as_str().unwrap()).unwrap();
    assert_eq!((&echo["method"], &echo["body"]), (&json!("GET"), &json!("")));
    let headers = echo["headers"].to_string();
    assert!(headers.contains("Bearer x") && !headers.contains("text/plain"), "{headers}");

    let url = server.http("/redirect?/hello");
    let with = |redirect: &str| json!({"type": "http.fetch", "method": "GET", "url": url, "redirect": redirect});
    assert_eq!(fetch(&config, with("manual")).await["status"], 307);
    assert_eq!(code(&fetch(&config, with("error")).await), "protocol");
    assert_eq!(code(&fetch(&config, get(&server.http("/loop"))).await), "protocol");
    // To where nobody may go, from a host that the operator lists.
    let listed = server.trusting(&["localhost"]);
    for target in ["http://127.0.0.1/", "http://[::ffff:169.254.169.254]/", "file:///etc/passwd"] {
        let call = get(&server.http(&format!("/redirect?{target}")));
        assert_eq!(code(&fetch(&listed, call).await), "egress_denied", "{target}");
    }
}

#[tokio::test]
async fn size_and_time_are_bounded() {
    let server = Server::start().await;
    let config = server.open();
    assert_eq!(code(&fetch(&config, get(&server.http("/large"))).await), "too_large");
    let slow = json!({"type": "http.fetch", "method": "GET", "url": server.http("/slow"), "timeout_ms": 100});
    assert_eq!(code(&fetch(&config, slow).await), "timeout");
    // All answers of a run together: 8 MiB.
    let calls = vec![get(&server.http("/quarter")); 9];
    let mut many = RunInput { event: Arc::new(json!({"calls": calls})), ..input() };
    many.limits.result_bytes = 16 * 1024 * 1024;
    let report = run(&engine_with(&config), CALLS, many).await;
    let answers = value(&report);
    let refused = answers.as_array().unwrap().iter().filter(|answer| answer[1]["error"]["code"] == "too_large").count();
    assert!(refused >= 1, "{refused}");
    // The run's own end comes first.
    let event = json!({"calls": [get(&server.http("/slow"))]});
    let hasty = RunInput { deadline: Instant::now() + Duration::from_millis(200), event: Arc::new(event), ..input() };
    assert_eq!(run(&engine_with(&config), CALLS, hasty).await.status, RunStatus::Deadline);
}

#[tokio::test]
async fn errors_are_told_apart() {
    let server = Server::start().await;
    let config = server.open();
    let free = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    assert_eq!(code(&fetch(&config, get(&format!("http://{free}/"))).await), "connect");
    assert_eq!(code(&fetch(&config, get("http://no-such-name.invalid/")).await), "dns");
    // TLS spoken to a server that does not.
    let confused = format!("https://localhost:{}/", server.plain.port());
    assert_eq!(code(&fetch(&config, get(&confused)).await), "tls");
    // A server that does not speak HTTP.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
        }
    });
    assert_eq!(code(&fetch(&config, get(&format!("http://{address}/"))).await), "protocol");
}

#[tokio::test]
async fn a_proxy_gets_all_requests() {
    let server = Server::start().await;
    let mut config = server.trusting(&[]);
    config.egress.proxy = Some(format!("http://localhost:{}", server.plain.port()).parse().unwrap());
    // The proxy is the one that answers, whatever the name is.
    let answer = fetch(&config, get("http://somewhere.example/hello")).await;
    assert_eq!(answer["body"], json!({"text": "hello"}));
    assert_eq!(code(&fetch(&config, get("http://127.0.0.1/hello")).await), "egress_denied");
}
