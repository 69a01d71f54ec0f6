//! An HTTPS server with a certificate authority of its own, for guests to fetch from.

use std::convert::Infallible;
use std::future::ready;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Collected};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Answers every request with `{"id","path","method","number"}`; stops when dropped.
#[derive(Debug)]
pub struct HttpsServer {
    address: SocketAddr,
    ca: PathBuf,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl HttpsServer {
    /// Starts it on a loopback port; the authority's certificate goes to `folder`.
    ///
    /// # Panics
    /// When a port or a certificate cannot be had.
    pub async fn start(folder: &Path) -> Self {
        let (config, ca_pem) = certificates();
        let ca = folder.join("test-ca.pem");
        std::fs::write(&ca, ca_pem).expect("the certificate is written");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let requests = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), Arc::clone(&requests)));
        Self { address, ca, requests, task }
    }

    /// `https://localhost:port{path}`
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// The authority's certificate, PEM.
    #[must_use]
    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// How many requests were answered.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn certificates() -> (ServerConfig, String) {
    let ca_key = KeyPair::generate().expect("a key");
    let mut ca = CertificateParams::new(Vec::new()).expect("no names");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])
        .expect("legal names")
        .signed_by(&key, &Issuer::new(ca, ca_key))
        .expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("PKCS#8");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("the key is the certificate's");
    (config, ca_certificate.pem())
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, requests: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        let requests = Arc::clone(&requests);
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| ready(Ok::<_, Infallible>(answer(&request, &requests))));
            // A client that goes away ends the connection with an error that is its own affair.
            drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

fn answer(request: &Request<Incoming>, requests: &AtomicUsize) -> Response<String> {
    let number = requests.fetch_add(1, Ordering::SeqCst) + 1;
    let body = serde_json::json!({
        "id": "customer-7", "path": request.uri().path(), "method": request.method().as_str(), "number": number,
    });
    let mut response = Response::new(body.to_string());
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static("application/json"));
    response
}

/// What a [`JsonServer`] was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `/login`, ….
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// `null` when it was no JSON.
    pub body: Value,
}

type Handler = dyn Fn(&Asked) -> (u16, Value) + Send + Sync;

/// An HTTPS server of a test's own, that takes and gives JSON; stops when dropped.
pub struct JsonServer {
    address: SocketAddr,
    ca: PathBuf,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl std::fmt::Debug for JsonServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonServer").field("address", &self.address).finish_non_exhaustive()
    }
}

impl JsonServer {
    /// Starts it on a loopback port; the authority's certificate goes to `folder`.
    ///
    /// # Panics
    /// When a port or a certificate cannot be had.
    pub async fn start(folder: &Path, handler: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let (config, ca_pem) = certificates();
        let ca = folder.join("json-ca.pem");
        std::fs::write(&ca, ca_pem).expect("the certificate is written");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let handler: Arc<Handler> = Arc::new(handler);
        let task = tokio::spawn(accept_json(listener, acceptor, handler, Arc::clone(&asked)));
        Self { address, ca, asked, task }
    }

    /// `https://localhost:port{path}`
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// The authority's certificate, PEM.
    #[must_use]
    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for JsonServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept_json(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    handler: Arc<Handler>,
    asked: Arc<Mutex<Vec<Asked>>>,
) {
    // Connections end with the server.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, handler, asked) = (acceptor.clone(), Arc::clone(&handler), Arc::clone(&asked));
        connections.spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request: Request<Incoming>| {
                let (handler, asked) = (Arc::clone(&handler), Arc::clone(&asked));
                async move {
                    let (parts, body) = request.into_parts();
                    let bytes = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
                    let headers = parts.headers.iter().map(|(name, value)| {
                        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                    });
                    let it = Asked {
                        path: parts.uri.path().to_owned(),
                        headers: headers.collect(),
                        body: serde_json::from_slice(&bytes).unwrap_or_default(),
                    };
                    let (status, body) = handler(&it);
                    asked.lock().unwrap_or_else(PoisonError::into_inner).push(it);
                    let text = if body.is_null() { String::new() } else { body.to_string() };
                    let mut response = Response::new(text);
                    *response.status_mut() = hyper::StatusCode::from_u16(status).expect("a status");
                    let json = hyper::header::HeaderValue::from_static("application/json");
                    response.headers_mut().insert("content-type", json);
                    Ok::<_, Infallible>(response)
                }
            });
            // A client that goes away ends the connection with an error that is its own affair.
            drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}
