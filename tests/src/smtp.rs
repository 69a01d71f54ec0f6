//! An SMTP server that keeps what it is sent, for mails to be read in tests.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_parser::MessageParser;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A mail that takes longer than this is a failure.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// A mail that arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// The address in the envelope.
    pub to: Vec<String>,
    /// Who logged in to send it, with the password.
    pub login: Option<(String, String)>,
    /// Header lines, unfolded and decoded.
    pub headers: Vec<(String, String)>,
    /// `From`: name and address.
    pub from: (Option<String>, String),
    /// Decoded.
    pub subject: String,
    /// The HTML part, decoded.
    pub html: String,
}

impl Received {
    /// All values of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| &**value).collect()
    }

    /// The first address in the text that has `part` in it.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn link(&self, part: &str) -> String {
        let mut links = self.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let link = links.find(|link| link.contains(part)).unwrap_or_else(|| panic!("no {part} in {}", self.html));
        link.replace("&amp;", "&")
    }
}

#[derive(Debug, Default)]
struct Kept {
    mails: Mutex<Vec<Received>>,
    arrived: Notify,
    /// Mails that are refused for now.
    refuse: AtomicUsize,
    /// Mails that were refused.
    refused: AtomicUsize,
}

/// The server; stops when dropped.
#[derive(Debug)]
pub struct SmtpSink {
    address: SocketAddr,
    kept: Arc<Kept>,
    task: JoinHandle<()>,
}

impl SmtpSink {
    /// Starts it on a free loopback port.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Starts it on this address.
    ///
    /// # Panics
    /// When the address is taken.
    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let kept = Arc::new(Kept::default());
        let task = tokio::spawn(accept(listener, Arc::clone(&kept)));
        Self { address, kept, task }
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Body of `POST /api/v2/emails/provider` for this server.
    #[must_use]
    pub fn provider(&self) -> serde_json::Value {
        serde_json::json!({
            "name": "smtp", "enabled": true, "default_from_address": "Support <support@example.com>",
            "credentials": {
                "smtp_host": "127.0.0.1", "smtp_port": self.address.port(),
                "smtp_user": "mailer", "smtp_pass": "smtp-password-1",
            },
        })
    }

    /// Refuses the next mails for now (451).
    pub fn refuse(&self, mails: usize) {
        self.kept.refuse.store(mails, Ordering::SeqCst);
    }

    /// How many mails were refused.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.kept.refused.load(Ordering::SeqCst)
    }

    /// How many mails are here that nobody took.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.kept.mails.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes the next mail, waiting for it.
    ///
    /// # Panics
    /// When none arrives in time.
    pub async fn next(&self) -> Received {
        let wait = async {
            loop {
                let arrived = self.kept.arrived.notified();
                {
                    let mut mails = self.kept.mails.lock().unwrap_or_else(PoisonError::into_inner);
                    if !mails.is_empty() {
                        return mails.remove(0);
                    }
                }
                arrived.await;
            }
        };
        tokio::time::timeout(ARRIVES_WITHIN, wait).await.expect("a mail arrives")
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, kept: Arc<Kept>) {
    while let Ok((stream, _)) = listener.accept().await {
        let kept = Arc::clone(&kept);
        // A client that goes away ends the conversation with an error that is its own affair.
        tokio::spawn(async move { drop(talk(stream, &kept).await) });
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin, kept: &Kept) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let (mut to, mut login) = (Vec::new(), None);
    stream.write_all(b"220 sink ESMTP\r\n").await?;
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let (verb, rest) = line.trim_end().split_once(' ').unwrap_or_else(|| (line.trim_end(), ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n".to_owned(),
            "AUTH" => {
                login = plain_login(rest);
                if login.is_some() { "235 welcome\r\n" } else { "535 who are you\r\n" }.to_owned()
            }
            "RCPT" => {
                let address = rest.split(['<', '>']).nth(1).unwrap_or_default();
                to.push(address.to_owned());
                if address.starts_with("gone@") { "550 no such mailbox\r\n" } else { "250 ok\r\n" }.to_owned()
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let raw = data(&mut stream).await?;
                keep(kept, std::mem::take(&mut to), login.clone(), &raw).to_owned()
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// `PLAIN` with its initial response.
fn plain_login(rest: &str) -> Option<(String, String)> {
    let encoded = rest.strip_prefix("PLAIN ")?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let mut parts = text.split('\0').skip(1);
    Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
}

async fn data(stream: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match line.strip_prefix(b".") {
            Some(b"\r\n") => return Ok(raw),
            Some(rest) => raw.extend_from_slice(rest),
            None => raw.extend_from_slice(&line),
        }
    }
}

fn keep(kept: &Kept, to: Vec<String>, login: Option<(String, String)>, raw: &[u8]) -> &'static str {
    let refused = kept.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    if refused.is_ok() {
        kept.refused.fetch_add(1, Ordering::SeqCst);
        return "451 try again later\r\n";
    }
    let message = MessageParser::default().parse(raw).expect("a message");
    let from = message.from().and_then(|from| from.first()).expect("a sender");
    let received = Received {
        to,
        login,
        headers: message
            .headers_raw()
            .map(|(name, value)| (name.to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
            .collect(),
        from: (from.name().map(str::to_owned), from.address().unwrap_or_default().to_owned()),
        subject: message.subject().unwrap_or_default().to_owned(),
        html: message.body_html(0).map(std::borrow::Cow::into_owned).unwrap_or_default(),
    };
    kept.mails.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    kept.arrived.notify_waiters();
    "250 taken\r\n"
}
