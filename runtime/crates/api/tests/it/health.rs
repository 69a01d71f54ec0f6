//! How the program says that it can serve, and that it no longer can.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use postern_store::{Durability, SledConfig, SledStore};
use serde_json::{Value, json};

use crate::common::{Api, Server};

#[tokio::test]
async fn health_needs_no_tenant_and_no_token() {
    let server = Server::start().await;
    let api = Api { domain: "nobody.example.test".to_owned(), token: None, ..server.api.clone() };
    let health: Value = api.get("/health").await.expect(200);
    assert!(health["status"].is_string(), "{health}");
}

/// A disk that fails once it is told to.
struct Disk(Arc<AtomicBool>);

impl Durability for Disk {
    fn sync(&mut self) -> io::Result<()> {
        if self.0.load(Ordering::SeqCst) { Err(io::Error::other("the disk is gone")) } else { Ok(()) }
    }
}

#[tokio::test]
async fn a_write_that_may_be_lost_is_never_acknowledged() {
    let fails = Arc::new(AtomicBool::new(false));
    let disk = Disk(Arc::clone(&fails));
    let server =
        Server::start_on(|path| SledStore::open_with(path, SledConfig::default(), |_| Box::new(disk)).unwrap()).await;
    server.api.post("/api/v2/roles", json!({"name": "before"})).await.expect(200);
    fails.store(true, Ordering::SeqCst);
    let message = server.api.post("/api/v2/roles", json!({"name": "lost"})).await.refused(503, "");
    assert!(!message.contains("disk"), "{message}");
    // The disk's recovery changes nothing: what the kernel lost it may report as written.
    fails.store(false, Ordering::SeqCst);
    server.api.post("/api/v2/roles", json!({"name": "after"})).await.refused(503, "");
    server.api.delete("/api/v2/users/auth0%7Cnobody").await.refused(503, "");
    let health: Value = server.api.get("/health").await.expect(503);
    assert_eq!(health["status"], "fatal");
    let metrics = server.operator().get("/operator/v1/metrics").await;
    assert!(String::from_utf8(metrics.bytes).unwrap().contains("postern_store_serving 0\n"));
}
