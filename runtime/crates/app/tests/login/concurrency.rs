//! Many logins at once.

use std::sync::Arc;

use postern_model::{Execution, HistoryEntry, Outcome};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::bench::{Bench, app_metadata, count, count_after_fetch, user};

#[tokio::test(flavor = "multi_thread")]
async fn no_login_of_many_at_once_is_lost() {
    let bench = Arc::new(Bench::new().await);
    bench.install(&[("count", count())]).await;
    let logins: Vec<_> = (0..64)
        .map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { bench.login("ann").await })
        })
        .collect();
    for login in logins {
        assert_eq!(login.await.unwrap().outcome, Outcome::Allow);
    }
    let user = bench.user("ann").await;
    assert_eq!((user.logins_count, app_metadata(&user)), (64, json!({"count": 64})));
    assert_eq!(bench.all::<Execution>().await.len(), 64);
    assert_eq!(bench.all::<HistoryEntry>().await.len(), 64);
}

/// Answers one request after `before` is through; says how many requests came.
async fn serve_once(listener: &TcpListener) -> tokio::net::TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = vec![0; 4096];
    let _read = stream.read(&mut request).await.unwrap();
    stream
}

async fn answer(mut stream: tokio::net::TcpStream) {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_that_lands_meanwhile_is_seen_by_a_second_attempt_which_asks_nothing_twice() {
    let bench = Arc::new(Bench::new().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    bench.install(&[("slow", count_after_fetch(&url))]).await;
    let login = tokio::spawn({
        let bench = Arc::clone(&bench);
        async move { bench.login("ann").await }
    });
    let stream = serve_once(&listener).await;
    // The action has read the user and waits for us.
    bench.patch_app_metadata("ann", json!({"count": 10, "other": true})).await;
    answer(stream).await;
    let report = login.await.unwrap();
    assert_eq!(report.outcome, Outcome::Allow);
    assert_eq!(app_metadata(&bench.user("ann").await), json!({"count": 11, "other": true}));
    assert_eq!(report.runs.len(), 1);
    let calls = &report.runs[0].journal.calls;
    assert_eq!((calls.len(), calls[0].answer["status"].clone()), (1, json!(200)));
    // A second request would have been accepted by now: its answer was needed for the report.
    assert!(futures_util::FutureExt::now_or_never(listener.accept()).is_none());
    assert_eq!(bench.all::<Execution>().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_waits_blocks_its_own_user_only() {
    let bench = Arc::new(Bench::new().await);
    bench.insert(&user("bob")).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let slow = bench.install(&[("slow", count_after_fetch(&url))]).await;
    let spawn = |user: &'static str| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move { bench.login(user).await })
    };
    let ann = spawn("ann");
    let stream = serve_once(&listener).await;
    // From here on the action asks nobody.
    bench.deploy(&slow[0], &count()).await;
    let second = spawn("ann");
    assert_eq!(bench.login("bob").await.outcome, Outcome::Allow);
    assert!(!ann.is_finished() && !second.is_finished());
    answer(stream).await;
    assert_eq!(ann.await.unwrap().outcome, Outcome::Allow);
    assert_eq!(second.await.unwrap().outcome, Outcome::Allow);
    assert_eq!(app_metadata(&bench.user("ann").await), json!({"count": 2}));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_created_once_by_many_first_logins() {
    let bench = Arc::new(Bench::new().await);
    bench.install(&[("count", count())]).await;
    let logins: Vec<_> = (0..16)
        .map(|_| {
            let bench = Arc::clone(&bench);
            let input = json!({"client_id": "app", "user": {"email": "new@example.com"}});
            tokio::spawn(async move { bench.try_login(input).await.unwrap() })
        })
        .collect();
    let mut ids = std::collections::BTreeSet::new();
    for login in logins {
        ids.insert(login.await.unwrap().user.user_id);
    }
    assert_eq!(ids.len(), 1);
    let id = ids.first().unwrap().as_str().strip_prefix("auth0|").unwrap();
    let user = bench.user(id).await;
    assert_eq!((user.logins_count, app_metadata(&user)), (16, json!({"count": 16})));
}
