//! The listener: connections, TLS, and an end that loses no request.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown, Watcher};
use postern_app::App;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::router;

/// Connections at the same time; further ones wait to be accepted. Below the usual limit of open files.
const CONNECTIONS: usize = 896;
/// How long the headers of a request may take, and how long a connection may wait for the next one.
const HEADERS_FOR: Duration = Duration::from_secs(30);
/// How long a TLS handshake may take.
const HANDSHAKE_FOR: Duration = Duration::from_secs(10);
/// How long nothing is accepted after a failure.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// Where and how connections are taken.
#[derive(Debug)]
pub struct Front {
    #[expect(missing_docs, reason = "says its name")]
    pub listener: TcpListener,
    /// Ends TLS here; without it, connections are plain.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// A proxy stands before the program: the last address of `X-Forwarded-For` is the client's.
    pub behind_proxy: bool,
}

/// What every connection needs.
#[derive(Clone)]
struct Shared {
    tls: Option<TlsAcceptor>,
    behind_proxy: bool,
    router: Router,
    /// Ends handshakes: there is no request in them that could be lost.
    stopping: CancellationToken,
}

/// Serves until `stop` ends, then finishes the requests under way.
///
/// # Errors
/// When the listener fails.
pub async fn serve(front: Front, app: App, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    let Front { listener, tls, behind_proxy } = front;
    let stopping = CancellationToken::new();
    let shared =
        Shared { tls: tls.map(TlsAcceptor::from), behind_proxy, router: router(app), stopping: stopping.clone() };
    let under_way = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut stop = std::pin::pin!(stop);
    loop {
        let place = tokio::select! {
            () = &mut stop => break,
            place = Arc::clone(&places).acquire_owned() => place.map_err(std::io::Error::other)?,
        };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                let served = shared.clone().serve(stream, address, under_way.watcher());
                tokio::spawn(async move {
                    served.await;
                    drop(place);
                });
            }
            // A peer that is gone already, or no descriptors left: the next one may fare better, a moment later.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
    drop(listener);
    stopping.cancel();
    under_way.shutdown().await;
    Ok(())
}

impl Shared {
    /// Serves one connection to its end. One that does not shake hands or send a request in time is closed.
    async fn serve(self, stream: TcpStream, address: SocketAddr, watcher: Watcher) {
        // An answer is one write: waiting for more of it only delays it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
        let ended = match &self.tls {
            None => watcher.watch(self.connection(stream, address)).await,
            Some(tls) => {
                let shaken = tokio::select! {
                    () = self.stopping.cancelled() => return,
                    shaken = tokio::time::timeout(HANDSHAKE_FOR, tls.accept(stream)) => shaken,
                };
                match shaken {
                    Ok(Ok(stream)) => watcher.watch(self.connection(stream, address)).await,
                    Ok(Err(error)) => return tracing::debug!(%error, %address, "a TLS handshake failed"),
                    Err(_late) => return tracing::debug!(%address, "a TLS handshake took too long"),
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    fn connection<S>(
        &self,
        stream: S,
        address: SocketAddr,
    ) -> impl GracefulConnection<Error = hyper::Error> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (router, behind_proxy) = (self.router.clone(), self.behind_proxy);
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            let client = behind_proxy.then(|| forwarded_for(request.headers())).flatten();
            let address = client.map_or(address, |client| SocketAddr::new(client, 0));
            request.extensions_mut().insert(ConnectInfo(address));
            router.clone().oneshot(request)
        });
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_FOR)
            .serve_connection(TokioIo::new(stream), service)
    }
}

/// The address that the proxy next to us saw: those before it are what the client says.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_next_to_us_is_believed_and_no_other() {
        let mut headers = HeaderMap::new();
        assert_eq!(forwarded_for(&headers), None);
        headers.append("x-forwarded-for", "192.0.2.66, 203.0.113.1".parse().unwrap());
        assert_eq!(forwarded_for(&headers), "203.0.113.1".parse().ok());
        headers.append("x-forwarded-for", "2001:db8::7".parse().unwrap());
        assert_eq!(forwarded_for(&headers), "2001:db8::7".parse().ok());
        headers.append("x-forwarded-for", "unknown".parse().unwrap());
        assert_eq!(forwarded_for(&headers), None);
    }
}
