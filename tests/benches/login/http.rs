//! Logins over HTTP beside a bare axum echo that takes and gives as many bytes, each in a process of its own.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use postern_e2e::{Api, Server, module};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use crate::load::{Settings, measure, report};

/// Makes this binary the echo server; the length of the answer follows.
pub(crate) const ECHO_ARGUMENT: &str = "--serve-echo";

/// Serves until it is killed, and prints its address first.
pub(crate) fn serve_echo(arguments: &[String]) {
    let length: usize = arguments.last().and_then(|text| text.parse().ok()).expect("the length of the answer");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let answer = Bytes::from(vec![b' '; length]);
        let echo = |State(answer): State<Bytes>, _body: Bytes| async move { answer };
        let router = Router::new().route("/", post(echo)).with_state(answer);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        println!("{}", listener.local_addr().expect("its address"));
        axum::serve(listener, router).await.expect("it serves");
    });
}

/// One kept-alive connection and what is sent on it.
#[derive(Debug)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    path: &'static str,
    host: String,
    token: String,
    body: Bytes,
}

impl Connection {
    async fn open(address: SocketAddr, api: &Api, path: &'static str, body: &Value) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a TCP connection");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
        tokio::spawn(connection);
        let token = format!("Bearer {}", api.token.clone().unwrap_or_default());
        Self { sender, path, host: api.domain.clone(), token, body: Bytes::from(body.to_string()) }
    }

    async fn call(&mut self) -> usize {
        let request = Request::post(self.path)
            .header("host", &self.host)
            .header("authorization", &self.token)
            .header("content-type", "application/json")
            .body(Full::new(self.body.clone()))
            .expect("a legal request");
        let response = self.sender.send_request(request).await.expect("an answer");
        assert!(response.status().is_success(), "{}", response.status());
        response.into_body().collect().await.expect("a whole answer").to_bytes().len()
    }
}

async fn connections(
    count: usize,
    address: SocketAddr,
    api: &Api,
    path: &'static str,
    bodies: &[Value],
) -> Arc<Vec<Mutex<Connection>>> {
    let mut connections = Vec::new();
    for n in 0..count {
        connections.push(Mutex::new(Connection::open(address, api, path, &bodies[n % bodies.len()]).await));
    }
    Arc::new(connections)
}

/// Three counting actions, and the bodies of logins of as many users.
async fn prepare(api: &Api, users: usize) -> Vec<Value> {
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        let id = api.action_create(name, &module("count"), &json!([])).await;
        let _version = api.deploy(&id).await;
        ids.push(id);
    }
    let _bindings = api.bind(&[&ids[0], &ids[1], &ids[2]]).await;
    let client = api.client_id().await;
    let mut bodies = Vec::new();
    for n in 0..users {
        let user = api.user_create(&format!("user-{n}")).await;
        bodies.push(Api::login_body(&client, &user));
    }
    bodies
}

/// Measures and prints.
pub(crate) fn run(settings: &Settings) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let server = Server::start().await;
        let bodies = prepare(&server.api, 64).await;
        let path = "/api/v2/simulated-logins";
        let length = connections(1, server.address(), &server.api, path, &bodies).await[0].lock().await.call().await;
        let mut echo = Command::new(std::env::current_exe().expect("this binary"))
            .args([ECHO_ARGUMENT, &length.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("this binary runs");
        let mut line = String::new();
        let output = echo.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut line).expect("the address");
        let echo_address: SocketAddr = line.trim().parse().expect("an address");
        println!(
            "login over HTTP, three actions, durable, beside an axum echo ({} bytes in, {length} out):",
            bodies[0].to_string().len()
        );
        for tasks in [1, 8, 64] {
            let ours = connections(tasks, server.address(), &server.api, path, &bodies).await;
            let bare = connections(tasks, echo_address, &server.api, "/", &bodies).await;
            let mut pairs = Vec::new();
            for _ in 0..settings.rounds {
                let mut rates = Vec::new();
                for side in [&ours, &bare] {
                    let side = Arc::clone(side);
                    let work = move |task: usize, _turn: u64| {
                        let side = Arc::clone(&side);
                        async move {
                            let _length = side[task].lock().await.call().await;
                        }
                    };
                    rates.push(measure(tasks, settings.duration, work).await);
                }
                pairs.push((rates[0], rates[1]));
            }
            report("http / echo", tasks, &pairs, ("login", "echo"));
        }
        echo.kill().expect("it is ours");
        echo.wait().expect("it is ours");
    });
}
