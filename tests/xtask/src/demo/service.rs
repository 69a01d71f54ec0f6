//! The services that the example actions ask: a score, a customer database. Just enough HTTP for a demo.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use anyhow::{Context as _, Result};

/// A service on a port of its own; goes with the process.
pub(crate) struct Service {
    address: SocketAddr,
}

impl Service {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("start the demo's services")?;
        let address = listener.local_addr().context("start the demo's services")?;
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A caller that goes away in the middle is its own loss.
                drop(answer(&stream));
            }
        });
        Ok(Self { address })
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let (status, body) = match request.split_whitespace().nth(1) {
        Some("/score") => ("200 OK", r#"{"value":0.92}"#),
        Some("/customers") => ("200 OK", r#"{"id":"cust_4711"}"#),
        Some(_) | None => ("404 Not Found", "{}"),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
