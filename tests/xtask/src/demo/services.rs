//! The services that the examples fetch from: a slow score and a customer database.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// The bearer token that the customer database wants.
pub(crate) const CUSTOMERS_TOKEN: &str = "customers-token-of-the-demo";
/// What a body may have.
const BODY_BYTES: u64 = 64 * 1024;

/// A small HTTP server on a loopback port; lives as long as the process.
pub(crate) struct Services {
    address: SocketAddr,
}

impl Services {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("find a free port")?;
        let address = listener.local_addr().context("find a free port")?;
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A caller that went away is its own affair.
                thread::spawn(move || answer(&stream).ok());
            }
        });
        Ok(Self { address })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// Answers one request and closes.
fn answer(mut stream: &TcpStream) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    reader.read_line(&mut head)?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut authorized) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse()?,
            "authorization" => authorized = value.trim() == format!("Bearer {CUSTOMERS_TOKEN}"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    reader.take(BODY_BYTES.min(length)).read_to_end(&mut body)?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, value) = route(&path, authorized, &body);
    let text = value.to_string();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n");
    write!(stream, "{head}content-length: {}\r\n\r\n{text}", text.len())?;
    Ok(())
}

fn route(path: &str, authorized: bool, body: &Value) -> (&'static str, Value) {
    match (path, authorized, body.get("email").and_then(Value::as_str)) {
        ("/score", _, _) => ("200 OK", json!({ "score": 71 })),
        ("/customers", true, Some("ada@example.com")) => ("200 OK", json!({ "id": "C-1042" })),
        ("/customers", false, _) => ("401 Unauthorized", json!({ "error": "no token" })),
        _ => ("404 Not Found", json!({ "error": "not found" })),
    }
}
